"""The log of changes adds up to the figures that readers see, at every moment, where several entities make one.

A random history is told in parts: what the views show after each is what the log, read after all of them, has of it.
"""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

import pytest
from clickhouse_driver import Client

from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.test_real_cases import work

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
Told = dict[str, object]
Window = tuple[str, str, dt.date, str]
Counted = dict[str, Callable[[str], bool] | str]
Sums = dict[Window, tuple[Decimal, Decimal]]


class Change(NamedTuple):
    """What the tests read of a row of the log."""

    metric: str
    item: str
    day: dt.date
    from_day: dt.date
    grain: str
    numerator: Decimal
    denominator: Decimal
    ingested_at: dt.datetime


def within(days: int) -> Callable[[str], bool]:
    """Whether an item's part counts by a setting of so many days."""
    return lambda item: int(item or 0) <= days


def reopened(item: str) -> bool:
    """Whether a reopening counts by the shipped horizon."""
    return item != "" and int(item) <= 7


SURVEY: Counted = {
    "nps": "",
    "verbatim_rate": "",
    "response_rate": within(14),
    "start_rate": "",
    "completion_rate": "",
    "drop_off": "",
    "topic_nps": "topic_id",
    "topic_share": "topic_id",
}
SUPPORT: Counted = {
    "fcr": within(7),
    "reopen_rate": reopened,
    "topic_volume": "topic_id",
    "channel_mix": "channel_of",
    "ticket_csat": "",
    "ticket_csat_response_rate": "",
}
"""By metric: the column whose groups items name, or whether an item counts by the shipped settings."""
SUCCESS: Counted = {
    "renewal_rate_gross": "concat(currency, '/', policy)",
    "renewal_rate_net": "concat(currency, '/', policy)",
    "onboarding_completion": "",
    "value_reached_share": "horizon_days",
}
MONEY: Counted = dict.fromkeys(("collections", "refund_rate", "refund_rate_cohort", "chargeback_rate"), "currency")
FLOWS = {"collections"}
"""Metrics that divide by nothing."""
SHARES = ("topic_share", "topic_volume", "channel_mix")
"""Metrics of which every group has the whole as its denominator; the views have no row for a group with nothing."""


def spread(chance: random.Random, days: int) -> dt.datetime:
    return START + dt.timedelta(days=chance.randrange(days), hours=chance.randrange(12))


def surveys(chance: random.Random, count: int) -> list[Told]:
    """Invitations, displays and answers of a few people on a few days, in no order of their days, with corrections."""
    events: list[Told] = []
    for number in range(1, count + 1):
        told = chance.choices([answer, invitation, display, tags], [6, 3, 1, 2])[0](chance)
        told["stored"] = START + dt.timedelta(days=131, hours=number)
        told.setdefault("at", told["stored"])
        if number > 1 and chance.random() < 0.15:
            told |= {"corrects_event_id": f"00000000-0000-4000-8000-{chance.randrange(1, number):012d}"}
            told |= {"is_retraction": chance.random() < 0.5}
        events.append(told)
    return events


def answer(chance: random.Random) -> Told:
    told: Told = {"response_id": f"r{chance.randrange(14)}"}
    if chance.random() < 0.1:
        return {**told, "type": "response_deleted"}
    answers: list[Told] = [{"question_id": "q", "kind": "NPS", "number": float(chance.randrange(11))}]
    answers.append({"question_id": "t", "kind": "TEXT", "text": chance.choice([" ", "slow"])})
    told |= {"type": "response_submitted", "survey_id": "s", "survey_version": 1, "answers": answers}
    told |= {"contact_id": chance.choice(["ann", "bob", None]), "invitation_id": f"i{chance.randrange(6)}"}
    told |= {"display_id": f"v{chance.randrange(3)}", "finished": chance.random() < 0.5}
    return told | {"submitted_at": spread(chance, 130)}


def invitation(chance: random.Random) -> Told:
    told: Told = {"invitation_id": f"i{chance.randrange(6)}", "at": spread(chance, 130)}
    if chance.random() < 0.3:
        return told | {"type": "invitation_bounced"}
    return told | {"type": "invitation_sent", "survey_id": "s", "channel": "email"}


