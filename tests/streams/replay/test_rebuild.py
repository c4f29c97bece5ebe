from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.memory import MemorySink
from sinks.port import SinkUnavailable
from streams.core.rules import Rules
from streams.live.partition import Partition
from streams.live.store.memory import MemoryStore
from streams.replay.log import Place
from streams.replay.rebuild import Progress, Rebuild
from tests.support.records import CODEC, NOW_MS, Record, event, record, submitted

_TYPES = frozenset({"response_submitted", "response_corrected", "response_deleted", "followup_logged"})
_LATER = NOW_MS * 1000 + 10 * 86_400_000_000


class _Log:
    """The source topics as lists of records, handed out in batches of a given size."""

    def __init__(self, size: int = 2) -> None:
        self.size = size
        self.records: dict[Place, list[Record]] = defaultdict(list)

    def add(self, place: Place, kind: str, fields: dict[str, Any]) -> None:
        self.records[place].append(record(len(self.records[place]), kind, fields))

    def ends(self, topics: Sequence[str]) -> dict[Place, int]:
        return {place: len(records) for place, records in self.records.items() if place[0] in topics}

    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]:
        for at in range(start, end, self.size):
            yield self.records[place][at : min(end, at + self.size)]


def _open(topic: str, number: int) -> Partition:
    return Partition(topic, number, MemoryStore(), codec=CODEC, rules=Rules(), types=_TYPES)


def _live(log: _Log) -> dict[str, list[tuple[Any, ...]]]:
    """The tables as a worker leaves them that takes one record at a time and lets time pass after each."""
    sink = MemorySink()
    for place, records in log.records.items():
        partition = _open(*place)
        for each in records:
            batch = partition.process([each])
            sink.insert(batch.rows)
            partition.commit(batch)
        while partition.next_deadline() <= _LATER:
            batch = partition.tick(_LATER)
            sink.insert(batch.rows)
            partition.commit(batch)
    return sink.tables()


def _rebuilt(log: _Log) -> tuple[Rebuild, MemorySink]:
    sink = MemorySink()
    return Rebuild(log, ["survey"], _open, sink, clock=lambda: _LATER), sink


_HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["response_submitted", "response_corrected", "response_deleted", "followup_logged", "bad"]),
        st.integers(0, 3),
        st.integers(0, 10),
        st.integers(0, 1),
    ),
    max_size=12,
)


def _log(happenings: list[tuple[str, int, int, int]], size: int) -> _Log:
    log = _Log(size)
    for number, (kind, response, score, partition) in enumerate(happenings):
        place, name = ("survey", partition), f"r{partition}{response}"
        answers = [{"question_id": "q1", "kind": "NPS", "number": float(score)}]
        if kind == "response_submitted":
            log.add(place, kind, submitted(number, name, float(score)))
        elif kind == "response_corrected":
            log.add(place, kind, event(number, response_id=name, answers=answers))
        elif kind == "followup_logged":
            log.add(place, kind, event(number, response_id=name, followup_id="f", kind="call"))
        elif kind == "response_deleted":
            log.add(place, kind, event(number, response_id=name))
        else:
            log.records[place].append(
                Record(len(log.records[place]), b"acme", b"\xc3\x01 nothing that was ever written")
            )
    return log


@given(_HAPPENINGS, st.integers(1, 5))
def test_a_rebuild_ends_in_the_tables_of_live(happenings: list[tuple[str, int, int, int]], size: int) -> None:
    """The promise of an event log: whatever came in, in whatever batches, comes out the same a second time."""
    log = _log(happenings, size)
    rebuild, sink = _rebuilt(log)
    assert rebuild.run() == len(happenings)
    assert sink.tables() == _live(log)


@given(_HAPPENINGS, _HAPPENINGS)
def test_a_log_that_grows_meanwhile_is_read_on(
    before: list[tuple[str, int, int, int]], after: list[tuple[str, int, int, int]]
) -> None:
    """Workers go on during a rebuild: the second look takes what came since, and nothing twice."""
    whole = _log([*before, *after], 2)
    growing = _log(before, 2)
    rebuild, sink = _rebuilt(growing)
    rebuild.run()
    growing.records = whole.records
    assert rebuild.run() == len(after)
    assert rebuild.run() == 0
    assert sink.tables() == _live(whole)
    assert (rebuild.progress.records, rebuild.progress.total) == (len(before) + len(after),) * 2


def test_it_stops_where_the_workers_stand() -> None:
    """Compared with live tables, rows of events that no worker has seen yet would look like differences."""
    log = _log([("response_submitted", at, 9, 0) for at in range(4)], 3)
    rebuild, sink = _rebuilt(log)
    assert rebuild.run({("survey", 0): 2}) == 2
    assert [row[1] for row in sink.tables()["response"]] == ["r00", "r01"]
    assert rebuild.run({("survey", 0): 1}) == 0
    assert rebuild.run() == 2


def test_a_deadline_that_has_passed_fires_in_the_rebuild_too() -> None:
    """A missed follow-up is a row that no event wrote: time did, and has to again."""
    log = _log([("response_submitted", 0, 3, 0)], 1)
    rebuild, sink = _rebuilt(log)
    rebuild.run()
    ((*_, missed_at, _score, _test),) = sink.tables()["followup_case"]
    assert missed_at == NOW_MS * 1000 + 48 * 3_600_000_000


def test_a_sink_that_fails_ends_the_rebuild() -> None:
    """What was written by then belongs to a generation that nobody reads: there is no use in waiting."""

    class Away(MemorySink):
        def insert(self, _rows: Any) -> None:
            raise SinkUnavailable("away")

    shown: list[Progress] = []
    log = _log([("response_submitted", 0, 3, 0)], 1)
    rebuild = Rebuild(log, ["survey"], _open, Away(), clock=lambda: _LATER, show=shown.append)
    with pytest.raises(SinkUnavailable):
        rebuild.run()
    assert shown == []
