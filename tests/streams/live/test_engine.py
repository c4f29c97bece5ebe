"""The engine on a real broker: what it does when the world around it is not well."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from sinks.port import SinkRefused, SinkUnavailable
from streams.live.engine.checkpoint import CHECKPOINT_KEY
from streams.live.engine.clients import Watermarks
from streams.live.engine.partition_layout import Layout
from streams.live.engine.settings import EngineSettings
from streams.live.errors import EngineStopped
from streams.live.fold.batch import Batch
from streams.live.fold.dead_letters import DeadLetterLimit
from tests.streams.live.counting import CountingPartition
from tests.streams.live.harness import PARTITIONS, Run
from tests.streams.live.in_process import Background, Flaky, engine
from tests.support.topics import create_topics, delete_topic, grow_topics
from tests.support.waiting import wait_until

pytestmark = pytest.mark.servers


def drained(run: Run, **settings: Any) -> None:
    with engine(run, **settings) as worker:
        run.drain()
    assert worker.outcome is None


@pytest.mark.parametrize("after_writing", [False, True], ids=["refused", "written, then lost the answer"])
def test_an_absent_sink_delays_and_loses_nothing(run: Run, after_writing: bool) -> None:
    """G6: longer away than the session lasts, and the worker is still a member when the sink is back."""
    run.feed(500)
    with engine(run, session_seconds=6.0, poll_seconds=6.0) as worker:
        worker.sink.away(after_writing=after_writing)
        wait_until(lambda: worker.engine.stats.sink_retries > 2)
        assert worker.engine.stats.state == "waiting for the sink"
        run.feed(500, seed=2)
        time.sleep(1 if after_writing else 8)
        assert run.read("signals") == []
        worker.sink.back()
        run.drain()
        assert worker.engine.stats.assignments == 1, "membership lapsed"
    assert run.check() == 1_000


def test_a_rebalance_while_the_sink_is_away_voids_the_batch(run: Run) -> None:
    """The batch in hand belongs to partitions that may be somebody else's by the time the sink is back."""
    run.feed(600)
    with engine(run) as first:
        first.sink.away()
        wait_until(lambda: first.engine.stats.sink_retries > 1)
        with engine(run) as second:
            wait_until(lambda: first.engine.stats.assignments > 1 and second.engine.stats.assignments > 0)
            first.sink.back()
            run.drain()
    assert run.check() == 600


class Weary(CountingPartition):
    """Takes no more than seven records at once."""

    def process(self, records: Iterable[Any]) -> Batch:
        return super().process(list(records)[:7])


def test_what_a_batch_left_over_is_taken_next(run: Run) -> None:
    """A partition ends a batch early where events are costly: what it left must come next, once, and nothing before."""
    run.feed(1_500)
    with engine(run, partition=Weary) as first:
        wait_until(lambda: first.engine.stats.batches > 3)
        first.sink.away()
        wait_until(lambda: first.engine.stats.sink_retries > 1)
        first.sink.back()
        with engine(run, partition=Weary) as second:
            wait_until(lambda: first.engine.stats.assignments > 1 and second.engine.stats.assignments > 0)
            run.feed(300, seed=2)
            run.drain()
            batches = first.engine.stats.batches + second.engine.stats.batches
    assert run.check() == 1_800
    assert batches >= 1_800 / 7 / PARTITIONS


