"""The present code's verdict, and bytes read back from a log that has gaps."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rules import Rules
from streams.live.fold.batch import DeadLetter
from streams.live.fold.dead_letters import headers, redriven
from streams.live.fold.partition import Partition
from streams.live.fold.redacted_reasons import unquoted
from streams.live.store.memory import MemoryStore
from streams.replay.letters import copies, history, originals
from streams.replay.log import Bounds, LogError, Place
from streams.replay.verdict import OF_STATE, Judge
from tests.support.records import CODEC, NOW_MS, Record, submitted

TYPES = frozenset({"response_submitted", "response_deleted"})
JUDGE = Judge(CODEC, {"survey": TYPES})
NOW = NOW_MS * 1000


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255), st.sampled_from([b"acme", b"", None, b"x"]))
def test_the_verdict_is_what_a_partition_without_a_state_does(
    junk: bytes, at: int, byte: int, key: bytes | None
) -> None:
    """A dry run that promises what the worker then refuses makes new letters."""
    value = CODEC.encode("response_submitted", submitted(1))
    for each in (junk, value[:at] + bytes([byte]) + value[at + 1 :], value[:at]):
        partition = Partition("survey", 0, MemoryStore(), codec=CODEC, rules=Rules(), types=TYPES)
        batch = partition.process([Record(0, key, each)])
        verdict = JUDGE.judge("survey", key, each, "malformed", NOW)
        if batch.dead:
            assert (verdict.answer, verdict.reason, unquoted(verdict.detail)) == (
                "refused",
                batch.dead[0].reason,
                batch.dead[0].detail,
            )
        else:
            assert verdict.answer == "accepted"
            assert verdict.event is not None
            assert verdict.event[0].encode() == key


def test_what_only_a_worker_can_tell_is_left_to_it() -> None:
    """Scales and earlier events of the account are not at hand here; to promise acceptance would be a guess."""
    value = CODEC.encode("response_submitted", submitted(1))
    for reason in OF_STATE:
        assert JUDGE.judge("survey", b"acme", value, reason, NOW).answer == "undecided"
    assert JUDGE.judge("survey", b"other", value, "conflicting_duplicate", NOW).reason == "key_mismatch"
    assert JUDGE.judge("elsewhere", b"acme", value, "malformed", NOW).reason == "wrong_topic"


def test_a_time_in_the_future_becomes_a_time_in_the_past() -> None:
    """A letter of last week is judged by today's clock, because today is when it would be stored."""
    ahead = CODEC.encode("response_submitted", submitted(1, occurred_at=NOW + 3 * 86_400_000_000))
    assert JUDGE.judge("survey", b"acme", ahead, "occurred_in_future", NOW).reason == "occurred_in_future"
    assert JUDGE.judge("survey", b"acme", ahead, "occurred_in_future", NOW + 3 * 86_400_000_000).answer == "accepted"


class _Kept(Record, frozen=True):
    carried: Any = None

    def headers(self) -> Any:
        return self.carried


class _Log:
    """One partition of records, handed out two at a time; `reads` keeps the stretches that were asked for."""

    def __init__(self, records: Sequence[Record], low: int = 0) -> None:
        self.records, self.low = records, low
        self.reads: list[tuple[int, int]] = []

    def bounds(self, topics: Sequence[str]) -> dict[Place, Bounds]:
        high = self.records[-1].offset() + 1 if self.records else self.low
        return {(topic, 0): Bounds(self.low, high) for topic in topics}

    def at(self, _place: Place, micros: int) -> int | None:
        return next((each.offset() for each in self.records if each.timestamp()[1] * 1000 >= micros), None)

    def read(self, _place: Place, start: int, end: int) -> Iterator[list[Any]]:
        self.reads.append((start, end))
        found = [each for each in self.records if start <= each.offset() < end]
        for at in range(0, len(found), 2):
            yield found[at : at + 2]


@given(st.sets(st.integers(0, 9_000), max_size=30), st.integers(0, 9_000))
def test_exactly_the_asked_offsets_come_and_far_ones_are_not_read_through(asked: set[int], low: int) -> None:
    """A thousand letters among a million events are not a reason to read the million."""
    log = _Log([Record(at, b"k", b"v%d" % at) for at in range(low, 9_001)], low)
    found = list(originals(log, ("survey", 0), asked, low))
    assert [each.offset for each in found] == sorted(at for at in asked if at >= low)
    assert all(each.value == b"v%d" % each.offset for each in found)
    assert all(end - start <= 1_000 * len(asked) for start, end in log.reads)
    ends = [end for _, end in log.reads]
    assert all(start - end >= 1_000 for (start, _), end in zip(log.reads[1:], ends, strict=False))


def test_a_record_that_must_be_there_and_is_not_is_an_error() -> None:
    """Another cluster under the same name would give other bytes or none; silence would discard letters."""
    log = _Log([Record(1, b"k", b"v"), Record(3, b"k", b"v")])
    with pytest.raises(LogError, match="survey-0 has no record at offset 2"):
        list(originals(log, ("survey", 0), [1, 2, 3], 0))


def test_copies_are_known_by_their_headers_and_come_without_them() -> None:
    """The dead-letter topic also holds doubles, other letters, and what strangers wrote there."""
    place = [("cx-topic", b"survey"), ("cx-partition", b"0"), ("cx-offset", b"7"), ("cx-timestamp-ms", b"5")]
    own = [("trace", b"1"), ("trace", None)]
    log = _Log(
        [
            _Kept(0, b"k", b"v", carried=None),
            _Kept(1, b"k", b"v", carried=[("cx-topic", None), ("cx-partition", b"x"), ("cx-offset", b"\xff")]),
            _Kept(2, b"k", b"v", carried=[*place[:2], ("cx-offset", b"8")]),
            _Kept(3, b"k", b"bytes", carried=[*own, *place, ("cx-reason", b"malformed")]),
            _Kept(4, b"k", b"double", carried=place),
        ]
    )
    ((found, told),) = copies(log, "dead-letters", [("survey", 0, 7)], NOW)
    assert (found.value, found.headers, found.timestamp_ms, found.is_copy) == (b"bytes", own, 5, True)
    assert (found.topic, found.partition, found.offset, told["cx-reason"]) == ("survey", 0, 7, "malformed")
    assert list(copies(log, "dead-letters", [("survey", 0, 9)], NOW)) == []


def test_a_redriven_record_carries_its_own_headers_and_its_history() -> None:
    """Attempts are counted over redrives, and the first sighting stays the first."""
    once = redriven([("trace", None), ("cx-reason", b"forged")], "survey-0@7", 5)
    assert once == [("trace", None), ("cx-first-seen", b"5"), ("cx-attempt", b"1"), ("cx-redriven-from", b"survey-0@7")]
    again = dict(redriven(once, "survey-0@9", 99))
    assert (again["cx-first-seen"], again["cx-attempt"]) == (b"5", b"2")
    assert history(list(again.items()))["cx-redriven-from"] == "survey-0@9"


def test_a_redriven_record_that_is_refused_again_says_whence_it_came() -> None:
    """The chain of letters leads back to the first."""
    sent = redriven([], "survey-0@7", 5)
    told = dict(headers(DeadLetter("survey", 0, 9, 1, None, b"", sent, "malformed", "d"), 6))
    assert (told["cx-redriven-from"], told["cx-first-seen"], told["cx-attempt"]) == (b"survey-0@7", b"5", b"2")
