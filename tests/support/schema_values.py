"""Values drawn for Avro schemas, and schemas with their names spelled out."""

from typing import Any

from hypothesis import strategies as st

from schemas.catalogue import SchemaVersion, without_logical_types

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=90)
_INSTANTS = st.integers(10**15, 2 * 10**15)
LONGS = st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 70) | _INSTANTS | _INSTANTS.map(int.__neg__)
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "string": TEXT,
    "int": st.integers(-(2**31), 2**31 - 1) | st.integers(-70, 70),
    "long": LONGS,
    "double": st.floats(allow_nan=False),
}


def event_fields(schema: SchemaVersion) -> st.SearchStrategy[dict[str, Any]]:
    """Draw complete fields of one schema version, instants as integers."""
    return of_schema(without_logical_types(schema.definition), {})


def of_schema(node: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    if isinstance(node, str):
        return PRIMITIVES[node] if node in PRIMITIVES else of_schema(named[node], named)
    if isinstance(node, list):
        return st.one_of([of_schema(branch, named) for branch in node])
    if "name" in node:
        named[node["name"]] = node
    if node["type"] == "record":
        return st.fixed_dictionaries({field["name"]: of_schema(field["type"], named) for field in node["fields"]})
    if node["type"] == "enum":
        return st.sampled_from(node["symbols"])
    if node["type"] == "array":
        return st.lists(of_schema(node["items"], named), max_size=4)
    return st.dictionaries(TEXT, of_schema(node["values"], named), max_size=4)
