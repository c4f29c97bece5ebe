"""Mistakes of our own core: the event that it fails on is put aside, whatever came with it goes on, nothing is lost."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.topics import load_topics
from streams.core.algebra import RecordedEvent
from streams.core.billing import ledger
from streams.core.rules import Rules
from streams.core.support import talking
from streams.core.survey import response_rows
from streams.core.survey.response import Response
from streams.live.fold.batch import Batch
from streams.live.fold.partition import Partition
from streams.live.fold.quarantine import LIMIT, REASON
from streams.live.store.memory import MemoryStore
from streams.live.store.port import StoreCorruptedError
from tests.support.batches import Tables, shown, written
from tests.support.records import CODEC, NOW_MS, Record, event, record, submitted

TYPES = frozenset(kind for topic in load_topics().values() for kind in topic.event_types)
POISON = "poison"
NOW, DAY = NOW_MS * 1000, 86_400_000_000


class Mistake(Exception):  # noqa: N818 - a name for a bug
    """What a planted bug raises."""


def opened(store: MemoryStore | None = None, rules: Rules | None = None) -> Partition:
    return Partition(
        "any", 0, MemoryStore() if store is None else store, codec=CODEC, rules=rules or Rules(), types=TYPES
    )


@pytest.fixture
def mistaken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Core with a bug in the rows of responses and one in those of tickets' messages: both fail on what is poison."""
    monkeypatch.setattr(response_rows, "_response", _failing(response_rows._response, _of_response))
    monkeypatch.setattr(talking, "message_of", _failing(talking.message_of, _of_ticket))
    return monkeypatch


def _failing(right: Callable[..., Any], poisoned: Callable[[Any], bool]) -> Callable[..., Any]:
    def wrong(view: Any, *rest: Any) -> Any:
        if poisoned(view):
            raise Mistake("the customer's own words")
        return right(view, *rest)

    return wrong


def _of_response(response: Response) -> bool:
    return response.submitted is not None and response.submitted.response_id.startswith(POISON)


def _of_ticket(recorded: RecordedEvent) -> bool:
    event: Any = recorded.event
    said: str = event.message_id
    return said.startswith(POISON)


def message(offset: int, ticket: str, named: str = "") -> Record:
    fields = {"ticket_id": ticket, "message_id": named or f"m{offset}", "author_type": "BOT"}
    return record(offset, "message_added", event(offset + 1, **fields))


def answered(offset: int, *, poison: bool = False) -> Record:
    return record(offset, "response_submitted", submitted(offset + 1, f"{POISON if poison else 'r'}{offset}"))


def subscribed(offset: int, subscription: str) -> Record:
    item = {"item_id": "i", "plan_id": "p", "unit_amount": 10_000, "interval": "MONTH"}
    fields: dict[str, Any] = {"subscription_id": subscription, "status": "ACTIVE", "items": [item], "currency": "USD"}
    times = {"period_start": NOW, "period_end": NOW + 30 * DAY, "effective_at": NOW}
    return record(offset, "subscription_started", event(offset + 1, exponent=2, **fields, **times))


def put_aside(batch: Batch) -> dict[int, str]:
    return {letter.offset: letter.detail for letter in batch.dead if letter.reason == REASON}


@pytest.mark.usefixtures("mistaken")
def test_one_event_that_the_core_fails_on_is_put_aside_and_the_others_go_on() -> None:
    """Deterministic as it is, it would fail after every restart, and with it all accounts of the partition."""
    records = [answered(0), answered(1, poison=True), message(2, "T1"), message(3, "T1", POISON), message(4, "T1")]
    batch = opened().process(records)
    assert put_aside(batch) == {
        1: "Mistake in streams.core.survey.response_rows.project",
        3: "Mistake in streams.core.support.talking.take_message",
    }
    assert (batch.records, batch.next_offset, len(batch.dead)) == (5, 5, 2)
    assert sorted(row[4] for row in batch.rows["event"]) == [0, 2, 4]
    assert len(batch.rows["ticket_message"]) == 2
    assert "own words" not in str(batch.dead), "what an error quotes may be somebody's"


