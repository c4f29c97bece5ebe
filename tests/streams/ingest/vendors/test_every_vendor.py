"""What holds for every translator, whatever is sent: nothing crashes, nothing is guessed, no words are kept."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from streams.emit.admission import admitted
from streams.ingest.raw import Raw
from streams.ingest.vendors.model import Instance, NotUnderstoodError, Translation
from streams.ingest.vendors.registry import TRANSLATORS
from tests.support.machine import figures, run
from tests.support.vendor_cases import MODULES, Case, cases
from tests.support.vendors import RECEIVED, delivery, recorded, words

CODEC = Codec()
ROOT = Path(__file__).parents[4]
CASES = {case.vendor: case for case in cases()}
EVENTS = {
    case.vendor: [each for body in case.bodies for each in recorded(case.translate(delivery(body), case.instance))]
    for case in CASES.values()
}
every_vendor = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["", "0", " ", "\u0000", "x" * 300, "9" * 20, "\u202eabc", "NaN", "2026-13-01", "1999-01-01T00:00:00Z"]
    ),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def outcome(case: Case, raw: Raw) -> Translation | tuple[str, str]:
    """What becomes of a delivery; any other exception fails the test."""
    try:
        return case.translate(raw, case.instance)
    except NotUnderstoodError as error:
        return error.reason, error.detail


def require_admitted(found: Translation | tuple[str, str]) -> None:
    if isinstance(found, Translation):
        for event in found.events:
            admitted(CODEC, event.type, event.fields, RECEIVED)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to everything within a JSON value, itself included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """A copy with the value at a path changed by its holder."""
    copy = json.loads(json.dumps(value))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copy


@every_vendor
@given(data=st.data())
def test_any_mutation_of_a_sample_is_translated_or_refused(case: Case, data: st.DataObject) -> None:
    """A delivery that crashed the translator would stop every delivery behind it."""
    body = data.draw(st.sampled_from(case.bodies))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(body)[1:] or [()]))
        if not path:
            break
        odd = data.draw(ODD)
        if data.draw(st.booleans()):
            body = changed(body, path, lambda holder, key: holder.__setitem__(key, odd))  # noqa: B023 - used at once
        else:
            body = changed(body, path, lambda holder, key: holder.__delitem__(key))
    require_admitted(outcome(case, delivery(body)))


@every_vendor
@given(body=st.binary(max_size=200))
def test_any_bytes_are_translated_or_refused(case: Case, body: bytes) -> None:
    """Whoever holds a secret may still send what is no JSON at all."""
    require_admitted(outcome(case, delivery(body)))


@every_vendor
@given(cut=st.integers(0, 400), flipped=st.integers(0, 400), byte=st.integers(0, 255))
def test_broken_bytes_of_a_sample_are_translated_or_refused(case: Case, cut: int, flipped: int, byte: int) -> None:
    """What was cut short or damaged on its way still looks almost right."""
    whole = bytearray(json.dumps(case.bodies[0]).encode())
    whole[flipped % len(whole)] = byte
    require_admitted(outcome(case, delivery(bytes(whole))))
    require_admitted(outcome(case, delivery(bytes(whole[:cut]))))


@pytest.mark.parametrize("vendor", sorted(TRANSLATORS))
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": ' + b"[" * 100_000, "too_deep"),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
        (b'{"a": 9223372036854775808}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "number_out_of_range"),
        (b'{"a": 1e999}', "number_out_of_range"),
        (b'{"a": NaN}', "malformed"),
        (b'{"a": "\xff"}', "malformed"),
        (b'{"a": "\\ud800"}', "malformed"),
        (b'\xef\xbb\xbf{"a": 1}', "malformed"),
        (b"", "malformed"),
    ],
)
def test_bytes_that_two_readers_would_read_differently_are_refused(vendor: str, body: bytes, reason: str) -> None:
    """Each of these is accepted by some decoder, as something else than the sender's own one reads."""
    with pytest.raises(NotUnderstoodError) as caught:
        TRANSLATORS[vendor](delivery(body), Instance(vendor, "main"))
    assert caught.value.reason == reason


@every_vendor
def test_the_same_delivery_is_the_same_events(case: Case) -> None:
    """What is delivered twice, or translated again after years, has the ids that it had."""
    for body in case.bodies:
        first, second = (case.translate(delivery(body), case.instance) for _ in range(2))
        assert first == second
        assert first.events
        ids = [event.fields["event_id"] for event in first.events]
        assert len(set(ids)) == len(ids)


@every_vendor
def test_two_installations_do_not_meet(case: Case) -> None:
    """The same ids in two help desks are two things."""
    other = msgspec.structs.replace(case.instance, name="second")
    for body in case.bodies:
        mine, others = (case.translate(delivery(body), each).events for each in (case.instance, other))
        assert not {event.fields["event_id"] for event in mine} & {event.fields["event_id"] for event in others}


@every_vendor
@given(data=st.data())
def test_no_order_and_no_repetition_shows(case: Case, data: st.DataObject) -> None:
    """No vendor promises an order, and all of them deliver again."""
    plain = EVENTS[case.vendor]
    again = data.draw(st.lists(st.sampled_from(plain), max_size=3))
    assert figures(run(data.draw(st.permutations([*plain, *again])))) == figures(run(plain))


@every_vendor
def test_no_text_name_or_address_is_kept(case: Case) -> None:
    """Events are for ever, and read by many; samples have Anna wherever a person's words or name may stand."""
    assert "Anna" in json.dumps(case.bodies) or case.vendor == "cloudevents"
    for body in case.bodies:
        said = words(case.translate(delivery(body), case.instance))
        assert "Anna" not in said
        assert "@" not in said


@every_vendor
def test_a_detail_repeats_no_value(case: Case) -> None:
    """Details of dead letters are shown, counted and sent on: a person's name may stand anywhere in a delivery."""
    for body in case.bodies:
        for path in places(body)[1:]:
            found = outcome(case, delivery(changed(body, path, lambda holder, key: holder.__setitem__(key, "Anna's"))))
            assert isinstance(found, Translation) or "Anna" not in "".join(found), (path, found)


def test_every_module_of_a_vendor_is_tested_here() -> None:
    """A vendor that is added is held to all of this. RudderStack sends what Segment does; Stripe has its own tests."""
    assert set(CASES) == set(MODULES) == set(TRANSLATORS) - {"stripe", "rudderstack"}
    assert TRANSLATORS["rudderstack"] is TRANSLATORS["segment"]
    assert all(case.bodies for case in CASES.values())


def test_every_reason_is_explained() -> None:
    """Whoever is woken by a dead letter looks its reason up."""
    code = "".join(module.read_text("utf-8") for module in (ROOT / "streams/ingest/vendors").rglob("*.py"))
    reasons = set(re.findall(r'NotUnderstoodError\(\s*"(\w+)"', code))
    page = (ROOT / "docs/translating.md").read_text("utf-8")
    assert len(reasons) > 10
    assert not [reason for reason in sorted(reasons) if f"`{reason}`" not in page]
