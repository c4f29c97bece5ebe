"""What deadlines take for the time: the broker's, whatever the date of the machine says, then or later."""

from __future__ import annotations

from typing import Any

from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE
from hypothesis import given
from hypothesis import strategies as st

from streams.core.limits import NEVER
from streams.live.engine.broker_time import BrokerTime
from streams.live.engine.ownership import Owned
from streams.live.fold.batch import Batch
from streams.live.fold.dead_letters import DeadLetterCount
from streams.live.store.memory import MemoryStore

MILLISECONDS = st.integers(946_684_800_000, 4_102_444_800_000)
DATES = st.integers(0, 4_102_444_800_000_000)
SPANS = st.integers(0, 10**9)


class Hands:
    """Both clocks of a machine, set by a test: the date and what has gone by in nanoseconds."""

    def __init__(self, date: int) -> None:
        self.date, self.gone = date, 0

    def time(self) -> BrokerTime:
        return BrokerTime(lambda: self.date, lambda: self.gone)


class Waiting:
    """A partition with one deadline."""

    def __init__(self, deadline: int) -> None:
        self.deadline = deadline

    def next_deadline(self) -> int:
        return self.deadline

    def process(self, _records: Any) -> Batch:
        raise AssertionError

    tick = commit = process


def owned(deadline: int, *, caught_up: bool = True, last_time: int = 0) -> Owned:
    end = 7 if caught_up else -1
    return Owned("t", 0, "t-changelog", MemoryStore(), Waiting(deadline), 7, DeadLetterCount(), end, last_time)


@given(MILLISECONDS, DATES, SPANS, DATES)
def test_the_date_has_no_say_once_the_broker_was_heard(stamp: int, date: int, gone: int, later: int) -> None:
    """A day ahead, a day behind, set while it runs: the same moment comes out."""
    hands = Hands(date)
    time = hands.time()
    assert time.hear((TIMESTAMP_LOG_APPEND_TIME, stamp)) == date - stamp * 1000
    hands.gone, hands.date = gone * 1000, later
    assert time.now() == stamp * 1000 + gone


@given(MILLISECONDS, SPANS, DATES)
def test_a_deadline_is_due_by_the_brokers_time_alone(stamp: int, before: int, date: int) -> None:
    """One microsecond early would call somebody about a case that may still be met in time."""
    time = Hands(date).time()
    time.hear((TIMESTAMP_LOG_APPEND_TIME, stamp))
    now = stamp * 1000
    due, later, none = owned(now - before), owned(now + before + 1), owned(NEVER)
    assert time.due([due, later, none]) == [(due, now)]


@given(DATES, DATES, DATES)
def test_before_the_broker_was_heard_a_deadline_asks_and_fires_nothing(date: int, last: int, deadline: int) -> None:
    """After a restart without events nothing else would bring the time: one commit does, and lets no time pass."""
    time = Hands(date).time()
    behind, none, first, second = owned(0, caught_up=False), owned(NEVER), owned(deadline, last_time=last), owned(0)
    assert time.due([behind, none, first, second]) == [(first, last)]
    assert time.due([behind, none]) == []


@given(st.sampled_from([TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE]), MILLISECONDS, DATES)
def test_a_time_that_the_broker_has_not_given_is_not_taken_for_its_own(kind: int, stamp: int, date: int) -> None:
    """On a changelog that keeps its writers' times a stamp is this machine's date again: asking goes on no further."""
    time = Hands(date).time()
    assert time.hear((kind, stamp)) == 0
    assert time.now() == date
    assert [now for _, now in time.due([owned(0)])] == [date]


def test_a_backlog_holds_time_back() -> None:
    """What is still to be read may meet the deadline."""
    time = Hands(0).time()
    time.hear((TIMESTAMP_LOG_APPEND_TIME, 1_000_000_000_000))
    read = owned(5, caught_up=False, last_time=4)
    assert time.due([read]) == []
    read.last_time = 5
    assert time.due([read]) == [(read, 5)]
