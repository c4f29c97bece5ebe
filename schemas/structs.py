"""Renders streams/core/events.py, the events as typed values, from the newest schemas.

`python -m schemas.structs --write` writes the file, `--check` ends with status 1 where it is out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.catalogue import Definition, SchemaVersion, latest_schemas
from schemas.struct_template import FOOTER, HEADER

TARGET = Path(__file__).parent.parent / "streams" / "core" / "events.py"
LINE = 120
OPTIONS = "frozen=True, array_like=True, gc=False, kw_only=True"
ENVELOPE = (
    "event_id",
    "account_id",
    "occurred_at",
    "source",
    "entity_version",
    "actor",
    "corrects_event_id",
    "is_retraction",
    "is_test",
)
SCALARS = {
    "string": "str",
    "int": "Int32",
    "long": "Int64",
    "float": "float",
    "double": "float",
    "boolean": "bool",
}


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return "()" if value == [] else repr(value)


def _alias(name: str, symbols: list[str]) -> str:
    """Render an enum on one line where it fits, else one symbol to a line, as the formatter would."""
    line = f"{name} = Literal[{', '.join(symbols)}]\n"
    if len(line) <= LINE:
        return line
    return f"{name} = Literal[\n" + "".join(f"    {symbol},\n" for symbol in symbols) + "]\n"


class _Renderer:
    """Collects nested types once each, in the order of first use."""

    def __init__(self) -> None:
        self.blocks: dict[str, str] = {}

    def named(self, name: str, block: str) -> str:
        if self.blocks.setdefault(name, block) != block:
            raise ValueError(f"{name} is defined in two ways")
        return name

    def type_name(self, node: Any) -> str:
        if isinstance(node, str):
            return SCALARS.get(node, node)
        if isinstance(node, list):
            inner = " | ".join(self.type_name(branch) for branch in node if branch != "null")
            return f"{inner} | None"
        if node["type"] == "array":
            return f"tuple[{self.type_name(node['items'])}, ...]"
        if node["type"] == "enum":
            symbols = [_literal(symbol) for symbol in node["symbols"]]
            return self.named(node["name"], _alias(node["name"], symbols))
        if node["type"] == "record":
            return self.named(node["name"], self.record(node, node["fields"], f"msgspec.Struct, {OPTIONS}"))
        return "Micros" if "logicalType" in node else SCALARS[node["type"]]

    def attribute(self, field: Definition) -> str:
        default = f" = {_literal(field['default'])}" if "default" in field else ""
        return f"    {field['name']}: {self.type_name(field['type'])}{default}\n"

    def record(self, node: Definition, fields: list[Definition], bases: str, extra: str = "") -> str:
        attributes = "".join(self.attribute(field) for field in fields)
        head = f"class {node['name']}({bases}):"
        if len(head) > LINE:
            head = f"class {node['name']}(\n    {bases}\n):"
        parts = [f'    """{node["doc"]}"""\n', extra, attributes]
        return f"\n\n{head}\n" + "\n".join(part for part in parts if part)


def _events() -> Iterator[SchemaVersion]:
    """Yield the newest schemas that carry the envelope; signals have none and are no input of the core."""
    for schema in latest_schemas().values():
        if tuple(field["name"] for field in schema.definition["fields"][: len(ENVELOPE)]) == ENVELOPE:
            yield schema


def _event_block(renderer: _Renderer, schema: SchemaVersion) -> str:
    definition = schema.definition
    names = {"EVENT_TYPE": schema.event_type, "TOPIC": schema.topic}
    constants = "".join(f'    {name}: ClassVar[str] = "{value}"\n' for name, value in names.items())
    own = definition["fields"][len(ENVELOPE) :]
    return renderer.record(definition, own, f'Envelope, {OPTIONS}, tag="{schema.event_type}"', constants)


def _envelope_block(renderer: _Renderer, schema: SchemaVersion) -> str:
    node = {"name": "Envelope", "doc": "What every event carries."}
    constants = "    EVENT_TYPE: ClassVar[str]\n    TOPIC: ClassVar[str]\n"
    fields = schema.definition["fields"][: len(ENVELOPE)]
    return renderer.record(node, fields, f"msgspec.Struct, {OPTIONS}", constants)


def render() -> str:
    """Return the whole module."""
    renderer = _Renderer()
    schemas = list(_events())
    renderer.named("Envelope", _envelope_block(renderer, schemas[0]))
    topics: dict[str, list[str]] = {}
    for schema in schemas:
        block = _event_block(renderer, schema)
        topics.setdefault(schema.topic, []).append(renderer.named(schema.definition["name"], block))
    unions = [_union(f"{topic.capitalize()}Event", members) for topic, members in topics.items()]
    unions.append(_union("Event", [f"{topic.capitalize()}Event" for topic in topics]))
    types = "\n".join(f'    "{schema.event_type}": {schema.definition["name"]},' for schema in schemas)
    return "".join([HEADER, *_spaced(renderer.blocks), "\n\n", *unions, FOOTER % {"types": types}])


def _union(name: str, members: list[str]) -> str:
    line = f"{name} = {' | '.join(members)}\n"
    if len(line) <= LINE:
        return line
    return f"{name} = (\n    " + "\n    | ".join(members) + "\n)\n"


def _spaced(blocks: dict[str, str]) -> Iterator[str]:
    """Put two blank lines between a class and the alias after it."""
    after_class = False
    for block in blocks.values():
        is_class = block.startswith("\n\nclass")
        yield "\n\n" + block if after_class and not is_class else block
        after_class = is_class


def main(arguments: list[str]) -> int:
    text = render()
    if arguments == ["--write"]:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        return 0 if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text else 1
    sys.stderr.write("usage: python -m schemas.structs --write | --check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
