"""The account stage: members in partitions of their own feed one ledger, and nobody sees in which order.

The oracle is one partition that reads all topics, with the same ledgers in it: what the stage must come to.
"""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core import segments
from streams.core.algebra import RecordedEvent
from streams.core.limits import NEVER
from streams.core.log import Log
from streams.core.machine import Parts
from streams.core.rows import TABLES
from streams.core.rules import Rules
from streams.live.fold import partition as fold
from streams.live.fold import plans
from streams.live.fold.parts import PartsCodec
from streams.live.fold.stage import ASIDE, INBOX, Stage, time_of
from streams.live.store.memory import MemoryStore
from tests.streams.core.test_ledgers_by_time import STRICT, answered, issued, opened
from tests.streams.live.test_ledger_deadlines import FAR, Worker, admitted
from tests.support.batches import recorded
from tests.support.histories import START
from tests.support.levels import LEVELS
from tests.support.records import Record, uid
from tests.support.siblings import STAGE, TOPICS, Siblings, figures
from tests.support.warmth import DAY, ROWS, WARMTH, WARMTH_LEDGER, Points, WarmthRow, points_key
from tests.support.warmth_histories import mixed_histories

fates = st.sampled_from(["commit", "commit", "crash", "void"])
moments = st.integers(0, 120).map(lambda halves: START + halves * DAY // 2)
counts = st.fixed_dictionaries({topic: st.integers(0, 3) for topic in TOPICS})
steps = st.lists(st.tuples(counts | moments | st.sampled_from([LEVELS, STRICT]), fates), max_size=14)
STAGED = frozenset(row.TABLE for row in ROWS)


@pytest.fixture(autouse=True)
def toy_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in ROWS:
        monkeypatch.setitem(TABLES, row.TABLE, row)


@pytest.fixture(params=[1, 3, 64], ids="segments of {}".format)
def short_segments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let many segments, batches and records of the inbox fit into short histories."""
    monkeypatch.setattr(plans, "MOST_RECORDS", 3)
    monkeypatch.setattr(segments, "SEGMENT", request.param)
    monkeypatch.setattr(segments, "CHUNK", 2)
    monkeypatch.setattr("streams.live.fold.parts.MOST_BYTES", 40 * request.param)
    monkeypatch.setattr(fold, "SETTLE_AT_ONCE", request.param)
    monkeypatch.setattr(fold, "MOST_WORK", 5 * request.param)


def history_of(data: st.DataObject) -> list[Record]:
    return recorded([each for each in data.draw(mixed_histories()) if admitted(each)])


def in_one_partition(records: list[Record], rules: Rules) -> Any:
    worker = Worker(rules)
    worker.take(records)
    worker.tick(FAR)
    return figures(worker.tables)


def go(siblings: Siblings, step: Any, fate: str) -> None:
    match step:
        case Rules():
            siblings.use(step)
        case int():
            siblings.tick(step, fate)
        case _:
            siblings.cycle(step, fate)


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_interleavings_crashes_and_restarts_leave_the_rows_of_one_partition(data: st.DataObject) -> None:
    """Siblings are read in any order, batches are lost after their rows were inserted, lives end, policies change."""
    records = history_of(data)
    calm, siblings = Siblings(records, LEVELS), Siblings(records, LEVELS)
    for step, fate in data.draw(steps):
        go(siblings, step, fate)
    found, expected = siblings.finish(FAR), in_one_partition(records, siblings.rules)
    assert found == expected
    calm.use(siblings.rules)
    calm.finish(FAR)
    assert siblings.state() == calm.state()


@given(st.data())
def test_a_replay_topic_by_topic_ends_like_live(data: st.DataObject) -> None:
    """A replay reads one topic to its end after another, and lets time pass once: no row may show it."""
    records = history_of(data)
    live, replay = Siblings(records, LEVELS), Siblings(records, LEVELS, epoch=0)
    for step, _ in data.draw(steps):
        if not isinstance(step, Rules):
            go(live, step, "commit")
    for topic in data.draw(st.permutations(TOPICS)):
        replay.cycle({topic: len(records)})
    assert replay.finish(FAR) == live.finish(FAR)
    assert replay.state() == live.state()


@given(st.data())
def test_parts_that_come_again_change_nothing(data: st.DataObject) -> None:
    """A replay that was cut short hands over again what the stage has kept: figures and revisions must stay."""
    siblings = Siblings(history_of(data), LEVELS)
    said = []
    take = siblings.stage.take
    siblings.stage.take = lambda parts: said.append(parts) or take(parts)  # type: ignore[method-assign,func-returns-value]
    siblings.finish(START)
    before, stage = siblings.state(), siblings.stage
    for parts in said:
        stage.commit(take(parts))
    while stage.has_work:
        batch = stage.tick(START)
        stage.commit(batch)
    assert siblings.state() == before


def by_id(one: RecordedEvent) -> RecordedEvent:
    """Return an event under an id that admission takes."""
    number = int(one.event.event_id[1:])
    return msgspec.structs.replace(one, event=msgspec.structs.replace(one.event, event_id=uid(number)))


def siblings_of(*events: RecordedEvent) -> Siblings:
    return Siblings(recorded([by_id(each) for each in events]), Rules())


def test_time_passes_for_one_account_while_others_are_told_of_something() -> None:
    """On a busy number parts come in every cycle: who cools meanwhile has to be called all the same."""
    others = [answered(each, 20 + each / 100, 9, str(each)) for each in range(2, 12)]
    busy = [msgspec.structs.replace(each, event=msgspec.structs.replace(each.event, account_id="b")) for each in others]
    siblings = siblings_of(answered(1, 0, 9), *busy)
    while siblings.left["survey"]:
        siblings.cycle({"survey": 1})
        siblings.tick(FAR)
    assert ("cooled", "acme") in {(each.kind, each.account_id) for each in siblings.signals}


def warmth_of(siblings: Siblings) -> tuple[int, bool]:
    (row,) = [row for key, row in figures(siblings.tables).items() if key[0] == "toy_warmth"]
    return row[1:]


def test_members_of_three_topics_feed_one_ledger() -> None:
    """An answer, a ticket and an invoice of one account lie in three partitions: the account's row has all of them."""
    siblings = siblings_of(answered(1, 0, 8), opened(2, 0), issued(3, 0))
    siblings.finish(START)
    assert warmth_of(siblings) == (8 + 2 - 2, False)


def test_parts_are_committed_before_they_are_folded() -> None:
    """Rows of parts that nobody has committed might never be named again: siblings come in another order next time."""
    siblings = siblings_of(answered(1, 0, 8))
    siblings.cycle({"survey": 1})
    assert not [key for key in figures(siblings.tables) if key[0] in STAGED]
    assert siblings.stage.has_work
    assert siblings.stage.next_deadline() == 0, "somebody has to come back for it, though nothing else happens"
    siblings.tick(START)
    assert warmth_of(siblings) == (8, False)


def test_a_sibling_that_lags_holds_time_back_and_an_idle_one_does_not() -> None:
    """To call an account cool before its tickets of that day are read is wrong; no ticket for weeks is an answer."""
    siblings = siblings_of(answered(1, 0, 9), opened(2, 1), opened(3, 6, "2"))
    siblings.cycle({"survey": 1, "support": 1})
    siblings.tick(START + 9 * DAY)
    assert siblings.stage_time() == START + DAY, "a ticket of day six waits"
    siblings.cycle({"support": 1})
    while siblings.tick(START + 9 * DAY):
        pass
    assert siblings.stage_time() >= START + 9 * DAY, "nothing waits anywhere; billing and reference never had a record"
    assert warmth_of(siblings) == (9 + 2 + 2 - 9, False)


def test_what_a_sibling_has_yet_to_do_comes_first() -> None:
    """At one moment members speak before ledgers: none is woken past a deadline that a sibling has not met."""

    class At:
        def __init__(self, deadline: int) -> None:
            self._deadline = deadline

        def next_deadline(self) -> int:
            return self._deadline

    assert time_of([(At(NEVER), 50), (At(NEVER), 40)]) == 40
    assert time_of([(At(30), 50), (At(NEVER), 40)]) == 29
    assert time_of([(At(0), 50), (At(NEVER), 40)]) < 0


def test_a_stage_without_work_asks_for_nothing() -> None:
    """A tick that changes nothing costs nothing: none is due, and one that comes all the same writes nothing."""
    siblings = siblings_of(answered(1, 0, 9))
    siblings.finish(FAR)
    assert siblings.stage.next_deadline() == NEVER
    batch = siblings.stage.tick(FAR + DAY)
    assert not batch.changes
    assert not batch.rows


def of_account(account: str, number: int, day: float, nps: int) -> RecordedEvent:
    one = by_id(answered(number, day, nps, str(number)))
    return msgspec.structs.replace(one, event=msgspec.structs.replace(one.event, account_id=account))


class Planted:
    """A mistake in a ledger, until it is mended: it fails where account "bad" stands at one level of warmth."""

    def __init__(self, level: int) -> None:
        self.level = level
        self.is_there = True
        self.ledgers = {**STAGE, WARMTH: replace(WARMTH_LEDGER, project=self._project)}

    def _project(self, acc: Any, scope: Any, outputs: Any) -> None:
        WARMTH_LEDGER.project(acc, scope, outputs)
        rows = [row for row in outputs.rows if isinstance(row, WarmthRow)]
        if self.is_there and rows and rows[0].account_id == "bad" and rows[0].level == self.level:
            raise ZeroDivisionError


def warmth_by_account(siblings: Siblings) -> dict[Any, Any]:
    return {key[1]: row[1] for key, row in figures(siblings.tables).items() if key[0] == "toy_warmth"}


def aside(siblings: Siblings) -> list[Any]:
    """Return the rows of accounts that are put aside."""
    return [row for key, row in figures(siblings.tables).items() if key[0] == "account_aside"]


MISHAPS = [
    of_account("bad", 1, 0, 8),
    of_account("good", 2, 4, 8),
    of_account("bad", 3, 7, 8),
    of_account("bad", 4, 8, 7),
]


@pytest.mark.parametrize(
    ("level", "again", "where"),
    [(9, {"bad"}, "extend"), (5, set(), "projected")],
    ids=["by an entry", "by time"],
)
def test_an_account_that_our_core_fails_on_is_put_aside_and_others_go_on(
    level: int, again: set[str], where: str
) -> None:
    """A mistake in a score may not stop money, nor any other account; mended, it has lost nothing.

    Tried again it fails again, unless what came since has taken it past what fails, as it has in time.
    """
    planted, sound = Planted(level), Siblings(recorded(MISHAPS), Rules())
    siblings = Siblings(recorded(MISHAPS), Rules(), planted.ledgers)
    for _ in MISHAPS:
        siblings.cycle({"survey": 1})
        while siblings.tick(siblings.read["survey"]):
            pass
    siblings.finish(START + 9 * DAY)
    assert siblings.stage.accounts_aside == {"bad"}
    assert aside(siblings) == [("bad", 0, f"ZeroDivisionError in streams.core.log.{where}")]
    assert warmth_by_account(siblings)["good"] == 3
    responses = [key for key in figures(siblings.tables) if key[0] == "response"]
    assert len(responses) == len(MISHAPS)
    siblings.begin()
    siblings.finish(START + 10 * DAY)
    assert siblings.stage.accounts_aside == again
    assert [account for account, _, _ in aside(siblings)] == sorted(again)
    planted.is_there = False
    siblings.begin()
    assert siblings.finish(FAR) == sound.finish(FAR)
    assert not siblings.stage.accounts_aside
    assert siblings.state() == sound.state()
    assert not [key for key, _ in siblings.stores["account"].scan() if key.startswith(ASIDE)]


def test_an_account_whose_state_cannot_be_written_is_put_aside_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum too wide for a record would stop the worker for good: it is met again at each start."""
    keep_end = Log.keep_end

    def failing(log: Any) -> None:
        if b"bad" in log.key and log.key.startswith(WARMTH.encode()):
            raise OverflowError("too wide")
        keep_end(log)

    monkeypatch.setattr(Log, "keep_end", failing)
    siblings = Siblings(recorded(MISHAPS), Rules())
    for _ in MISHAPS:
        siblings.cycle({"survey": 1})
    siblings.finish(START + 9 * DAY)
    assert aside(siblings) == [("bad", 0, "OverflowError in streams.core.machine.save")]
    assert warmth_by_account(siblings)["good"] == 3


def test_what_is_no_mistake_of_the_core_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is no account's fault: accounts put aside for it would be wrong for ever."""
    siblings = siblings_of(answered(1, 0, 8))
    siblings.cycle({"survey": 1})
    monkeypatch.setattr(siblings.stage, "_store", _Broken(siblings.stage._store))
    with pytest.raises(OSError, match="disk"):
        siblings.stage.tick(START)


class _Broken:
    """A store that finds the inbox, and fails at anything else."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: bytes) -> bytes | None:
        if not key.startswith(INBOX):
            raise OSError("disk")
        return self._store.get(key)  # type: ignore[no-any-return]


def carried_out(stage: Stage) -> list[Any]:
    """Let a stage do what waits; return its rows."""
    rows: list[Any] = []
    while stage.has_work:
        batch = stage.tick(0)
        stage.commit(batch)
        rows += [row for of_table in batch.rows.values() for row in of_table]
    return rows


def part(level: int) -> Parts:
    entry = Points(START, "answer", "1", level)
    return {("acme", WARMTH, ""): {points_key(entry): entry}}


def test_what_is_stated_already_is_no_change() -> None:
    """A replay that was cut short states again what was kept: versions must not rise, or nothing would be equal."""
    stage = Stage(0, MemoryStore(), rules=Rules(), ledgers=STAGE)
    for rows in (2, 0):
        stage.commit(stage.take(part(5)))
        assert len(carried_out(stage)) == rows


def test_one_batch_folds_no_more_than_a_transaction_bears(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of accounts would else be one batch, which no watchdog waits for; the rest waits for the next batches."""
    monkeypatch.setattr("streams.live.fold.parts.MOST_BYTES", 0)
    monkeypatch.setattr(fold, "MOST_WORK", 4)
    entry = Points(START, "answer", "1", 5)
    stage = Stage(0, MemoryStore(), rules=Rules(), ledgers=STAGE)
    stage.commit(stage.take({(f"a{number}", WARMTH, ""): {points_key(entry): entry} for number in range(30)}))
    taken = []
    while stage.has_work:
        batch = stage.tick(0)
        taken.append(sum(key.startswith(INBOX) for key in batch.changes))
        stage.commit(batch)
    assert sum(taken) == 30
    assert max(taken) <= 5


def test_the_inbox_is_read_in_its_order() -> None:
    """A store promises no order: a statement may not be undone by the one that it has replaced."""
    codec, store = PartsCodec(STAGE), MemoryStore()
    for number in (2, 1):
        (record,) = codec.records(part(7 + number))
        store.put_all({INBOX + number.to_bytes(8): record})
    stage = Stage(0, store, rules=Rules(), ledgers=STAGE)
    carried_out(stage)
    assert not carried_out(stage)
    stage.commit(stage.take(part(9)))
    assert not carried_out(stage)
    stage.commit(stage.take(part(3)))
    (waiting,) = [key for key, _ in store.scan() if key.startswith(INBOX)]
    assert waiting > INBOX + (2).to_bytes(8)
