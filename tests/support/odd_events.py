"""Events that somebody might emit and few would take: the contract's examples with some fields drawn anew."""

from typing import Any

from hypothesis import strategies as st

from schemas import examples
from schemas.catalogue import latest_schemas, without_logical_types
from streams.core.events import EVENT_TYPES
from tests.support.schema_values import of_schema

CORPUS = [each for each in examples.load() if each.event_type in EVENT_TYPES and each.fields is not None]


@st.composite
def odd_events(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw an example with some of its fields drawn anew, or shaken."""
    example = draw(st.sampled_from(CORPUS))
    schema = without_logical_types(latest_schemas()[example.event_type].definition)
    named: dict[str, Any] = {}
    drawn = {field["name"]: of_schema(field["type"], named) for field in schema["fields"]}
    changed = draw(st.lists(st.sampled_from(sorted(drawn)), min_size=1, max_size=3, unique=True))
    fields = {**(example.fields or {}), **{name: draw(drawn[name]) for name in changed}}
    name = draw(st.sampled_from(sorted(fields)))
    if isinstance(fields[name], int) and not isinstance(fields[name], bool):
        fields[name] = draw(st.sampled_from([0, -1, -fields[name], fields[name] + 1, 10**15, 2**31 - 1]))
    elif isinstance(fields[name], list):
        fields[name] = fields[name] * draw(st.integers(0, 2))
    elif isinstance(fields[name], str) and name != "account_id":
        fields[name] = draw(st.sampled_from(["", "x" * 257, "\x1b[2J", fields[name]]))
    return example.event_type, fields
