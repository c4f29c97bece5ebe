"""How much one batch may fold and one record may hold: beyond it a batch ends and a segment begins; none is refused."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.topics import load_topics
from streams.core.billing.choices import MrrPolicy, parse
from streams.core.rules import Rules
from streams.live.fold import partition
from streams.live.fold.batch import Batch
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.support.batches import Tables, recorded, shown, written
from tests.support.histories import HOUR, START, histories
from tests.support.histories_billing import INVOICES, SUBSCRIPTIONS, billing_histories
from tests.support.histories_support import support_histories
from tests.support.levels import LEVELS
from tests.support.records import CODEC, NOW_MS, Record, event, record, submitted

WORLDS = {
    "survey": histories(),
    "subscriptions": billing_histories(SUBSCRIPTIONS),
    "invoices": billing_histories(INVOICES),
    "tickets": support_histories(),
}
HEAD = 64
"""Bytes of a state besides what came: when, how often, how far."""
FAR = START + 365 * 24 * HOUR
TYPES = frozenset(kind for topic in load_topics().values() for kind in topic.event_types)
NOW, DAY = NOW_MS * 1000, 86_400_000_000


def corrected(number: int, response_id: str = "r1", **fields: Any) -> Record:
    answers = [{"question_id": "q1", "kind": "NPS", "number": float(number % 11)}]
    return record(
        number, "response_corrected", event(number, **{"response_id": response_id, "answers": answers} | fields)
    )


def first(number: int, response_id: str = "r1") -> Record:
    return record(number, "response_submitted", submitted(number, response_id))


def subscribed(number: int, subscription: str, items: int = 1, kind: str = "subscription_started") -> Record:
    at = NOW - (500 - number) * DAY // 2
    held = [
        {"item_id": f"i{each}", "plan_id": "p", "unit_amount": 100 + number, "interval": "MONTH"}
        for each in range(items)
    ]
    fields = {"subscription_id": subscription, "status": "ACTIVE", "items": held, "currency": "USD", "exponent": 2}
    times = {"period_start": at, "period_end": at + 30 * DAY, "effective_at": at, "occurred_at": at}
    return record(number, kind, event(number, **fields, **times))


def status(number: int, at: int) -> Record:
    to = ("OPEN", "PENDING", "HOLD")[number % 3]
    return record(number, "ticket_status_changed", event(number, ticket_id="t1", to_status=to, occurred_at=at))


TICKET = record(0, "ticket_opened", event(0, ticket_id="t1", channel="EMAIL", occurred_at=NOW - DAY))


class Run:
    """A partition with what its batches brought about: tables, dead letters, sizes of batches."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.store = MemoryStore()
        self.partition = Partition("any", 0, self.store, codec=CODEC, rules=rules or Rules(), types=TYPES, epoch=0)
        self.tables = Tables()
        self.dead: list[tuple[int, str]] = []
        self.batches: list[int] = []

    def take(self, records: list[Record], size: int) -> "Run":
        left = list(records)
        while left:
            batch = self.partition.process(left[:size])
            assert batch.records > 0
            assert batch.next_offset == left[batch.records - 1].offset() + 1
            self.batches.append(batch.records)
            left = left[batch.records :]
            self._commit(batch)
        return self

    def tick(self, now: int) -> "Run":
        while self.partition.next_deadline() <= now:
            batch = self.partition.tick(now)
            self.batches.append(len(batch.entities()))
            self._commit(batch)
        return self

    def _commit(self, batch: Batch) -> None:
        written(self.tables, batch)
        self.dead.extend((letter.offset, letter.reason) for letter in batch.dead)
        self.partition.commit(batch)

    def shown(self) -> Tables:
        return shown(self.tables)

    def largest(self) -> int:
        return max(len(value) for key, value in self.store.scan() if key[:1] != b"\0")


def test_an_entity_may_have_any_number_of_events() -> None:
    """A response that is corrected every day for ten years is valid: what protects a worker is not its length."""
    records = [first(0), *(corrected(number) for number in range(1, 3_000)), first(3_000, "r2"), corrected(5)]
    run = Run().take(records, 500)
    assert not run.dead
    assert {key[2] for key in run.shown() if key[0] == "response"} == {"r1", "r2"}
    assert run.largest() < 8_000


