"""The log of changes adds up to the figures that readers see where settings and time decide what facts count for."""

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import pytest
from clickhouse_driver import Client

from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.test_real_cases import work

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
LATEST = "2200-01-01 00:00:00"
ACCOUNTS = ("acme", "bolt")
Told = dict[str, object]
Sums = dict[tuple[str, str, dt.date], tuple[Decimal, Decimal]]
NUMERATORS = {
    "late_payment_rate": "late",
    "closed_loop_rate": "contacted_in_time",
    "reopen_rate": "reopened",
    "csat": "positive",
    "csat_mean": "total",
    "ces": "easy",
    "ces_mean": "total",
}
POLICIES = {
    "payment_terms_days": ("5", "14", "60"),
    "followup_target_seconds": ("3600", "200000", "900000"),
    "reopen_horizon_days": ("1", "3", "20"),
}
"""By name, values about what is shipped: what they move is moved to and fro."""


def _day(chance: random.Random, most: int = 40) -> dt.datetime:
    return START + dt.timedelta(days=chance.randrange(most), hours=chance.randrange(24))


def _setting(chance: random.Random) -> Told:
    name = chance.choice(list(POLICIES))
    return {
        "type": "policy_set",
        "account_id": name,
        "policy": name,
        "value": chance.choice(POLICIES[name]),
        "policy_version": "v",
        "valid_from": START + dt.timedelta(days=chance.choice([-9, 0, 12, 12, 25])),
    }


def _scale(chance: random.Random) -> Told:
    question = {"scale_min": chance.choice([1.0, 3.0, None]), "scale_max": 5.0}
    questions = [
        {"question_id": name, "kind": kind, **question, "positive_from": chance.choice([3.0, 4.0, 5.0, None])}
        for name, kind in (("c", "CSAT"), ("e", "CES"))
    ]
    asked = questions[: chance.choice([1, 2, 2])]
    return {"type": "survey_defined", "account_id": chance.choice(ACCOUNTS), "survey_id": "a/b", "version": 1} | {
        "questions": asked,
        "at": _day(chance),
    }


def _answers(chance: random.Random) -> Told:
    numbers = (("n", "NPS", chance.choice([0, 3, 9])), ("c", "CSAT", chance.randrange(3, 6)), ("e", "CES", 4))
    answers = [{"question_id": name, "kind": kind, "number": float(number)} for name, kind, number in numbers]
    return {"type": "response_submitted", "survey_id": "a/b", "survey_version": 1} | {
        "response_id": f"r{chance.randrange(9)}",
        "submitted_at": _day(chance),
        "answers": answers,
    }


def _money(chance: random.Random) -> Iterator[Told]:
    invoice = {
        "invoice_id": f"i{chance.randrange(40)}",
        "currency": chance.choice(["USD", "USD", "EUR"]),
        "exponent": 2,
    }
    issued = {**invoice, "type": "invoice_issued", "issued_at": _day(chance), "total": 1000}
    yield issued | ({} if chance.random() < 0.7 else {"due_at": _day(chance, 60)})
    if chance.random() < 0.6:
        paid_at = _day(chance) + dt.timedelta(days=20)
        yield {**invoice, "type": "invoice_paid", "payment_id": "p", "paid_at": paid_at, "amount": 1000}


def _ticket(chance: random.Random) -> Iterator[Told]:
    name, at = f"t{chance.randrange(30)}", _day(chance)
    yield {"type": "ticket_opened", "ticket_id": name, "channel": "email", "at": at}
    yield {"type": "ticket_status_changed", "ticket_id": name, "to_status": "SOLVED", "at": at + dt.timedelta(days=2)}
    if chance.random() < 0.8:
        later = at + dt.timedelta(days=2 + chance.choice([0.5, 2, 6, 15]))
        yield {"type": "ticket_status_changed", "ticket_id": name, "to_status": "OPEN", "at": later}