def display(chance: random.Random) -> Told:
    told: Told = {"type": "survey_displayed", "survey_id": "s", "display_id": f"v{chance.randrange(3)}"}
    return told | {"at": spread(chance, 130)}


def tags(chance: random.Random) -> Told:
    topics = [{"topic_id": each, "sentiment": "NEGATIVE"} for each in ("price", "speed") if chance.random() < 0.6]
    told: Told = {"type": "response_tagged", "response_id": f"r{chance.randrange(14)}", "topics": topics}
    return told | {"taxonomy_version": "1", "tagger": "rules"}


def money(chance: random.Random, count: int) -> list[Told]:
    """Invoices of two accounts, payments over some of them, their rests and what is given back, with corrections."""
    events: list[Told] = []
    for number in range(1, count + 1):
        told = chance.choices([paid, received, given_back, other_money], [6, 2, 5, 2])[0](chance)
        told |= {"account_id": chance.choice(["east", "west"]), "currency": "USD", "exponent": 2}
        told["stored"] = START + dt.timedelta(days=131, hours=number)
        told.setdefault("at", told["stored"])
        if told["type"] == "refund_failed":
            del told["currency"], told["exponent"]
        if number > 1 and chance.random() < 0.15:
            told |= {"corrects_event_id": f"00000000-0000-4000-8000-{chance.randrange(1, number):012d}"}
            told |= {"is_retraction": chance.random() < 0.5}
        events.append(told)
    return events


def payment(chance: random.Random) -> tuple[str, dt.datetime]:
    """A payment, and when it is said to have come, which is the same for most that tell of it."""
    number = chance.randrange(3)
    moved = chance.random() < 0.2
    return f"p{number}", START + dt.timedelta(days=20 * number + 3 * moved)


def paid(chance: random.Random) -> Told:
    name, at = payment(chance)
    told: Told = {"type": "invoice_paid", "invoice_id": f"i{chance.randrange(2)}", "payment_id": name, "paid_at": at}
    told |= {"amount": chance.choice([2_500, 5_000, 10_000])}
    return told | ({"payment_amount": 15_000} if chance.random() < 0.7 else {})


def received(chance: random.Random) -> Told:
    name, at = payment(chance)
    amount = chance.choice([15_000, 15_000, 12_000])
    return {"type": "payment_received", "payment_id": name, "received_at": at, "amount": amount}


def given_back(chance: random.Random) -> Told:
    """A return, refund, failure of one or claim of a bank."""
    name, _ = payment(chance)
    told: Told = {"payment_id": name, "amount": chance.choice([1_000, 2_500])}
    refund = f"f{chance.randrange(3)}"
    match chance.randrange(5):
        case 0:
            where: Told = {"invoice_id": f"i{chance.randrange(2)}"} if chance.random() < 0.5 else {}
            told |= {
                "type": "payment_returned",
                "return_id": f"x{chance.randrange(2)}",
                "returned_at": spread(chance, 130),
            }
            return told | where
        case 1:
            return {"type": "refund_failed", "refund_id": refund}
        case 2:
            return told | {"type": "dispute_opened", "dispute_id": f"d{chance.randrange(2)}", "at": spread(chance, 130)}
        case _:
            return told | {"type": "payment_refunded", "refund_id": refund, "refunded_at": spread(chance, 130)}


def other_money(chance: random.Random) -> Told:
    """An invoice, or credit that is used, which are no collections."""
    told: Told = {"invoice_id": f"i{chance.randrange(2)}"}
    if chance.random() < 0.5:
        used = {
            "application_id": "u",
            "payment_id": payment(chance)[0],
            "amount": 1_000,
            "applied_at": spread(chance, 130),
        }
        return told | {"type": "credit_applied"} | used
    return told | {"type": "invoice_issued", "issued_at": spread(chance, 130), "total": 20_000}


def success(chance: random.Random, count: int) -> list[Told]:
    """Contracts that are amended, decided on or renew themselves, and onboardings with pauses, in no order of days."""
    events: list[Told] = []
    for number in range(1, count + 1):
        told = contract(chance) if chance.random() < 0.5 else onboarding(chance)
        told["stored"] = START + dt.timedelta(days=131, hours=number)
        told.setdefault("at", spread(chance, 130))
        if number > 1 and chance.random() < 0.1:
            told |= {"corrects_event_id": f"00000000-0000-4000-8000-{chance.randrange(1, number):012d}"}
            told |= {"is_retraction": chance.random() < 0.5}
        events.append(told)
    return events