def said(kind: tuple[str, bool], offset: int) -> Record:
    ticket, poison = kind
    return (
        answered(offset, poison=poison)
        if not ticket
        else message(offset, ticket, f"{POISON}{offset}" if poison else "")
    )


told = st.lists(st.tuples(st.sampled_from(["", "T1", "T2"]), st.integers(0, 4).map(lambda n: n == 0)), max_size=14)


@pytest.mark.usefixtures("mistaken")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the bug is the same for all examples
@given(told, st.lists(st.integers(1, 6), max_size=4))
def test_batches_do_not_show_in_what_is_put_aside(kinds: list[tuple[str, bool]], sizes: list[int]) -> None:
    """A rebuild divides the records otherwise; it must refuse the same ones and end in the same states."""
    records = [said(kind, offset) for offset, kind in enumerate(kinds)]
    assert _taken(records, [1] * len(records)) == _taken(records, sizes)


def _taken(records: Sequence[Record], sizes: Sequence[int]) -> tuple[dict[int, str], dict[bytes, bytes]]:
    store, aside, left = MemoryStore(), dict[int, str](), list(records)
    partition = opened(store)
    for size in [*sizes, len(left)]:
        batch = partition.process(left[:size])
        partition.commit(batch)
        aside |= put_aside(batch)
        left = left[size:]
    return aside, {key: value for key, value in store.scan() if key[:1] != b"\0"}


def test_what_was_put_aside_is_taken_in_once_the_bug_is_mended(mistaken: pytest.MonkeyPatch) -> None:
    """A redriven record comes with its own identity, which must not count as known; late is as good as in time."""
    records = [message(0, "T1"), message(1, "T1", POISON), answered(2, poison=True)]
    store, calm = MemoryStore(), MemoryStore()
    partition = opened(store)
    first = partition.process(records)
    partition.commit(first)
    mistaken.undo()
    again = partition.process(records)
    partition.commit(again)
    assert (again.duplicates, again.dead) == (1, [])
    whole, tables, others = opened(calm), Tables(), Tables()
    for batch in (first, again):
        written(tables, batch)
    for one in records:
        batch = whole.process([one])
        written(others, batch)
        whole.commit(batch)
    assert {name: row for name, row in shown(tables).items() if name[0] != "dead_letter"} == shown(others)


def test_a_ledger_that_fails_puts_its_event_aside_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event has left its own rows in the batch by then: the batch is made anew without them."""
    right = ledger._row

    def wrong(book: Any, profile: str, posting: Any, change: Any, *rest: Any) -> Any:
        if change.subscription_id == POISON:
            raise Mistake
        return right(book, profile, posting, change, *rest)

    monkeypatch.setattr(ledger, "_row", wrong)
    batch = opened().process([subscribed(0, "s1"), subscribed(1, POISON), subscribed(2, "s2")])
    assert put_aside(batch) == {1: "Mistake in streams.core.billing.ledger._rows_by"}
    assert {row[1] for row in batch.rows["subscription"]} == {"s1", "s2"}


@pytest.mark.usefixtures("mistaken")
def test_a_bug_that_many_events_meet_stops_the_worker() -> None:
    """A release that fails on everything is to be taken back, not to fill the dead letters."""
    few = [answered(offset, poison=True) for offset in range(LIMIT)]
    assert len(put_aside(opened().process(few))) == LIMIT
    with pytest.raises(Mistake):
        opened().process([*few, message(LIMIT, "T1", POISON)])


@pytest.mark.parametrize("error", [StoreCorruptedError("bad block"), OSError("disk"), MemoryError()])
def test_what_is_not_the_cores_mistake_is_raised_as_it_is(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails says nothing of the event that was just being read."""
    store = MemoryStore()
    partition = opened(store)
    if isinstance(error, MemoryError):
        monkeypatch.setattr(response_rows, "_response", lambda *_: _raise(error))
    else:
        monkeypatch.setattr(store, "get", lambda *_: _raise(error))
    with pytest.raises(type(error)):
        partition.process([answered(0)])


def _raise(error: Exception) -> Any:
    raise error