def test_time_waits_for_what_a_batch_left_over(run: Run) -> None:
    """The end of the topic was seen, yet records before it are in hand: a deadline may not pass them by."""
    due = time.time_ns() // 1000 + 2_000_000
    run.put(0, f"late:5:{due}", *("late:5:0" for _ in range(20)))
    wait_until(lambda: time.time_ns() // 1000 > due)
    with engine(run, partition=Weary, batch_records=21 + PARTITIONS, batch_seconds=5.0) as worker:
        wait_until(lambda: run.sink.final().get("late", (0, 0, 0))[2] == 1)
        assert worker.engine.stats.batches >= 3
    fired = [m.value() for m in run.read("signals") if b"tick/" in m.value()]
    assert fired == [b'["tick/late/1", "late", 21]']


def test_a_sink_that_refuses_rows_stops_the_engine(run: Run) -> None:
    """Repeating cannot help, and committing would lose the rows: fail-stop, and go on after the repair."""
    run.feed(100)
    with engine(run) as worker:
        worker.sink.fault = SinkRefused("no such column", table="running", column="n")
        stopped = worker.ended()
    assert stopped is not None
    assert stopped.reason == "sink refused"
    assert "running.n" in stopped.detail
    assert run.lag() == 100
    drained(run)
    assert run.check() == 100


# A cycle waits until it has every record and met the end of each partition, however long joining the group takes.
ONE_CYCLE = {"batch_records": 600 + PARTITIONS, "batch_seconds": 60.0, "early_rows": 1}


def both_inserts_begun(worker: Background) -> None:
    """Wait until the cycle has sent both of its inserts; the cycles behind it need not wait for so many records."""
    wait_until(lambda: worker.sink.calls == 2)
    intake = worker.engine._intake
    intake._settings = msgspec.structs.replace(intake._settings, batch_seconds=0.05)


def held(run: Run, insert: int) -> Flaky:
    """Return a sink that does not answer the given insert: of two in a cycle, the one ahead or the one behind."""
    sink = Flaky(run.sink)
    sink.held = insert
    return sink


def nothing_is_committed(run: Run) -> bool:
    return run.read("signals") == [] == run.read("survey-changelog") and run.lag() == 600


@pytest.mark.parametrize("insert", [1, 2], ids=["ahead of the last partition", "behind it"])
def test_nothing_is_committed_before_every_insert_is_acknowledged(run: Run, insert: int) -> None:
    """A cycle's rows travel in several inserts: a commit that overtakes one of them can lose its rows for good."""
    run.feed(600)
    sink = held(run, insert)
    with engine(run, sink=sink, **ONE_CYCLE) as worker:
        both_inserts_begun(worker)
        time.sleep(1)
        assert nothing_is_committed(run)
        assert worker.engine.stats.records == 0, "taken over"
        sink.answering.set()
        run.drain()
    assert run.check() == 600


@pytest.mark.parametrize("insert", [1, 2], ids=["ahead of the last partition", "behind it"])
@pytest.mark.parametrize("fault", ["refused", "away"])
def test_one_failed_insert_of_a_cycle_holds_the_whole_back(run: Run, insert: int, fault: str) -> None:
    """The other insert's rows are stored by then: only the repeat of the cycle makes both whole."""
    run.feed(600)
    sink = held(run, insert)
    with engine(run, sink=sink, **ONE_CYCLE) as worker:
        both_inserts_begun(worker)
        sink.fault = SinkRefused("no such column", table="running") if fault == "refused" else SinkUnavailable("gone")
        sink.answering.set()
        if fault == "away":
            wait_until(lambda: worker.engine.stats.sink_retries > 0)
            assert nothing_is_committed(run)
            sink.back()
            run.drain()
        else:
            stopped = worker.ended()
            assert stopped is not None
            assert stopped.reason == "sink refused"
            assert nothing_is_committed(run)
    drained(run)
    assert run.check() == 600


class TooLarge(CountingPartition):
    """Makes one change that the broker must refuse."""

    def process(self, records: Any) -> Batch:
        batch = super().process(records)
        batch.changes[b"huge"] = os.urandom(2_000_000)  # nothing that compresses below the limit
        return batch


@pytest.mark.parametrize("limit", [1_000_000, 12 << 20], ids=["refused by the client", "refused by the broker"])
def test_a_record_too_large_never_commits(run: Run, limit: int) -> None:
    """G7: Faust only logs a failed produce. Here the transaction fails with it and the process must end."""
    run.feed(50)
    with engine(run, partition=TooLarge, max_message_bytes=limit) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert stopped.reason == "transaction refused"
    assert run.lag() == 50
    assert run.read("survey-changelog") == []
    drained(run)
    assert run.check() == 50


def test_an_unknown_output_topic_never_commits(run: Run) -> None:
    """G7: the same for a topic that nobody made."""
    run.feed(50)
    with engine(run, signals_topic="nowhere", transaction_seconds=3.0) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert run.lag() == 50
    drained(run)
    assert run.check() == 50


def test_nothing_but_bad_records_stops_the_worker(run: Run) -> None:
    """G8: past the limit it is an outage; what was committed before it stays, the rest waits for a person."""
    run.feed(300, bad_every=1)
    with engine(run, dead_letters=DeadLetterLimit(run=20)) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert stopped.reason == "dead-letter limit"
    assert run.lag() > 200
    drained(run, dead_letters=DeadLetterLimit(run=1_000))
    assert run.check() == 300


def test_the_count_of_bad_records_survives_a_restart(run: Run) -> None:
    """A supervisor that restarts the worker must not turn an outage into dead letters, a run at a time."""
    run.feed(60, bad_every=1)
    drained(run, dead_letters=DeadLetterLimit(run=1_000))
    run.feed(60, bad_every=1)
    with engine(run, dead_letters=DeadLetterLimit(run=50)) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert stopped.reason == "dead-letter limit"


def test_restore_waits_for_a_transaction_that_hides_later_commits(run: Run) -> None:
    """The trap of a stopped worker: its open transaction pins the last stable offset below what others committed.

    A restore that stops there folds the rest of the topic into old state; the running counts would show it.
    """
    run.feed(400)
    drained(run)
    hanging = Producer(
        {"bootstrap.servers": run.bootstrap, "transactional.id": run.prefix, "transaction.timeout.ms": 120_000}
    )
    hanging.init_transactions(60)
    hanging.begin_transaction()
    for number in range(PARTITIONS):
        hanging.produce(f"{run.prefix}survey-changelog", b'{"n": 9}', b"a1", partition=number)
    assert hanging.flush(60) == 0
    run.feed(400, seed=2)
    with engine(run) as first:
        wait_until(lambda: first.engine.stats.restore_remaining > 0)
        time.sleep(1.0)
        assert (first.engine.stats.state, first.engine.stats.records) == ("restoring", 0)
        hanging.abort_transaction(60)
        run.drain()
    run.feed(400, seed=3)
    drained(run)
    assert run.check() == 1_200


def test_a_topic_that_ends_in_a_transaction_is_taken_in_to_its_end(run: Run) -> None:
    """The mark of a sender's commit has an offset: whoever waits until nothing is left waited for ever, for no record.

    Over a restart, too, and the records that follow are taken as ever.
    """
    sender = Producer({"bootstrap.servers": run.bootstrap, "transactional.id": f"{run.prefix}sender"})
    sender.init_transactions(60)

    def send(*numbers: int) -> None:
        sender.begin_transaction()
        for number in numbers:
            sender.produce(f"{run.prefix}survey", f"told:{number}:0".encode(), b"told", partition=1)
        sender.commit_transaction(60)

    send(1, 2)
    with engine(run):
        run.drain()
        send(3)
        run.drain()
    with engine(run):
        send(4)
        run.put(1, "told:5:0")
        send(6)
        run.drain()
    assert run.sink.final()["told"][:2] == (6, 21)


def test_time_passes_only_as_far_as_the_partition_has_read(run: Run) -> None:
    """Deadlines fire in the backlog's own time, and at the clock's once it is read; each once, over a restart too."""
    due = time.time_ns() // 1000 + 1_500_000
    run.put(0, f"late:5:{due}")
    with engine(run):
        wait_until(lambda: any(b"tick/late/1" in m.value() for m in run.read("signals")))
    with engine(run) as again:
        wait_until(lambda: again.engine.stats.beat_at > due and again.engine.stats.assignments > 0)
        time.sleep(0.5)
        assert again.engine.stats.ticks == 0
    assert run.sink.final()["late"] == (1, 5, 1)


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_deadline_keeps_to_the_brokers_time(run: Run, hours: int) -> None:
    """G13: by a date a day off it would come a day early or late, and after a restart nothing but time comes along."""

    def wrong() -> int:
        return time.time_ns() // 1000 + hours * 3_600_000_000

    with engine(run, clock=wrong) as first:
        wait_until(lambda: first.engine.stats.assignments > 0)
        now = time.time_ns() // 1000
        due = {"soon": now + 4_000_000, "later": now + 3_600_000_000}
        run.put(0, *(f"{account}:5:{moment}" for account, moment in due.items()))
        wait_until(lambda: first.engine.stats.records == 2 and first.engine.stats.clock_ahead)
        assert first.engine.stats.ticks == 0
        assert abs(first.engine.stats.clock_ahead - hours * 3_600_000_000) < 60_000_000
    with engine(run, clock=wrong) as again:  # has not heard of the broker's time when its partition is caught up
        wait_until(lambda: run.sink.final()["soon"][2] == 1)
        assert again.engine.stats.records == 0
    fired = {m.value().split(b'"')[1]: m.timestamp() for m in run.read("signals") if b"tick/" in m.value()}
    assert fired.keys() == {b"tick/soon/1"}
    assert fired[b"tick/soon/1"][1] * 1000 >= due["soon"] // 1000 * 1000


def test_partitions_move_between_workers_without_a_trace(run: Run) -> None:
    """G3: one worker, two, one; state follows the partitions through the changelog alone."""
    run.feed(1_000)
    with engine(run) as first:
        wait_until(lambda: first.engine.stats.records > 0)
        with engine(run) as second:
            wait_until(lambda: second.engine.stats.assignments > 0)
            run.feed(1_000, seed=2)
            run.drain()
            assert second.engine.stats.records > 0
        run.feed(1_000, seed=3)
        run.drain()
        assert first.engine.stats.assignments == 3
    assert run.check() == 3_000


def test_a_lost_changelog_is_refused_not_started_from_nothing(run: Run) -> None:
    """G9: with offsets committed and no state, every figure from now on would be wrong."""
    run.feed(100)
    drained(run)
    name = f"{run.prefix}survey-changelog"
    delete_topic(run.bootstrap, name)
    create_topics(run.bootstrap, NewTopic(name, PARTITIONS, 1))
    with engine(run) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert stopped.reason == "state lost"


def test_offsets_moved_by_hand_are_refused(run: Run) -> None:
    """Counting from an offset that the state does not stand at doubles or skips events in silence."""
    run.feed(100)
    drained(run)
    consumer = Consumer({"bootstrap.servers": run.bootstrap, "group.id": f"{run.prefix}g"})
    consumer.commit(offsets=[TopicPartition(f"{run.prefix}survey", 0, 1)], asynchronous=False)
    consumer.close()
    with engine(run) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert stopped.reason == "state and offsets differ"


def test_a_missing_topic_is_named(run: Run) -> None:
    """A worker that starts before its topics exist says which one, and ends."""
    with engine(run, topics=("survey", "elsewhere")) as worker:
        stopped = worker.ended()
    assert stopped is not None
    assert "elsewhere" in str(stopped)


def test_every_transaction_carries_the_mark(run: Run) -> None:
    """The next restore stands on it: one mark per partition, at the committed offset."""
    run.feed(100)
    drained(run)
    marked = {m.partition() for m in run.read("survey-changelog") if m.key() == CHECKPOINT_KEY}
    assert marked == {m.partition() for m in run.read("survey")}


def test_a_topic_that_has_gained_partitions_stops_the_worker(run: Run) -> None:
    """Its accounts would be parted: old events on one partition, new ones on another, and figures wrong for ever.

    First the topic grows alone, then its changelog with it, so that only what was noted under the former count tells.
    """
    run.feed(100)
    drained(run)
    for grown, said in (("survey", "partitions differ"), ("survey-changelog", "partitions changed")):
        grow_topics(run.bootstrap, {f"{run.prefix}{grown}": PARTITIONS + 1})
        run.put(PARTITIONS, "new:1:0")
        with engine(run) as worker:
            stopped = worker.ended()
        assert isinstance(stopped, EngineStopped)
        assert stopped.reason == said
        assert str(stopped).startswith(f"{said}: {run.prefix}survey ha")
        assert "docs/runbooks/rebuild-everything.md" in str(stopped)
    assert "new" not in run.sink.final()
    told = EngineSettings(**run.settings())
    alone = Layout(told, Watermarks(told))
    alone.refresh()
    with pytest.raises(EngineStopped, match=f"had {PARTITIONS} partitions .* has {PARTITIONS + 1}"):
        alone.count(f"{run.prefix}survey")  # as a worker that is given nothing but new partitions, without a state


def test_a_worker_without_partitions_waits_in_good_health(run: Run) -> None:
    """More workers than partitions: the spare one is a member, and takes over when another goes."""
    run.feed(100)
    with engine(run) as spare:
        with engine(run), engine(run), engine(run):
            wait_until(lambda: spare.engine.stats.assignments > 0)
            run.drain()
        run.feed(100, seed=2)
        run.drain()
    assert spare.outcome is None
    assert run.check() == 200


def test_a_second_worker_of_one_name_stops_the_first(run: Run) -> None:
    """A name given to two workers by mistake: the older one ends with a reason instead of idling unseen."""
    run.feed(100)
    with engine(run, member="twin") as first:
        wait_until(lambda: first.engine.stats.records > 0)
        with engine(run, member="twin"):
            stopped = first.ended()
            assert stopped is not None
            run.feed(100, seed=2)
            run.drain()
    assert run.check() == 200
