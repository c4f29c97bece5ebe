"""Histories of tickets and invoices folded by the product in process: each event stored when it happened."""

from collections.abc import Iterable, Sequence
from typing import Any

from infra.proofs import joined, recount
from schemas.topics import load_topics
from streams.core import routes
from streams.core.events import parse
from streams.core.rows import TABLES
from streams.core.rules import Rules, rules_from
from streams.ingest import translate
from streams.ingest.mapping import load
from streams.ingest.translate import Event
from streams.live.fold.partition import Partition
from streams.live.fold.parts import gathered
from streams.live.fold.stage import Stage
from streams.live.store.memory import MemoryStore
from tests.support.batches import Tables, shown, written
from tests.support.records import CODEC, Record, uid

DAY = 86_400_000_000
AT_ONCE = 30 * DAY
TOPICS = ("support", "billing")


def rules() -> Rules:
    """The settings that the mapping of the joined receivables sends once."""
    sent = [outcome.events[0] for outcome in translate.once(load(joined.RECEIVABLES))]
    return rules_from(parse(*CODEC.decode_array(CODEC.encode(each.type, each.fields))) for each in sent)  # type: ignore[misc] # settings


def folded(events: Iterable[Event], until: int) -> dict[str, list[dict[str, Any]]]:
    """Fold events a month at a time, let time pass up to a moment, and return rows by table and column."""
    every = sorted(events, key=lambda each: int(each.fields["occurred_at"]))
    known, tables = rules(), Tables()
    types = {topic: frozenset(load_topics()[topic].event_types) for topic in TOPICS}
    partitions = {
        topic: Partition(topic, 0, MemoryStore(), codec=CODEC, rules=known, types=types[topic]) for topic in TOPICS
    }
    stage = Stage(0, MemoryStore(), rules=known, ledgers=routes.STAGE)

    def committed(owner: Any, batch: Any) -> Any:
        assert not batch.dead
        written(tables, batch)
        owner.commit(batch)
        return batch

    now = int(every[0].fields["occurred_at"]) if every else until
    while every or now < until:
        now = min(until, now + AT_ONCE)
        place = next((at for at, each in enumerate(every) if each.fields["occurred_at"] > now), len(every))
        batches = []
        for topic, partition in partitions.items():
            left = _records([each for each in every[:place] if each.type in types[topic]])
            while left:
                batches.append(committed(partition, partition.process(left)))
                del left[: batches[-1].records]
            while partition.next_deadline() <= now:
                batches.append(committed(partition, partition.tick(now)))
        del every[:place]
        committed(stage, stage.take(gathered(batch.machine.parts for batch in batches)))
        while stage.next_deadline() <= now:
            committed(stage, stage.tick(now))
    assert not stage.accounts_aside
    return _by_table(tables)


def _records(events: Sequence[Event]) -> list[Record]:
    return [
        Record(
            place,
            each.fields["account_id"].encode(),
            CODEC.encode(each.type, each.fields),
            int(each.fields["occurred_at"]) // 1000,
        )
        for place, each in enumerate(events)
    ]


def _by_table(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    wanted = (*recount.TABLES, "account_health", "risk_episode")
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in wanted}
    for key, row in shown(tables).items():
        if key[0] in found:
            found[key[0]].append(dict(zip(TABLES[key[0]].__struct_fields__, row, strict=True)))
    return found


def differences(rows: dict[str, list[dict[str, Any]]], until: int) -> dict[str, Any]:
    """Return what only the recount has and what only the product has, as corrected and as known: nothing, hopefully.

    Each event was stored when it happened, so what was known at each moment is what was so.
    """
    wanted, found = joined.recounted(rows, until), {}
    for is_known in (False, True):
        health, episodes = (
            [row for row in rows[table] if bool(row["is_known"]) is is_known]
            for table in ("account_health", "risk_episode")
        )
        shown = joined.told(health, episodes)
        for what, one, other in (
            ("health", wanted.health, shown.health),
            ("episodes", wanted.episodes, shown.episodes),
        ):
            for side, lines in (("recount", one - other), ("product", other - one)):
                if lines:
                    found[f"{what}, known {is_known}, only by the {side}"] = sorted(lines, key=str)
    return found


def told(event_type: str, number: int, at: int, **fields: Any) -> Event:
    """An event of the account A."""
    named = {"event_id": uid(number), "source": "story:1", "account_id": "A", "occurred_at": at}
    return Event(event_type, named | fields)


def late_payer() -> list[Event]:
    """Tickets that are escalated and solved late, and an invoice that is paid long after it was due."""
    begin, money, found = 15_000 * DAY, {"currency": "EUR", "exponent": 2}, list[Event]()
    for number in range(8):
        at, ticket = begin + 11 * number * DAY, {"ticket_id": f"T{number}"}
        found.append(told("ticket_opened", 10 * number, at, channel="web", **ticket))
        if number % 3 == 1:
            found.append(
                told("ticket_escalated", 10 * number + 1, at + DAY // 24, actor="AGENT", kind="FUNCTIONAL", **ticket)
            )
        found.append(told("ticket_solved", 10 * number + 2, at + (2 + 4 * number) * DAY, actor="AGENT", **ticket))
    for number, paid in ((0, 20), (1, 75)):
        at, invoice = begin + number * DAY, {"invoice_id": f"I{number}"}
        issue = {"issued_at": at, "due_at": at + 30 * DAY, "total": 900, "collection_method": "SEND_INVOICE"}
        found.append(told("invoice_issued", 500 + number, at, **invoice, **issue, **money))
        payment = {"payment_id": f"P{number}", "amount": 900, "paid_at": at + paid * DAY}
        found.append(told("invoice_paid", 510 + number, at + paid * DAY, **invoice, **payment, **money))
    return found