def contract(chance: random.Random) -> Told:
    of: Told = {
        "contract_id": f"k{chance.randrange(6)}",
        "currency": chance.choice(["USD", "USD", "EUR"]),
        "exponent": 2,
    }
    if chance.random() < 0.4:
        outcome = chance.choice(["RENEWED", "DOWNSOLD", "LOST", "UNKNOWN"])
        amount = {"RENEWED": 50_000, "DOWNSOLD": 30_000}.get(outcome, 0)
        return {
            **of,
            "type": "renewal_decided",
            "outcome": outcome,
            "amount": amount,
            "decided_at": spread(chance, 130),
        }
    start = spread(chance, 60)
    term: Told = {
        "term_kind": "FIXED",
        "starts_at": start,
        "ends_at": start + dt.timedelta(days=chance.randrange(30, 200)),
    }
    notice: Told = {"auto_renew": chance.random() < 0.5, "notice_days": chance.choice([0, 30])}
    return {**of, "type": "contract_set", "annual_value": chance.choice([50_000, 40_000]), **term, **notice}


def onboarding(chance: random.Random) -> Told:
    of: Told = {"onboarding_id": f"o{chance.randrange(6)}"}
    match chance.randrange(6):
        case 0:
            return {**of, "type": "onboarding_paused", "effective_at": spread(chance, 130)}
        case 1:
            return {**of, "type": "onboarding_resumed", "effective_at": spread(chance, 130)}
        case 2 | 3:
            reached: Told = {"reached_at": spread(chance, 130), "is_first_value": chance.random() < 0.5}
            return {**of, "type": "milestone_reached", "milestone_code": chance.choice("ab"), **reached}
        case _:
            plan = [{"milestone_code": code} for code in "ab"]
            return {**of, "type": "onboarding_planned", "starts_at": spread(chance, 130), "milestones": plan}


def figures(client: Client, database: str, counted: Counted) -> Sums:
    """What readers see over all accounts."""
    found: Sums = {}
    for metric, by in counted.items():
        rows: Sequence[tuple[str, dt.date, str, float, float]] = client.execute(
            f"SELECT grain, window_end, {by if isinstance(by, str) and by else repr('')}, numerator, denominator"
            f" FROM {database}.{metric} WHERE dimension = 'all'"
        )
        for grain, end, group, one, other in rows:
            if one or (other and metric not in FLOWS):
                found[metric, grain, end, group] = Decimal(one), Decimal(0 if metric in FLOWS else other)
    return found


