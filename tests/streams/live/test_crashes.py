"""Crashes between insert and commit: tables hold rows of batches that never happened, and nothing of them may stand.

What ClickHouse has taken stays there. A worker that goes on from the last commit reads the same records, divides them
into other batches, and may look at the clock at another moment or know other rules.
"""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.topics import load_topics
from streams.core import members, segments
from streams.core.algebra import RecordedEvent
from streams.core.declarations import Kinds
from streams.core.routes import KINDS
from streams.core.rows_change import MetricChangeRow
from streams.core.rules import Policy, Rules
from streams.core.support.sla_policy import Limit, SlaPolicy
from streams.live.fold import plans
from streams.live.fold.batch import Batch
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.streams.core.test_laws import FAR, WORLDS, mrr_policies, rows_of_states
from tests.support.batches import Tables, recorded, shown, written
from tests.support.histories import HOUR, START
from tests.support.histories_support import chatter
from tests.support.levels import LEVELS, levels
from tests.support.machine import run
from tests.support.money import money_histories
from tests.support.records import CODEC, Record, event, record

TYPES = frozenset(kind for topic in load_topics().values() for kind in topic.event_types)
CRASHING = WORLDS | {"dense money": money_histories(20), "chatter": chatter()}
_OF_ARRIVAL = frozenset({"event", "dead_letter", MetricChangeRow.TABLE})
"""Tables whose rows are about records, and not about what they add up to."""

rulings = st.builds(
    lambda followup, mrr, rest: msgspec.structs.replace(
        rest, followup=(Policy(0, "default", 172_800), Policy(START, "v2", followup * 3600)), mrr=mrr
    ),
    st.integers(1, 400),
    mrr_policies,
    levels,
)
moments = st.integers(0, 60 * 24).map(lambda hours: START + hours * HOUR)


class Life:
    """A partition, its committed store, and the tables that all its batches were inserted into, committed or not."""

    def __init__(self, rules: Rules, kinds: Kinds = KINDS) -> None:
        self.kinds = kinds
        self.rules, self.store, self.tables = rules, MemoryStore(), Tables()
        self.dead: set[int] = set()
        self.now = 0
        self.begin()

    def begin(self) -> None:
        """Open the partition from what was committed."""
        self.partition = Partition("any", 0, self.store, codec=CODEC, rules=self.rules, types=TYPES, kinds=self.kinds)

    def end(self, batch: Batch, fate: str) -> bool:
        """Insert a batch, and commit it or not: "crash" begins a new life, "void" goes on in this one."""
        written(self.tables, batch)
        if fate != "commit":
            if fate == "crash":
                self.begin()
            return False
        self.dead.update(letter.offset for letter in batch.dead)
        self.partition.commit(batch)
        return True

    def take(self, records: list[Record], fate: str = "commit") -> list[Record]:
        """Process a batch of records; return those that are still to come."""
        batch = self.partition.process(records)
        return records[batch.records :] if self.end(batch, fate) else records

    def tick(self, now: int, fate: str = "commit", *, is_caught_up: bool = True) -> None:
        """Look at the time, which never goes back."""
        self.now = max(self.now, now)
        if self.partition.next_deadline() <= self.now:
            self.end(self.partition.tick(self.now, is_caught_up=is_caught_up), fate)

    def use(self, rules: Rules) -> None:
        self.rules = rules
        self.partition.use(rules)

    def finish(self, records: list[Record]) -> Tables:
        """Take what is left, let time pass, and return what the tables show."""
        while records:
            records = self.take(records)
        while self.partition.next_deadline() <= FAR:
            self.tick(FAR)
        return shown(self.tables)


fates = st.sampled_from(["commit", "crash", "void"])


@pytest.fixture(params=[1, 2, 3, 64], ids="segments of {}".format)
def short_segments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let many segments and batches fit into short histories."""
    monkeypatch.setattr(plans, "MOST_RECORDS", 3)
    monkeypatch.setattr(segments, "SEGMENT", request.param)
    monkeypatch.setattr(members, "MOST", 1)
    monkeypatch.setattr(segments, "CHUNK", 2)


def figures(tables: Tables) -> Tables:
    return Tables({key: row for key, row in tables.items() if key[0] not in _OF_ARRIVAL})


def expected(history: list[RecordedEvent], dead: set[int], rules: Rules) -> Tables:
    """Return the rows of the plain fold of what was taken."""
    machine = run([note for offset, note in enumerate(history) if offset not in dead], until=FAR, rules=rules)
    rows = rows_of_states(machine).values()
    plain = [(row.TABLE, row.KEY, msgspec.structs.astuple(row)) for row in rows]
    return Tables({(table, *values[:size]): values for table, size, values in plain})


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("world", CRASHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_of_batches_that_were_never_committed_do_not_show(world: str, data: st.DataObject) -> None:
    """A row that nobody takes away is counted for ever: batches end elsewhere after a crash, and rows move on."""
    history = data.draw(CRASHING[world])
    records = recorded(history)
    rules = data.draw(rulings)
    calm, life = Life(rules), Life(rules)
    for one in records:
        calm.take([one])
    left = records
    for size, fate, now in data.draw(
        st.lists(st.tuples(st.integers(0, len(records)), fates, st.none() | moments), max_size=8)
    ):
        if size and left:
            left = life.take(left[:size], fate) + left[size:]
        elif now is not None:
            life.tick(now, fate, is_caught_up=not left)
    tables = life.finish(left)
    assert tables == calm.finish([])
    assert figures(tables) == expected(history, life.dead, rules)


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("world", CRASHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nor_do_those_made_under_rules_that_hold_no_longer(world: str, data: st.DataObject) -> None:
    """Rules may change again before anything was committed under them: what they made has to go all the same."""
    history = data.draw(CRASHING[world])
    rules = data.draw(st.lists(rulings, min_size=2, max_size=3))
    life, left = Life(LEVELS), recorded(history)
    left = life.take(left[:1]) + left[1:]
    plan = st.tuples(st.integers(0, len(left)), fates, st.none() | st.sampled_from(rules), moments)
    for size, fate, ruling, now in data.draw(st.lists(plan, max_size=8)):
        if ruling is not None:
            life.use(ruling)
        if size and left:
            left = life.take(left[:size], fate) + left[size:]
        else:
            life.tick(now, fate, is_caught_up=not left)
    life.use(rules[-1])
    tables = life.finish(left)
    assert figures(tables) == expected(history, life.dead, rules[-1])


def test_time_that_passed_before_a_crash_passes_again_before_anything_else() -> None:
    """A tick gave a clock its target, and crashed; the solve that came meanwhile had ended the clock before that."""
    target = SlaPolicy(
        0, "p", START + 48 * HOUR, "v", True, "", ((),) * 5, (Limit("resolution", "", 240 * HOUR, False),)
    )
    solve = event(1, ticket_id="t1", occurred_at=START + 24 * HOUR)
    records = [
        record(0, "ticket_opened", event(0, ticket_id="t1", channel="EMAIL", occurred_at=START), at_ms=START // 1000),
        record(1, "ticket_solved", solve, at_ms=(START + 72 * HOUR) // 1000),
    ]
    life = Life(Rules(sla=(target,)))
    life.take(records[:1])
    life.tick(START + 50 * HOUR)
    life.tick(START + 50 * HOUR, "crash")
    assert [key for key in life.tables if key[0] == "sla_instance"], "inserted, and not committed"
    assert not [key for key in life.finish(records[1:]) if key[0] == "sla_instance"]
