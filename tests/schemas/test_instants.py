import json

from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import load_schemas
from schemas.instants import instants_of

STARTED = load_schemas()["subscription_started", 1]
AT = "timestamp-micros"


def double(name: str, value: int) -> int:
    assert name.endswith("_at") or name.startswith("period_")
    return 2 * value


def test_instants_within_lists_of_records_are_changed() -> None:
    """An event is written with ISO times by people; one that stayed text inside an item would be refused."""
    discount = {"kind": "PERCENT", "value": 7, "duration": "REPEATING", "ends_at": 5}
    item = {"item_id": "i", "unit_amount": 3, "discounts": [discount, {**discount, "ends_at": None}]}
    event = {"occurred_at": 1, "trial_ends_at": None, "items": [item, {"item_id": "j"}], "source": "s"}
    changed = STARTED.instants.changed(event, double)
    assert changed["occurred_at"] == 2
    assert changed["trial_ends_at"] is None
    assert [each["ends_at"] for each in changed["items"][0]["discounts"]] == [10, None]
    assert changed["items"][1] == {"item_id": "j"}
    assert event["items"] == [item, {"item_id": "j"}]
    assert discount["ends_at"] == 5


def test_every_instant_of_every_schema_is_found() -> None:
    """One that is overlooked is written as its seconds were typed, and refused."""
    for schema in load_schemas().values():
        found = instants_of(schema.definition)

        def count(instants: object) -> int:
            return len(instants.own) + sum(count(inner) for _, inner in instants.within)  # type: ignore[attr-defined]

        assert count(found) == json.dumps(schema.definition).count(AT), schema.event_type


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part))
)
def test_values_of_another_shape_stay(value: object) -> None:
    """What is wrong with an event is for the check behind to say, in one place."""
    changed = STARTED.instants.changed({"items": value, "subscription_id": value}, lambda _, at: at)
    assert changed == {"items": value, "subscription_id": value}
