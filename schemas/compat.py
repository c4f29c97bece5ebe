"""Holds the schemas to FULL_TRANSITIVE compatibility, and released ones to what was released.

Every version of an event type must read, and be read by, every other: only fields with defaults are added, and only
behind the last, because workers keep events by position in their state. The judge of reading is Apache Avro. A released
schema never changes: released.json holds its fingerprint and a digest of all that a reader or writer acts on, defaults
included; only `doc` is left out.

`python -m schemas.compat` prints what is wrong and ends with status 1; `--release` enters new schemas when all is well.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import avro.schema
import msgspec
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.catalogue import SchemaVersion, load_schemas
from schemas.reader import compile_reader

RELEASED_FILE = Path(__file__).parent / "released.json"


class Released(msgspec.Struct, frozen=True):
    """Keep a released schema as the fingerprint's hexadecimal digits on the wire, and the digest."""

    fingerprint: str
    sha256: str


def name_of(schema: SchemaVersion) -> str:
    return f"{schema.event_type}.v{schema.version}"


def release(schema: SchemaVersion) -> Released:
    text = json.dumps(_without_docs(schema.definition), sort_keys=True, separators=(",", ":"))
    return Released(schema.fingerprint.hex(), hashlib.sha256(text.encode()).hexdigest())


def load_released() -> dict[str, Released]:
    return msgspec.json.decode(RELEASED_FILE.read_bytes(), type=dict[str, Released])


def problems(schemas: Iterable[SchemaVersion], released: Mapping[str, Released]) -> list[str]:
    """List in sentences what breaks compatibility; empty where all is well."""
    every = list(schemas)
    return [*_changed(every, released), *_incompatible(every), *_moved(every)]


def _changed(schemas: list[SchemaVersion], released: Mapping[str, Released]) -> Iterator[str]:
    present = {name_of(schema): schema for schema in schemas}
    for name, entry in released.items():
        if name not in present:
            yield f"{name} was released and is gone; records written with it could not be read any more"
        elif release(present[name]) != entry:
            yield f"{name} was released and has changed; make it the next version instead"


def _incompatible(schemas: list[SchemaVersion]) -> Iterator[str]:
    for reader, writer in permutations(schemas, 2):
        if reader.event_type == writer.event_type:
            yield from _unreadable(reader, writer)


def _unreadable(reader: SchemaVersion, writer: SchemaVersion) -> Iterator[str]:
    pair = avro.schema.parse(reader.text), avro.schema.parse(writer.text)
    result = ReaderWriterCompatibilityChecker().get_compatibility(*pair)
    if result.compatibility is not SchemaCompatibilityType.compatible:
        yield f"{name_of(reader)} cannot read {name_of(writer)}: {'; '.join(sorted(result.messages))}"
        return
    try:
        compile_reader(writer.definition, reader.definition, tag=reader.event_type)
    except TypeError as error:
        yield f"{name_of(reader)} cannot read {name_of(writer)}: {error}"


def _moved(schemas: list[SchemaVersion]) -> Iterator[str]:
    """Yield each record of an earlier version whose fields are not the first ones of the later version's."""
    for earlier, later in permutations(schemas, 2):
        if earlier.event_type == later.event_type and earlier.version < later.version:
            now = dict(_records(later.definition))
            for name, fields in _records(earlier.definition):
                if now.get(name, fields)[: len(fields)] != fields:
                    yield (
                        f"{name_of(later)} moves or drops fields of {name}: states keep events by position, so add"
                        " fields behind the last one and let the others stand"
                    )


def _records(node: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield (name, names of fields in order) of a schema's records, nested ones included."""
    if isinstance(node, list):
        for part in node:
            yield from _records(part)
    elif isinstance(node, dict):
        if node.get("type") == "record":
            yield node["name"], [field["name"] for field in node["fields"]]
        for part in node.values():
            yield from _records(part)


def _without_docs(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_docs(part) for part in node]
    if isinstance(node, dict):
        return {key: _without_docs(part) for key, part in node.items() if key != "doc"}
    return node


def main(arguments: list[str]) -> int:
    schemas = list(load_schemas().values())
    released = load_released()
    found = problems(schemas, released)
    if not found and arguments == ["--release"]:
        entries = {name_of(schema): release(schema) for schema in schemas}
        text = json.dumps(msgspec.to_builtins(entries), indent=2)
        RELEASED_FILE.write_text(text + "\n", encoding="utf-8")
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