def test_no_record_of_the_changelog_grows_with_what_came() -> None:
    """A megabyte in each event is allowed: a record has to hold a few of them and never all."""
    text = "wordy " * 150_000
    answers = [{"question_id": "q1", "kind": "TEXT", "text": text}]
    records = [first(0), *(corrected(number, answers=answers) for number in range(1, 30)), first(30, "r2")]
    run = Run().take(records, 100)
    assert not run.dead
    assert run.largest() < 4 * len(text)


def test_a_batch_ends_where_it_has_folded_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of changes of one entity in a batch took minutes: the watchdog stopped worker after worker."""
    monkeypatch.setattr(partition, "MOST_WORK", 50)
    records = [first(0), *(corrected(number) for number in range(1, 60)), *(first(n, f"r{n}") for n in range(60, 90))]
    run = Run().take(records, 1_000)
    assert len(run.batches) > 1
    monkeypatch.undo()
    assert run.shown() == Run().take(records, 1_000).shown()


@pytest.mark.parametrize("world", WORLDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the limit is set anew for each example
@given(data=st.data(), most=st.integers(0, 40), size=st.integers(1, 20))
def test_where_batches_end_shows_nowhere(
    monkeypatch: pytest.MonkeyPatch, world: str, data: st.DataObject, most: int, size: int
) -> None:
    """Live and replay end their batches at different records, and must leave the same tables and the same states."""
    records = recorded(data.draw(WORLDS[world]))
    calm = Run(LEVELS).take(records, 1_000).tick(FAR)
    with monkeypatch.context() as small:
        small.setattr(partition, "MOST_WORK", most)
        run = Run(LEVELS).take(records, size).tick(FAR)
    assert (run.shown(), run.dead) == (calm.shown(), calm.dead)
    assert dict(run.store.scan()) == dict(calm.store.scan())


def test_a_ticket_told_backwards_takes_several_batches() -> None:
    """Else five thousand such changes were three minutes of one batch."""
    run = Run().take([TICKET, *(status(number, NOW - number * 1_000_000) for number in range(1, 700))], 5_000)
    assert len(run.batches) > 1
    assert sum(run.batches) == 700


def test_tickets_told_backwards_side_by_side_do_not_cut_batches_to_single_records() -> None:
    """Each batch is a transaction, and what it leaves is read again."""
    opened = [
        record(n, "ticket_opened", event(n, ticket_id=f"t{n}", channel="EMAIL", occurred_at=NOW - DAY))
        for n in range(8)
    ]
    changes = [
        record(
            n,
            "ticket_status_changed",
            event(n, ticket_id=f"t{n % 8}", to_status=("OPEN", "PENDING")[n // 8 % 2], occurred_at=NOW - n * 1_000_000),
        )
        for n in range(8, 1_600)
    ]
    run = Run().take([*opened, *changes], 5_000)
    assert 1 < len(run.batches) < 10


def test_rules_that_change_again_before_all_follow_them_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may end between two policies: what some entities wrote under the first has to go with the second."""
    first, then, last = (
        Rules(mrr=(MrrPolicy("cxledger", 0, name, parse("cxledger", words)),))
        for name, words in (("a", "churn=request"), ("b", "churn=effective rate_of=purchase"), ("c", "pause=keep"))
    )
    records = [subscribed(number, f"s{number}") for number in range(30)]
    run = Run(first).take(records, 100)
    with monkeypatch.context() as small:
        small.setattr(partition, "MOST_WORK", 20)
        run.partition.use(then)
        for _ in ("the rules are committed", "the plan", "and a part of it is carried out"):
            run._commit(run.partition.tick(0))
    assert run.partition.next_deadline() == 0, "some follow the former rules"
    run.partition = Partition("any", 0, run.store, codec=CODEC, rules=last, types=TYPES, epoch=0)
    run.tick(0)
    assert run.shown() == Run(last).take(records, 100).shown()


def test_other_rules_are_applied_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each subscription of a large account rewrites part of one ledger: a new policy may not make the worker stall."""
    run = Run().take([subscribed(number, f"s{number}") for number in range(30)], 100)
    monkeypatch.setattr(partition, "MOST_WORK", 100)
    run.batches.clear()
    other = Rules(mrr=(MrrPolicy("cxledger", 0, "v2", parse("cxledger", "churn=effective rate_of=purchase")),))
    run.partition.use(other)
    run.tick(0)
    assert len(run.batches) > 2
    assert sum(run.batches) == 30
    fresh = Run(other).take([subscribed(number, f"s{number}") for number in range(30)], 100)
    assert run.shown() == fresh.shown()
