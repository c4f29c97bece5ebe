"""What a refused record still says of its sender, and how that one is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import LONGEST, Envelope
from streams.core.rules import Rules
from streams.live.fold.batch import Batch
from streams.live.fold.partition import Partition
from streams.live.fold.rejections import REJECTED, rejected
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC, NOW_MS, Record, event, record, submitted, uid

WHOLE = Envelope("response_submitted", uid(9), "ovey:main")
VALUE = CODEC.encode("response_submitted", submitted(9))


def refused(*records: Record) -> Batch:
    types = frozenset({"response_submitted"})
    return Partition("survey", 0, MemoryStore(), codec=CODEC, rules=Rules(), types=types).process(records)


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (VALUE[:-3], WHOLE),
        (VALUE + b"!", WHOLE),
        (VALUE[:60], Envelope("response_submitted", uid(9), "")),
        (VALUE[:11], Envelope("response_submitted", "", "")),
        (VALUE[:2] + b"\0" * 8 + VALUE[10:], Envelope()),
        (b"{}", Envelope()),
        (b"\x00\x00\x00\x00\x07abc", Envelope()),
        (b"", Envelope()),
        (None, Envelope()),
        (CODEC.encode("account_upserted", event(9, name="Acme")), Envelope("account_upserted", uid(9), "ovey:main")),
        (CODEC.encode("response_submitted", submitted(9, nps=11)), WHOLE),
    ],
)
def test_a_letter_says_who_sent_it_as_far_as_its_bytes_go(value: bytes | None, known: Envelope) -> None:
    """Given a record that is cut, unknown, misplaced or against the rules, then row and letter name its sender."""
    batch = refused(Record(0, b"acme", value))
    (letter,) = batch.dead
    assert letter.envelope == known
    (row,) = batch.rows["dead_letter"]
    assert row[8:11] == (known.source, known.event_type, known.event_id)


@given(st.binary(max_size=80), st.integers(0, len(VALUE)))
def test_no_bytes_break_the_look_at_the_sender(junk: bytes, at: int) -> None:
    """Whatever a program sends, refusing it must not fail, and what is kept of it is short."""
    found = CODEC.envelope(VALUE[:at] + junk)
    assert max(len(found.source), len(found.event_id)) <= LONGEST


def test_a_sender_learns_once_an_hour_of_each_reason() -> None:
    """Given bad records of two senders over two hours, then each sender, reason and hour has one signal."""
    eleven = [
        record(at, "response_submitted", submitted(at, nps=11, source=source), at_ms=NOW_MS + hour * 3_600_000)
        for at, (source, hour) in enumerate([("shop:main", 0), ("shop:main", 0), ("crm:main", 0), ("shop:main", 1)])
    ]
    batch = refused(*eleven, Record(9, b"acme", b"{}"))
    told = rejected(batch)
    assert [(each.kind, each.subject_id, each.detail["reason"]) for each in told] == [
        (REJECTED, "shop:main", "score_out_of_scale"),
        (REJECTED, "crm:main", "score_out_of_scale"),
        (REJECTED, "shop:main", "score_out_of_scale"),
        (REJECTED, "", "unknown_frame"),
    ]
    assert len({each.signal_id for each in told}) == 4
    assert told[0].detail["source"] == "shop:main"
    assert told[0].detail["record"] == "survey-0@0"
    later = rejected(refused(*eleven[1:]))
    assert {each.signal_id for each in later} == {each.signal_id for each in told[:3]}
