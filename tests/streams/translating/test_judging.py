"""One raw record to events or to a reason: nothing guessed, nothing half, and nothing of a person in the reason."""

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from streams.ingest.raw import BodyKeys, Raw
from streams.ingest.translate import Event
from streams.ingest.vendors.model import Instance, NotUnderstoodError, Translation
from streams.ingest.vendors.registry import TRANSLATORS
from streams.live.fold.dead_letters import headers
from streams.translating.counting import Counts
from streams.translating.judging import Judging, Source
from streams.translating.letters import letters_of
from streams.translating.transacting import letter_of

TOPIC, NOW = "cx.raw.stripe", 1_800_000_000_000_000
KEYS = BodyKeys([b"k" * 32])
MAIN = Instance("stripe", "main")
CODEC = Codec()
SECRET = "jane.doe@example.com"


class Record(NamedTuple):
    """A record as the client hands it over."""

    body: bytes
    sent: list[tuple[str, bytes]]
    of: str = TOPIC

    def topic(self) -> str:
        return self.of

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 7

    def key(self) -> bytes:
        return b"evt_1"

    def value(self) -> bytes:
        return self.body

    def headers(self) -> list[tuple[str, bytes]]:
        return self.sent

    def timestamp(self) -> tuple[int, int]:
        return 1, NOW // 1000


def sealed(body: bytes, keys: BodyKeys = KEYS, instance: str = "main") -> Record:
    closed = keys.close(TOPIC, Raw(instance, "evt_1", NOW, {}, body), bytes(12))
    return Record(closed.value, list(closed.headers))


def judging(translate: Any) -> Judging:
    return Judging({(TOPIC, "main"): Source(MAIN, KEYS, translate)}, CODEC, "cx.raw.")


def linked(**more: Any) -> Event:
    fields = {"event_id": MAIN.event_id("evt_1"), "account_id": "acme", "occurred_at": NOW, "source": MAIN.source}
    return Event("account_linked", {**fields, "system": "stripe", "external_id": "cus_1", **more})


def told(event: Event, *more: Event) -> Judging:
    return judging(lambda _raw, _instance: Translation((event, *more)))


def test_what_is_understood_becomes_records_keyed_by_account() -> None:
    """Another key would part an account's events."""
    outcome = told(linked()).judge(sealed(b"{}"), NOW)
    assert outcome.refused is None
    assert [(made.event_type, made.topic, made.key) for made in outcome.events] == [
        ("account_linked", "reference", b"acme")
    ]


def test_a_delivery_gives_all_of_its_events_or_none() -> None:
    """A payment without its invoice would be a story that the source never told."""
    outcome = told(linked(), linked(system="")).judge(sealed(b"{}"), NOW)
    assert not outcome.events
    assert outcome.refused == ("invalid_field", "account_linked: system must not be empty")


def test_every_reason_has_its_name() -> None:
    """People count letters by reason, and remedies differ: a key, a line in the sources file, a mapping."""

    def odd(_raw: Raw, _instance: Instance) -> Translation:
        raise NotUnderstoodError("missing_field", "data.object is not there")

    def broken(_raw: Raw, _instance: Instance) -> Translation:
        raise KeyError(SECRET)

    sealed_by_others = sealed(b"{}", BodyKeys([b"o" * 32]))
    ok = told(linked())
    reasons = [
        judging(odd).judge(sealed(b"{}"), NOW).refused,
        judging(broken).judge(sealed(b"{}"), NOW).refused,
        ok.judge(sealed_by_others, NOW).refused,
        ok.judge(sealed(b"{}", instance="other"), NOW).refused,
        ok.judge(Record(b"", []), NOW).refused,
    ]
    names = [refused[0] for refused in reasons if refused]
    assert names == ["missing_field", "translator_failed", "sealed", "unknown_instance", "sealed"]
    assert not any(SECRET in detail for refused in reasons if refused for detail in refused)


@given(st.sampled_from(["event_id", "account_id", "source", "external_id", "system", "occurred_at"]))
def test_no_reason_and_no_letter_repeats_what_a_delivery_says(field: str) -> None:
    """Dead letters are kept for ever and read by people who may not read customers' data."""
    record = sealed(SECRET.encode())
    outcome = told(linked(**{field: SECRET + "\0" if field != "occurred_at" else SECRET})).judge(record, NOW)
    if outcome.refused is not None:
        letter = letter_of(record, outcome)
        assert SECRET not in letter.detail + letter.reason
        assert SECRET.encode() not in (letter.value or b"")
        assert letter.envelope.source == "stripe:main"


@given(st.binary(max_size=200))
def test_no_body_stops_the_translator(body: bytes) -> None:
    """Whoever can have a delivery signed could stop everybody's translation otherwise."""
    for translate in TRANSLATORS.values():
        outcome = judging(translate).judge(sealed(body), NOW)
        assert outcome.refused is None or outcome.refused[0] != "translator_failed"


def test_a_body_nested_deeply_is_refused() -> None:
    """A parser that recurses would end the process."""
    outcome = judging(TRANSLATORS["stripe"]).judge(sealed(b'{"a":' * 100_000), NOW)
    assert outcome.refused is not None
    assert outcome.refused[0] == "too_deep"


@given(st.binary(min_size=1, max_size=50))
def test_a_letter_can_be_opened_when_its_record_is_gone(body: bytes) -> None:
    """Raw topics are cut off after a month; a fix that comes later still finds the delivery, and its key opens it."""

    def odd(_raw: Raw, _instance: Instance) -> Translation:
        raise NotUnderstoodError("odd_field", "not yet")

    record = sealed(body)
    letter = letter_of(record, judging(odd).judge(record, NOW))
    on_topic = Record(letter.value or b"", headers(letter, NOW), "cx.dead-letters")
    (back,) = letters_of([on_topic], "cx.raw.")
    assert (back.place, back.source, back.reason) == ((TOPIC, 0, 7), "stripe:main", "odd_field")
    assert KEYS.open(back.topic(), back.value() or b"", back.headers()).body == body
    assert told(linked()).judge(back, NOW).refused is None
    assert not list(letters_of([on_topic], "cx.other."))


def test_unmapped_types_are_counted_by_name_and_names_are_bounded() -> None:
    """A name comes from outside, and each would be a series of its own for Prometheus."""
    counts = Counts()
    for number in range(500):
        translate = lambda _raw, _instance, number=number: Translation(unmapped=(f"type.{number}",))  # noqa: E731
        counts.add(judging(translate).judge(sealed(b"{}"), NOW))
    names = {name for _, _, name in counts.unmapped}
    assert len(names) == 201
    assert counts.unmapped["stripe", "main", "other"] == 300
    assert counts.outcomes == {("stripe", "main", "nothing to tell"): 500}
