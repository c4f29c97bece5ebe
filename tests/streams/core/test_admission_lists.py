"""No list of an event is without a bound: half a million small items in a megabyte hold a worker for a minute."""

from types import SimpleNamespace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check, refusal_of
from streams.core.admission_lists import Lists, judged, lists_of
from streams.core.events import AccountUpserted, Event, ExternalRef
from streams.core.limits import EARLIEST, MAX_ALL_ITEMS, MAX_ITEMS
from tests.streams.core.test_admission import SHARED

KINDS = {kind.__struct_config__.tag: kind for kind in get_args(Event)}


def paths(lists: Lists, before: str = "") -> list[str]:
    found = []
    for path, inner in lists:
        found += [f"{before}{path}", *paths(inner, f"{before}{path}/")]
    return found


WITH_LISTS = [(name, path) for name, kind in KINDS.items() for path in paths(lists_of(kind))]


def with_items(lists: Lists, path: str, count: int) -> Any:
    """Return what has these lists, all of them empty but the one at the path."""
    made = SimpleNamespace()
    first, _, rest = path.partition("/")
    for name, inner in lists:
        filled: Any = []
        if name == first:
            filled = [with_items(inner, rest, count)] if rest else [with_items(inner, "", 0)] * count
        *above, last = name.split(".")
        owner = made
        for each in above:
            owner.__dict__.setdefault(each, SimpleNamespace())
            owner = getattr(owner, each)
        setattr(owner, last, filled)
    return made


def test_every_list_of_the_contract_is_found() -> None:
    """Those of structs within structs, too."""
    assert ("account_upserted", "external_refs") in WITH_LISTS
    assert ("sla_policy_set", "match.topics") in WITH_LISTS
    assert ("subscription_started", "items/discounts") in WITH_LISTS
    assert ("response_submitted", "answers/choices") in WITH_LISTS


@pytest.mark.intrusion("S14")
@pytest.mark.parametrize(("kind", "path"), WITH_LISTS)
def test_a_list_has_a_bound(kind: str, path: str) -> None:
    """Whichever it is, and however deep it lies."""
    lists = lists_of(KINDS[kind])
    assert judged(with_items(lists, path, MAX_ITEMS), lists)[1] is None
    refusal = judged(with_items(lists, path, MAX_ITEMS + 1), lists)[1]
    assert refusal is not None
    assert refusal[0] == "too_many_items"


@pytest.mark.intrusion("S14")
@given(st.lists(st.integers(0, MAX_ITEMS), max_size=30))
def test_all_lists_of_an_event_together_have_a_bound(counts: list[int]) -> None:
    """A thousand lists of a thousand items are a million."""
    lists: Lists = (("items", (("held", ()),)),)
    event = SimpleNamespace(items=[SimpleNamespace(held=range(count)) for count in counts])
    refused = judged(event, lists)[1] is not None
    assert refused == (len(counts) + sum(counts) > MAX_ALL_ITEMS)


@pytest.mark.intrusion("S14")
@pytest.mark.parametrize("count", [MAX_ITEMS + 1, 500_000])
def test_an_account_with_many_names_is_refused(count: int) -> None:
    """As a worker sees it; its time does not grow with the list."""
    refs = (ExternalRef(system="crm", id="1"),) * count
    refusal = refusal_of(AccountUpserted(**SHARED, name="Acme", external_refs=refs), b"acme", EARLIEST, 2 * count)
    assert refusal is not None
    assert refusal[0] == "too_many_items"


@pytest.mark.intrusion("S9")
@pytest.mark.parametrize("field", ["source", "name", "segment", "country", "time_zone", "currency", "lifecycle"])
@pytest.mark.parametrize("text", ["\x1b[2J", "a\x9bb", "\u202egpj.exe", "a\nb", "a\u2066b", "\x00", "a\u2028b"])
def test_what_is_shown_as_a_name_is_printable(field: str, text: str) -> None:
    """Names stand in tables, titles and alerts of other programs, which may not escape them."""
    fields: dict[str, Any] = {**SHARED, "name": "Acme", field: text}
    refusal = check(AccountUpserted(**fields), b"acme", EARLIEST)
    assert refusal is not None
    assert refusal[0] == "invalid_field"
    assert field in refusal[1]
    assert text not in refusal[1]
    assert check(AccountUpserted(**{**fields, field: "Ärzte & Söhne 株式会社 🙂"}), b"acme", EARLIEST) is None


@pytest.mark.intrusion("S9")
def test_a_source_is_as_short_as_an_id() -> None:
    """It stands on every row."""
    assert check(AccountUpserted(**{**SHARED, "name": "A", "source": "s" * 256}), b"acme", EARLIEST) is None
    assert check(AccountUpserted(**{**SHARED, "name": "A", "source": "s" * 257}), b"acme", EARLIEST) is not None