def history(chance: random.Random, count: int) -> list[Told]:
    """Facts and settings in no order of their days; a third of the settings are taken back or said otherwise later."""
    events: list[Told] = []
    while len(events) < count:
        kind = chance.randrange(7)
        told: list[Told] = []
        if kind == 0:
            told = [_scale(chance)]
        elif kind == 1:
            told = [_setting(chance)]
        elif kind == 2:
            said = [
                (n, e) for n, e in enumerate(events, 1) if e["type"] == "policy_set" and "corrects_event_id" not in e
            ]
            if said:
                number, first = chance.choice(said)
                meant = {**first, "corrects_event_id": f"00000000-0000-4000-8000-{number:012d}"}
                told = [
                    meant
                    | {"is_retraction": chance.random() < 0.5, "value": chance.choice(POLICIES[str(first["policy"])])}
                ]
        elif kind == 3:
            told = [_answers(chance)]
        elif kind == 4:
            response = f"r{chance.randrange(9)}"
            told = [
                {
                    "type": "followup_logged",
                    "response_id": response,
                    "followup_id": "f",
                    "kind": "call",
                    "at": _day(chance),
                }
            ]
        else:
            told = list(_money(chance) if kind == 5 else _ticket(chance))
        account = chance.choice(ACCOUNTS)
        for each in told:
            stored = START + dt.timedelta(days=65 + len(events))
            events.append({"account_id": account, "at": stored, **each, "stored": stored})
    return events


def shown(client: Client, database: str, latest: str) -> Sums:
    """What the log adds up to, of what was known by a moment."""
    rows: Sequence[tuple[str, str, dt.date, Decimal, Decimal]] = client.execute(
        f"SELECT metric, account_id, day, sum(numerator) AS one, sum(denominator) AS other FROM {database}.change_log"
        " WHERE metric IN %(metrics)s AND dimension = '' AND ingested_at <= %(latest)s"
        " GROUP BY metric, account_id, day HAVING one != 0 OR other != 0",
        {"metrics": tuple(NUMERATORS), "latest": latest},
    )
    return {(metric, account, day): (one, other) for metric, account, day, one, other in rows}


def figures(client: Client, database: str) -> Sums:
    """What the views show now."""
    found: Sums = {}
    for metric, numerator in NUMERATORS.items():
        rows: Sequence[tuple[str, dt.date, float, int]] = client.execute(
            f"SELECT dimension_value, window_start, toFloat64(sum({numerator})), sum(n) FROM {database}.{metric}"
            " WHERE grain = 'day' AND dimension = 'account' GROUP BY dimension_value, window_start"
        )
        found |= {(metric, account, day): (Decimal(one), Decimal(other)) for account, day, one, other in rows}
    return found


@pytest.mark.servers
@pytest.mark.parametrize("seed", range(2))
def test_the_log_adds_up_whatever_is_set_when(
    client: Client, empty: Callable[[Warehouse], Migrated], seed: int
) -> None:
    """Whoever sees a figure move because a setting did finds the step in the log, and no step that did not happen.

    The log up to a moment is that of the events up to it, and the log of all events is what the views show now.
    """
    events = history(random.Random(seed), 240)
    counts = (120, 240)
    then: list[Sums] = []
    for count in counts:
        warehouse, generation = empty(Warehouse(time_zone="Europe/Kyiv"))
        work(ClickHouseSink(client, generation, checked=True), events[:count], 0)
        assert shown(client, warehouse.database, LATEST) == figures(client, warehouse.database)
        then.append(shown(client, warehouse.database, str(events[count - 1]["stored"])[:19]))
    for count, expected in zip(counts, then, strict=True):
        assert shown(client, warehouse.database, str(events[count - 1]["stored"])[:19]) == expected
    asked = f"SELECT uniqExact(metric) > 3 FROM {warehouse.database}.setting_change WHERE entity_kind = 'account'"
    assert client.execute(asked) == [(1,)]
