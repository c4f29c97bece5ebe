"""Records that a batch left over, across rebalances: each is taken once, in order, and none before its time."""

from __future__ import annotations

from typing import Any

import pytest

from streams.live.engine import clients
from streams.live.engine.consumer_lag import Lag
from streams.live.engine.intake import Intake
from streams.live.engine.ownership import Owned
from streams.live.engine.settings import EngineSettings
from streams.live.engine.stats import EngineStats
from streams.live.fold.dead_letters import DeadLetterCount
from streams.live.store.memory import MemoryStore
from tests.support.records import Record

PLACE = ("cx.survey", 0)


class Message(Record, frozen=True):
    """A record of the one partition."""

    def topic(self) -> str:
        return PLACE[0]

    def partition(self) -> int:
        return PLACE[1]

    def error(self) -> None:
        return None


class Consumer:
    """One partition of 30 records, its position, and a rebalance that comes within the next poll."""

    def __init__(self) -> None:
        self.position, self.paused, self.intake = 0, False, None

    def assignment(self) -> list[Any]:
        return [PLACE]

    def pause(self, _partitions: list[Any]) -> None:
        self.paused = True

    def resume(self, _partitions: list[Any]) -> None:
        self.paused = False

    def consume(self, count: int, _seconds: float) -> list[Message]:
        found = [] if self.paused else [Message(at, b"acme", b"") for at in range(self.position, 30)][:count]
        self.position += len(found)
        return found

    def poll(self, _seconds: float) -> None:
        if self.intake is not None:
            self.intake.disturbed()  # revoked and assigned again, from what is committed
            self.position = 7

    def get_watermark_offsets(self, _partition: Any, *, cached: bool) -> tuple[int, int]:
        assert cached
        return 0, 30


def owned(next_offset: int = 0) -> Owned:
    return Owned(*PLACE, "cx.survey-changelog", MemoryStore(), None, next_offset, DeadLetterCount())  # type: ignore[arg-type] # no processor is asked


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    made = Consumer()
    monkeypatch.setattr(clients, "group_consumer", lambda _settings, _failed: made)
    return made


def offsets(intake: Intake, mine: Owned) -> list[int]:
    return [record.offset() for _, records in intake.take({PLACE: mine}) for record in records]


def taken(intake: Intake, mine: Owned, most: int) -> list[Any]:
    """Take a batch of which only so many are committed; return the rest."""
    ((_, records),) = intake.take({PLACE: mine})
    mine.next_offset = records[:most][-1].offset() + 1
    return records[most:]


def test_what_is_left_comes_before_what_follows(consumer: Consumer) -> None:
    """Meanwhile nothing more of that partition is read, or it would pile up."""
    intake, mine = Intake(EngineSettings(bootstrap="", batch_records=10)), owned()
    intake.carry(taken(intake, mine, 7))
    assert consumer.position == 10
    assert offsets(intake, mine) == [7, 8, 9]
    mine.next_offset = 10
    assert not consumer.paused
    assert offsets(intake, mine) == list(range(10, 20))


def test_what_is_left_is_void_after_a_rebalance(consumer: Consumer) -> None:
    """The consumer reads it again from what was committed; taken twice, refused records would be two dead letters."""
    intake, mine = Intake(EngineSettings(bootstrap="", batch_records=10)), owned()
    intake.carry(taken(intake, mine, 7))
    consumer.intake = intake
    assert not intake.wait(0.2, lambda: None)
    assert offsets(intake, mine) == list(range(7, 17))
    mine.next_offset = 17
    assert offsets(intake, mine) == list(range(17, 27))


def test_a_stretch_that_comes_twice_after_a_rebalance_is_taken_once(consumer: Consumer) -> None:
    """The queue may still hold what was read before the rebalance, also for the call after it."""
    intake, mine = Intake(EngineSettings(bootstrap="", batch_records=10)), owned()
    intake.carry(taken(intake, mine, 10))
    intake.disturbed()
    consumer.position = 5
    assert offsets(intake, mine) == [10, 11, 12, 13, 14]


def test_who_has_records_left_has_not_caught_up() -> None:
    """A call that came in time is among them; had the clock passed it by, a false alarm would go out."""
    mine, hour = owned(7), 3_600_000_000
    mine.end_seen, mine.last_time = 30, hour
    assert mine.now(5 * hour) == 5 * hour
    mine.has_left = True
    assert mine.now(5 * hour) == hour
    stats = EngineStats(started_at=0)
    Lag(Consumer(), stats, lambda: 5 * hour).update([mine])
    assert stats.lag_records == {"cx.survey-0": 23}
    assert stats.positions == {"cx.survey-0": 7}
