"""Renders streams/core/events.py, the events as typed values, from the newest schemas and what topics declare.

`python -m schemas.structs --write` writes it, with streams/core/entities.py and streams/core/reducers.py (see
schemas/kinds.py); `--check` ends with status 1 where one of them is out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.catalogue import Definition, SchemaVersion, latest_schemas
from schemas.declarations import EventType
from schemas.kinds import entities_of, render_entities, render_reducers, without_code
from schemas.struct_template import FOOTER, HEADER
from schemas.topics import load_topics

SOURCES = CORE = Path(__file__).parent.parent / "streams" / "core"
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
    """Yield the newest schemas that carry the envelope; signals have none and are no input of the core.

    Raises ValueError for a type that has an envelope and no entity, or the other way round.
    """
    for schema in latest_schemas().values():
        declared = _declared(schema)
        has_envelope = tuple(field["name"] for field in schema.definition["fields"][: len(ENVELOPE)]) == ENVELOPE
        if has_envelope and declared.entity is None:
            raise ValueError(f"event type {schema.event_type} of topic {schema.topic} has no entity")
        if not has_envelope and declared.entity is not None:
            raise ValueError(f"{schema.event_type} has no envelope, so it belongs to no {declared.entity}")
        if has_envelope:
            yield schema


def _declared(schema: SchemaVersion) -> EventType:
    return load_topics()[schema.topic].event_types[schema.event_type]


def _event_block(renderer: _Renderer, schema: SchemaVersion) -> str:
    definition, declared = schema.definition, _declared(schema)
    names = {"EVENT_TYPE: ClassVar[str]": schema.event_type, "TOPIC: ClassVar[str]": schema.topic}
    names["ENTITY: ClassVar[Kind]"] = str(declared.entity)
    constants = "".join(f'    {name} = "{value}"\n' for name, value in names.items())
    own = definition["fields"][len(ENVELOPE) :]
    for name, entity in declared.without.items():
        if not any(field["name"] == name and "null" in field["type"] for field in own):
            raise ValueError(f"event type {schema.event_type} has no field {name} that may be null")
        constants += f'    WITHOUT: ClassVar[tuple[str, Kind] | None] = ("{name}", "{entity}")\n'
    return renderer.record(definition, own, f'Envelope, {OPTIONS}, tag="{schema.event_type}"', constants)


def _envelope_block(renderer: _Renderer, schema: SchemaVersion) -> str:
    node = {"name": "Envelope", "doc": "What every event carries."}
    constants = (
        "    EVENT_TYPE: ClassVar[str]\n    TOPIC: ClassVar[str]\n    ENTITY: ClassVar[Kind]\n"
        "    WITHOUT: ClassVar[tuple[str, Kind] | None] = None\n"
        '    """A field, and the kind that the event belongs to where that field is null."""\n'
    )
    fields = schema.definition["fields"][: len(ENVELOPE)]
    return renderer.record(node, fields, f"msgspec.Struct, {OPTIONS}", constants)


def render() -> str:
    """Return the whole module."""
    renderer = _Renderer()
    schemas = list(_events())
    renderer.named("Envelope", _envelope_block(renderer, schemas[0]))
    topics: dict[str, list[str]] = {}
    kinds: dict[str, list[str]] = {kind: [] for kind in entities_of(load_topics().values())}
    for schema in schemas:
        name = renderer.named(schema.definition["name"], _event_block(renderer, schema))
        topics.setdefault(schema.topic, []).append(name)
        for kind in _declared(schema).entities:
            kinds[kind].append(name)
    unions = _unions(topics, kinds)
    types = "\n".join(f'    "{schema.event_type}": {schema.definition["name"]},' for schema in schemas)
    return "".join([HEADER, *_spaced(renderer.blocks), "\n\n", *unions, FOOTER % {"types": types}])


def _unions(topics: dict[str, list[str]], kinds: dict[str, list[str]]) -> list[str]:
    """Render the union of each topic, that of all, and that of each kind of entity.

    One name stands for one list. Where a topic is named like a kind that has only some of its events, the kind keeps
    the name, as reducers match over it: cx.reference is `ReferenceTopicEvent`, the entity `ReferenceEvent`.
    """
    names = {
        topic: union_of(topic if kinds.get(topic, members) == members else f"{topic}_topic")
        for topic, members in topics.items()
    }
    found = {names[topic]: members for topic, members in topics.items()}
    found["Event"] = list(names.values())
    for kind, members in kinds.items():
        if found.setdefault(union_of(kind), members) != members:
            raise ValueError(f"{union_of(kind)} would stand for two lists of events")
    return [_union(name, members) for name, members in found.items()]


def union_of(name: str) -> str:
    """Return the name of the union of a topic's or an entity's events: SurveyDisplayEvent."""
    return f"{name.title().replace('_', '')}Event"


def _union(name: str, members: list[str]) -> str:
    line = f"{name} = {' | '.join(members)}\n"
    if len(line) <= LINE:
        return line
    within = f"    {' | '.join(members)}"
    if len(within) <= LINE:
        return f"{name} = (\n{within}\n)\n"
    return f"{name} = (\n    " + "\n    | ".join(members) + "\n)\n"


def _spaced(blocks: dict[str, str]) -> Iterator[str]:
    """Put two blank lines between a class and the alias after it."""
    after_class = False
    for block in blocks.values():
        is_class = block.startswith("\n\nclass")
        yield "\n\n" + block if after_class and not is_class else block
        after_class = is_class


def rendered() -> dict[Path, str]:
    """Return every generated module with its text."""
    topics = load_topics().values()
    texts = {"events": render(), "entities": render_entities(topics), "reducers": render_reducers(topics)}
    return {CORE / f"{name}.py": text for name, text in texts.items()}


def main(arguments: list[str]) -> int:
    modules = rendered()
    if lacking := list(without_code(load_topics().values(), SOURCES)):
        sys.stderr.writelines(f"{each}\n" for each in lacking)
        return 1
    if arguments == ["--write"]:
        for path, text in modules.items():
            path.write_text(text, encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        current = (path.is_file() and path.read_text(encoding="utf-8") == text for path, text in modules.items())
        return 0 if all(current) else 1
    sys.stderr.write("usage: python -m schemas.structs --write | --check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
