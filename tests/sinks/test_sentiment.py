"""How long judgements hold on the real engine, beside an oracle that walks through each account's days one by one."""

import datetime as dt
import random
from collections.abc import Callable
from typing import NamedTuple

import pytest
from clickhouse_driver import Client

from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ACCOUNTS, DAYS, HOLDS = 80, 60, 20
PEOPLE = ("mia", "noa", "tim")


class Told(NamedTuple):
    """An account by days: from when to when who owns it, and who judges when, in the order in which it was stored."""

    owners: dict[int, tuple[str, int | None]]
    judged: list[tuple[int, str]]


def made(chance: random.Random) -> Told:
    starts = chance.sample(range(DAYS), chance.randrange(4))
    owners = {day: (chance.choice(PEOPLE), chance.choice([None, day + chance.randrange(1, 25)])) for day in starts}
    return Told(owners, [(chance.randrange(DAYS), chance.choice(PEOPLE)) for _ in range(chance.randrange(1, 6))])


def owner_on(told: Told, day: int) -> str:
    begun = [each for each in told.owners if each <= day]
    if not begun:
        return ""
    name, until = told.owners[max(begun)]
    return name if until is None or day < until else ""


def end_of(told: Told, number: int) -> tuple[int, str]:
    """Return the day on which a judgement ends, and why."""
    day, judge = told.judged[number]
    later = [(at, place) for place, (at, _) in enumerate(told.judged) if (at, place) > (day, number)]
    replaced = min(later)[0] if later else None
    for now in range(day, day + HOLDS + 1):
        if now == replaced:
            return now, "replaced"
        if now > day and owner_on(told, now) not in (owner_on(told, now - 1), judge):
            return now, "handover"
    return day + HOLDS, "expired"


@pytest.mark.servers
def test_spans_are_what_somebody_finds_who_looks_every_day(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """Gaps between owners, handovers back and forth and several judgements of a day: more than anybody would write."""
    chance = random.Random(168)  # the same accounts each time
    world = {f"a{number}": made(chance) for number in range(ACCOUNTS)}
    warehouse, generation = empty(Warehouse())
    policy = row("policy", policy="sentiment_validity_days", valid_from=START - DAY, value=str(HOLDS))
    assigned = [
        row(
            "manager_assignment", account_id=account, valid_from=START + day * DAY, event_id=f"e{day}", manager_id=name,
            valid_to=None if until is None else START + until * DAY,
        )
        for account, told in world.items()
        for day, (name, until) in told.owners.items()
    ]  # fmt: skip
    said = [
        row(
            "manager_sentiment", account_id=account, sentiment_id=str(number), manager_id=judge,
            set_at=START + day * DAY, ingested_at=START + number * DAY,
        )
        for account, told in world.items()
        for number, (day, judge) in enumerate(told.judged)
    ]  # fmt: skip
    tables = {"policy": [policy], "manager_assignment": assigned, "manager_sentiment": said}
    ClickHouseSink(client, generation, checked=True).insert(tables)
    found = client.execute(
        "SELECT account_id, toInt64(sentiment_id), dateDiff('day', toDateTime64('2024-01-01', 6, 'UTC'), until_at),"
        f" ended_by FROM {warehouse.database}.sentiment_span"
    )
    wanted = {
        (account, number): end_of(told, number) for account, told in world.items() for number in range(len(told.judged))
    }
    assert {(account, number): (day, why) for account, number, day, why in found} == wanted
    assert {why for _, why in wanted.values()} == {"replaced", "handover", "expired"}
