"""Health on a real broker and ClickHouse: what all topics say of an account, and a mistake that stops no money."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from infra import local, wiring
from infra.sending import Sender
from infra.settings import Settings
from infra.standing import settle
from streams.core.health.facts import HEALTH
from streams.core.routes import KINDS
from streams.live.worker.assembly import product_engine
from tests.support.waiting import wait_until

DAY = 86_400_000_000
MONEY = {"currency": "USD", "exponent": 2}
NONE, ALL = ({"signal_from": 0.0, "value": value} for value in (0.0, 100.0))
UNTIL_50 = {"signal_from": 50.0, "value": 0.0}


@contextmanager
def working(here: Settings) -> Iterator[None]:
    """Run the product's engine in a thread, over the core as this process has it."""
    told, sink = wiring.engine_settings(here, member="test"), wiring.sink(here)
    engine = product_engine(settings=told, sink=sink, codec=wiring.codec(here), clock=wiring.clock)
    ended: list[BaseException] = []

    def go() -> None:
        try:
            engine.run()
        except BaseException as error:  # noqa: BLE001 - judged below, in the test's own thread
            ended.append(error)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        engine.stop()
        thread.join(60)
        assert not thread.is_alive()
        sink.close()
        assert ended == []


@pytest.fixture
def alone(here: Settings) -> Settings:
    """One partition, so that what one account's mistake would stop is every account."""
    made = msgspec.structs.replace(here, partitions=1)
    local.prepare(made)
    return made


def _settings(now: int) -> list[tuple[str, dict[str, Any]]]:
    components = [
        {"name": "nps", "signal": "nps", "weight": 40, "points": [NONE, {"signal_from": 9.0, "value": 75.0}]},
        {"name": "overdue", "signal": "overdue_share", "weight": 40, "points": [ALL, UNTIL_50]},
        {"name": "touch", "signal": "touch_days", "weight": 20, "points": [ALL, UNTIL_50]},
    ]
    bands = [{"name": "red", "up_to": 50.0}, {"name": "green", "up_to": 100.0}]
    return [
        ("health_model_set", {"account_id": "health:house", "model_id": "house", "model_version": "v1", "position": 0,
                              "components": components, "bands": bands, "bands_version": "b1",
                              "valid_from": now - 100 * DAY}),
    ]  # fmt: skip


def _story(account: str, now: int) -> list[tuple[str, dict[str, Any]]]:
    """One event or two of each topic: a promoter, an invoice 70 days late, a call yesterday, a doubt of the manager."""
    day = now // DAY * DAY
    answer = {"question_id": "q", "kind": "NPS", "number": 9.0}
    period = {"period_start": day - 20 * DAY, "period_end": day + 10 * DAY, **MONEY}
    seat = {"item_id": "seats", "plan_id": "team", "quantity": 2, "unit_amount": 5_000, "interval": "MONTH"}
    said: list[tuple[str, int, dict[str, Any]]] = [
        ("subscription_started", 150, {"subscription_id": "s1", "status": "ACTIVE", "items": [seat], **period}),
        ("invoice_issued", 100, {"invoice_id": "i1", "total": 10_000, "due_at": day - 70 * DAY, **MONEY}),
        ("response_submitted", 3, {"response_id": "r1", "survey_id": "s", "survey_version": 1, "answers": [answer]}),
        ("touch_logged", 1, {"touch_id": "t1", "kind": "call", "direction": "OUTBOUND", "manager_id": "kim"}),
        ("manager_sentiment_set", 1, {"sentiment_id": "m1", "sentiment": -1, "manager_id": "kim"}),
        ("health_override_set", 1, {"override_id": "o1", "band": "red", "reason": "Sponsor has left", "set_by": "kim",
                                    "expires_at": day + 30 * DAY}),
    ]  # fmt: skip
    times = {
        "subscription_started": "effective_at", "invoice_issued": "issued_at", "response_submitted": "submitted_at",
        "manager_sentiment_set": "set_at", "health_override_set": "set_at",
    }  # fmt: skip
    found = []
    for kind, days, fields in said:
        at = day - days * DAY
        own = {times[kind]: at} if kind in times else {}
        found.append((kind, {"account_id": account, "occurred_at": at, **own, **fields}))
    return found


def _send(here: Settings, events: list[tuple[str, dict[str, Any]]], number: int = 0) -> None:
    with Sender(here) as sender:
        for each, (kind, fields) in enumerate(events, start=number):
            identity = {"event_id": f"00000000-0000-4000-8000-{each:012d}", "source": "test:main"}
            sender.event(kind, {**identity, "occurred_at": wiring.clock(), **fields})


@pytest.fixture
def ask(alone: Settings) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    client = wiring.clickhouse(alone, database=alone.database)
    yield lambda query: [tuple(row) for row in client.execute(query)]
    client.disconnect()


@pytest.mark.servers
@pytest.mark.timeout(240)
def test_topics_a_model_and_a_person_make_health_and_a_mistake_in_it_stops_no_money(
    alone: Settings, ask: Callable[[str], list[tuple[Any, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is tested in memory rests on rows that arrive: here they go through Kafka, the engine and ClickHouse.

    The stage fails on one of two accounts of one partition. It is put aside and named; its money, and all of the other
    account, go on, before and after.
    """
    ledger = KINDS.stage[HEALTH]

    def planted(acc: Any, scope: Any, outputs: Any) -> None:
        if acc.account == "bad":
            raise ZeroDivisionError
        ledger.project(acc, scope, outputs)

    monkeypatch.setitem(KINDS.stage, HEALTH, replace(ledger, project=planted))
    now = wiring.clock()

    def arrive(query: str, rows: list[tuple[Any, ...]], seconds: float = 90) -> None:
        wait_until(lambda: ask(query) == rows, seconds)

    with working(alone):
        _send(alone, [*_settings(now), *_story("good", now), *_story("bad", now)])
        settle(alone, lambda: None)
        arrive("SELECT account_id, detail LIKE 'ZeroDivisionError%' FROM account_aside", [("bad", 1)])
        arrive(
            "SELECT account_id, score, band, coverage, override, weakest FROM health_now WHERE model_id = 'house'",
            [("good", 50.0, "red", 1.0, "red", ["overdue", "nps"])],
        )
        paid = {"invoice_id": "i1", "amount": 10_000, "payment_id": "p1", **MONEY}
        _send(alone, [("invoice_paid", {"account_id": "bad", "occurred_at": now, "paid_at": now, **paid})], 100)
        settle(alone, lambda: None)
        arrive("SELECT account_id, open_micros FROM invoice ORDER BY account_id", [("bad", 0), ("good", 100_000_000)])
    assert ask("SELECT account_id, mrr_micros, receivable_micros, sentiment FROM account_now") == [
        ("good", [100_000_000], [100_000_000], -1.0)
    ]
    assert ask("SELECT DISTINCT account_id, is_known FROM account_health ORDER BY is_known") == [
        ("good", 0), ("good", 1)
    ]  # fmt: skip
    assert ask("SELECT account_id, rule_id, severity, days_open, is_worst FROM risk_open ORDER BY rule_id") == [
        ("good", "overdue", "high", 9, 1)
    ]
    assert ask("SELECT DISTINCT account_id FROM mrr_movement ORDER BY 1") == [("bad",), ("good",)]
    assert ("our_code_folds_what_topics_say_together", "bad") in ask(
        "SELECT invariant, account_id FROM broken_invariant"
    )