def windows_of(row: Change) -> list[tuple[str, dt.date]]:
    """Windows that a change counts in, by their ends."""
    day = row.day
    month = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
    quarter = dt.date(day.year + (day.month + 2) // 12, (day.month + 2) // 3 * 3 % 12 + 1, 1)
    calendar = [
        ("day", day + dt.timedelta(days=1)),
        ("week", day + dt.timedelta(days=7 - day.weekday())),
        ("month", month),
        ("quarter", quarter),
    ]
    last = min(day + dt.timedelta(days=90), dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
    rolling = [row.from_day + dt.timedelta(days=n) for n in range(1, 91) if row.from_day + dt.timedelta(days=n) <= last]
    every = [*calendar, *(("rolling_90d", end) for end in rolling)]
    return [window for window in every if row.grain in ("", window[0])]


def logged(rows: Sequence[Change], counted: Counted, latest: dt.datetime) -> Sums:
    """What the log adds up to, of what was known by a moment."""
    sums: defaultdict[Window, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    groups = {metric: {row.item for row in rows if row.metric == metric} - {""} for metric in SHARES}
    for row in rows:
        by = counted.get(row.metric)
        if by is None or row.ingested_at.replace(tzinfo=dt.UTC) > latest:
            continue
        own = row.item.partition("/")[0] if isinstance(by, str) and by else ""
        if row.metric.startswith("renewal"):
            own = "/".join(row.item.split("/")[:2])
        one = row.numerator if not callable(by) or by(row.item) else Decimal(0)
        for grain, end in windows_of(row):
            sums[row.metric, grain, end, own][0] += one
            for group in groups.get(row.metric, {own}):
                sums[row.metric, grain, end, group][1] += 0 if row.metric in FLOWS else row.denominator
    return {key: (one, other) for key, (one, other) in sums.items() if one or (other and key[0] not in SHARES)}


def tickets(chance: random.Random, count: int) -> list[Told]:
    """Tickets of a few people on a few topics: asked again, told of late, solved, opened again, removed, rated."""
    events: list[Told] = []
    for number in range(1, count + 1):
        told: Told = {"ticket_id": f"t{chance.randrange(12)}", "at": spread(chance, 60)}
        told["stored"] = START + dt.timedelta(days=61, hours=number)
        kind = chance.choice(KINDS)
        told |= {"type": kind, **chance.choice(WORDS.get(kind, [{}]))}
        if number > 1 and chance.random() < 0.1:
            told |= {"corrects_event_id": f"00000000-0000-4000-8000-{chance.randrange(1, number):012d}"}
            told |= {"is_retraction": chance.random() < 0.5}
        events.append(told)
    return events


KINDS = (
    *("ticket_opened", "ticket_solved") * 5,
    *("ticket_topic_set", "ticket_reopened", "message_added", "ticket_csat_offered", "ticket_csat_rated"),
    *("ticket_deleted", "ticket_restored"),
)
_SCALE: Told = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}
WORDS: dict[str, list[Told]] = {
    "ticket_opened": [
        {"channel": channel, "requester_id": who, "topic": topic}
        for channel in ("email", "chat")
        for who in ("ann", "ann", "bob")
        for topic in ("billing", "billing", None)
    ],
    "ticket_topic_set": [{"topic": "billing"}, {"topic": "billing"}, {"topic": "access"}, {}],
    "message_added": [
        {"message_id": name, "author_type": "REQUESTER", "is_public": True, "has_text": True} for name in "ab"
    ],
    "ticket_csat_rated": [_SCALE | {"score": 5.0}, _SCALE | {"score": 2.0}],
}


@pytest.mark.servers
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("of", ["surveys", "money", "tickets"])
def test_what_several_entities_say_adds_up_at_every_moment(
    client: Client, empty: Callable[[Warehouse], Migrated], of: str, seed: int
) -> None:
    """Given what is told of surveys, money or tickets in any order, the log has what each figure was at each moment."""
    told, counted = {"surveys": (surveys, SURVEY), "money": (money, MONEY), "tickets": (tickets, SUPPORT)}[of]
    events = told(random.Random(seed), 150)
    parts = [events[:count] for count in (50, 100, 150)]
    then: list[Sums] = []
    for part in parts:
        warehouse, generation = empty(Warehouse())
        work(ClickHouseSink(client, generation, checked=True), part, 0)
        then.append(figures(client, warehouse.database, counted))
    rows = [
        Change(*row)
        for row in client.execute(
            f"SELECT {', '.join(Change._fields)} FROM {warehouse.database}.change_log WHERE dimension = ''"
        )
    ]
    assert {row.metric for row in rows} >= set(counted)
    for part, expected in zip(parts, then, strict=True):
        assert logged(rows, counted, part[-1]["stored"]) == expected  # type: ignore[arg-type] # a time


@pytest.mark.servers
def test_what_time_brings_to_renewals_and_onboardings_adds_up(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """Given contracts that renewed themselves and cohorts whose days are over, the log has what the views show now."""
    warehouse, generation = empty(Warehouse())
    now = dt.datetime.now(dt.UTC)
    events = success(random.Random(1), 200)
    work(ClickHouseSink(client, generation, checked=True), events, int(now.timestamp() * 1_000_000))
    rows = [
        Change(*row)
        for row in client.execute(
            f"SELECT {', '.join(Change._fields)} FROM {warehouse.database}.change_log WHERE dimension = ''"
        )
    ]
    expected = figures(client, warehouse.database, SUCCESS)
    assert {metric for metric, *_ in expected} == set(SUCCESS)
    assert logged(rows, SUCCESS, now) == expected
    waited = f"SELECT uniqExact(metric) FROM {warehouse.database}.ripened_change WHERE kind = 'time'"
    assert client.execute(waited) == [(3,)]
