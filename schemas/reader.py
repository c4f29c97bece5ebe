"""Compiles a strict Avro reader for one pair of writer's and reader's schema.

A reader is a Python function generated from the schemas, straight-line code with no look-ups left to do, in the way
that dataclasses make their constructors. It refuses what the Avro specification does not allow and what common
libraries let pass: negative lengths, enum and union indexes; booleans other than 0 and 1; integers outside their
type. It needs no more memory than the record has bytes, because every element of an array or map takes at least one.

Records come out as dicts, or as lists of values in the order of the reader's schema, which are quicker to make and
are what msgspec turns into array-like structs.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from schemas.varint import STEP, MalformedError, read_block, read_int, read_long, read_string

Fields = dict[str, Any]
Values = list[Any]
Reader = Callable[[bytes, int], tuple[Any, int]]
Node = Any

SHORT = 64
FIELDS = "fields"
STRING = (
    "q = p + STEP[b[p]]",
    "if q > p:",
    "    {to} = b[p + 1:q].decode()",
    "    p = q",
    "else:",
    "    {to}, p = read_string(b, p)",
)
INTEGER = (
    "n = b[p]",
    "if n > 127:",
    "    {to}, p = read_{type}(b, p)",
    "else:",
    "    {to} = (n >> 1) ^ -(n & 1)",
    "    p += 1",
)
PRIMITIVES = {
    "null": ("{to} = None",),
    "string": STRING,
    "int": INTEGER,
    "long": INTEGER,
    "boolean": ("n = b[p]", "p += 1", "if n > 1:", "    raise MalformedError('boolean')", "{to} = n == 1"),
    "double": ("{to}, = read_double(b, p)", "p += 8"),
}


def compile_reader(writer: Node, reader: Node, *, tag: str | None = None) -> Reader:
    """Return a function from (bytes, offset) to (the reader's fields, offset after them).

    The fields are a dict; with a tag, records are lists of values and the outermost is headed by the tag.
    The function raises ValueError (MalformedError, UnicodeDecodeError), LookupError or struct.error for bytes that
    are no such record; a string that runs past the end shows only in an offset behind the last byte. Writer
    and reader are records that resolve without aliases or promotions, which FULL compatibility grants.
    Raises TypeError for what no event uses: bytes, fixed, float, recursion, unions of two types besides null.
    """
    source = _Source(tag)
    source.value(_inlined(writer, {}), _inlined(reader, {}), "    ", FIELDS)
    lines = ["def read(b, p):", *source.lines, f"    return {FIELDS}, p"]
    scope: dict[str, Any] = dict(source.constants)
    exec("\n".join(lines), scope)  # noqa: S102 - of the schemas only names enter the text, each as a literal
    read: Reader = scope["read"]
    return read


def _inlined(node: Node, named: dict[str, Node]) -> Node:
    """Put definitions in place of names, and primitives in place of annotated primitives."""
    if isinstance(node, list):
        return [_inlined(branch, named) for branch in node]
    if isinstance(node, str):
        return node if node in PRIMITIVES else named.get(node.rpartition(".")[2], node)
    kind = node["type"]
    if kind == "record":
        fields = [{**field, "type": _inlined(field["type"], named)} for field in node["fields"]]
        named[node["name"]] = node = {**node, "fields": fields}
    elif kind == "enum":
        named[node["name"]] = node
    elif kind in ("array", "map"):
        part = "items" if kind == "array" else "values"
        node = {**node, part: _inlined(node[part], named)}
    else:
        node = _inlined(kind, named)
    return node


def _takes_bytes(node: Node) -> bool:
    if isinstance(node, dict) and node["type"] == "record":
        return any(_takes_bytes(field["type"]) for field in node["fields"])
    return bool(node != "null")


class _Source:
    """The lines of a reader under construction, and the objects that they name."""

    def __init__(self, tag: str | None) -> None:
        self.tag = tag
        self.lines: list[str] = []
        self.variables = 0
        self.constants: dict[str, Any] = {
            "STEP": STEP,
            "MalformedError": MalformedError,
            "read_block": read_block,
            "read_double": Struct("<d").unpack_from,
            "read_int": read_int,
            "read_long": read_long,
            "read_string": read_string,
        }

    def fresh(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def add(self, indent: str, *lines: str, **names: str) -> None:
        self.lines.extend(indent + line.format(**names) for line in lines)

    def value(self, written: Node, wanted: Node, indent: str, to: str) -> None:
        """Write the lines that read one value into the variable `to`."""
        kind = written["type"] if isinstance(written, dict) else written
        if isinstance(kind, list):
            self.union(kind, wanted, indent, to)
        elif kind in PRIMITIVES:
            self.add(indent, *PRIMITIVES[kind], to=to, type=kind)
        elif kind == "record":
            self.record(written, wanted, indent, to)
        elif kind == "enum":
            self.enum(written, wanted, indent, to)
        elif kind == "array":
            self.add(indent, "{to} = []", to=to)
            self.blocks(written["items"], wanted["items"], indent, to + ".append({item})")
        elif kind == "map":
            self.add(indent, "{to} = {{}}", to=to)
            self.blocks(written["values"], wanted["values"], indent, to + "[{key}] = {item}")
        else:
            raise TypeError(f"no reader for Avro type {kind}")

    def union(self, written: list[Node], wanted: Node, indent: str, to: str) -> None:
        others = [branch for branch in wanted if branch != "null"] if isinstance(wanted, list) else []
        if len(others) != 1 or len([branch for branch in written if branch != "null"]) > 1:
            raise TypeError(f"no reader for Avro union {written}")
        self.add(indent, "n = b[p]", "p += 1")
        for index, branch in enumerate(written):
            self.add(indent, f"{'el' if index else ''}if n == {2 * index}:")
            self.value(branch, others[0], indent + "    ", to)
        self.add(indent, "else:", "    raise MalformedError('union')")

    def record(self, written: Node, wanted: Node, indent: str, to: str) -> None:
        types = {field["name"]: field["type"] for field in wanted["fields"]}
        found: dict[str, str] = {}
        for field in written["fields"]:
            variable = self.fresh()
            found[field["name"]] = variable
            self.value(field["type"], types.get(field["name"], field["type"]), indent, variable)
        values = {f["name"]: found.get(f["name"]) or self.default(f) for f in wanted["fields"]}
        self.lines.append(f"{indent}{to} = {self.made_of(values, outermost=to == FIELDS)}")

    def made_of(self, values: dict[str, str], *, outermost: bool) -> str:
        """Render a record of these names and variables."""
        if self.tag is None:
            return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"
        head = [repr(self.tag)] if outermost else []
        return "[" + ", ".join([*head, *values.values()]) + "]"

    def default(self, field: Node) -> str:
        value = field["default"]
        if self.tag is not None and isinstance(value, list | dict) and value:
            raise TypeError(f"no list of values for the default of {field['name']}: {value}")
        return repr(value)

    def enum(self, written: Node, wanted: Node, indent: str, to: str) -> None:
        if len(written["symbols"]) > SHORT:
            raise TypeError(f"no reader for an enum of more than {SHORT} symbols")
        known = {
            2 * index: symbol if symbol in wanted["symbols"] else wanted["default"]
            for index, symbol in enumerate(written["symbols"])
        }
        table = f"enum{len(self.constants)}"
        self.constants[table] = known
        self.add(indent, "{to} = {table}[b[p]]", "p += 1", to=to, table=table)

    def blocks(self, written: Node, wanted: Node, indent: str, keep: str) -> None:
        """Read an array's or a map's blocks; `keep` stores one {item}, under a {key} in a map."""
        if not _takes_bytes(written):
            raise TypeError("no reader for elements that take no bytes: their number has no bound")
        count, item, key = self.fresh(), self.fresh(), self.fresh()
        inner = indent + "        "
        self.add(indent, "{count} = b[p]", "p += 1", "while {count}:", count=count)
        self.add(indent, "    if {count} & 129:", "        {count}, p = read_block(b, p - 1)", count=count)
        self.add(indent, "    else:", "        {count} >>= 1", "    for _ in range({count}):", count=count)
        if "{key}" in keep:
            self.add(inner, *STRING, to=key)
        self.value(written, wanted, inner, item)
        self.add(inner, keep, item=item, key=key)
        self.add(indent, "    {count} = b[p]", "    p += 1", count=count)
