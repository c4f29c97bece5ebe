"""Figures follow the survivor of a merge and come back at its end; nothing is lost on the way, and no revenue moves."""

import random
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

DAY = 86_400_000_000
NOON = DAY // 2
HISTORY = 60
FOR_EVER = 10**6
CHANCE = random.Random(11)


class Merge(msgspec.Struct, frozen=True):
    """An account that counts as another one, in days before today."""

    survivor: str
    since: int
    until: int | None


class Stock(msgspec.Struct, frozen=True):
    """What an account has, each since a day before today."""

    mrr: int
    mrr_since: int
    owed: int
    owed_since: int
    ticket_since: int
    answer_since: int

    def at(self, ago: int) -> dict[str, int]:
        """Return what it has at the end of a day."""
        return {
            "mrr": self.mrr if ago <= self.mrr_since else 0,
            "receivable": self.owed if ago <= self.owed_since else 0,
            "backlog": int(ago <= self.ticket_since),
            "answers": int(ago <= self.answer_since),
        }


def _merges() -> dict[str, Merge]:
    """Merges without rings, each on a day of its own, over chains of up to five accounts, some of them taken apart."""
    days = iter(CHANCE.sample(range(2, HISTORY - 2), HISTORY - 4))
    found = {}
    for group in range(7):
        for place in range(4):
            if CHANCE.random() < 0.8:
                one, other = sorted((next(days), next(days)), reverse=True)
                survivor = f"{group}{CHANCE.randrange(place + 1, 5)}"
                found[f"{group}{place}"] = Merge(survivor, one, other if CHANCE.random() < 0.6 else None)
    return found


def _lasts_until(account: str, merges: dict[str, Merge]) -> int:
    """Return the day before today on which a merge ends; one cannot be ended while its survivor is merged on."""
    merge = merges[account]
    until = -FOR_EVER if merge.until is None else merge.until
    later = merges.get(merge.survivor)
    if later is not None and merge.since > later.since > until > (-FOR_EVER if later.until is None else later.until):
        return -FOR_EVER
    return until


def _customer(account: str, ago: int, merges: dict[str, Merge]) -> str:
    """Return what the account counts as at the end of a day."""
    while (merge := merges.get(account)) and merge.since >= ago > _lasts_until(account, merges):
        account = merge.survivor
    return account


def _given(today: int, stocks: dict[str, Stock], merges: dict[str, Merge]) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {}

    def put(table: str, account: str, **columns: Any) -> None:
        made.setdefault(table, []).append(row(table, account_id=account, **columns))

    def at(ago: int) -> int:
        return today - ago * DAY + NOON

    for account, has in stocks.items():
        since = at(has.mrr_since)
        put(
            "mrr_item",
            account,
            subscription_id="s",
            item_id="i",
            valid_from=since,
            rate_at=since,
            mrr_micros=has.mrr * 10**6,
        )
        put(
            "receivable_entry",
            account,
            invoice_id="i",
            kind="issued",
            at=at(has.owed_since),
            amount_micros=has.owed * 10**6,
        )
        put("ticket_span", account, ticket_id="t", from_at=at(has.ticket_since), opened_at=at(has.ticket_since))
        put("response", account, response_id="r", submitted_at=at(has.answer_since), nps=10.0, contact_id="p")
        put("account_history", account, event_id="h", valid_from=at(HISTORY))
        put("manager_assignment", account, event_id="m", valid_from=at(HISTORY), manager_id=f"of-{account}")
    for account, merge in merges.items():
        until = None if merge.until is None else at(merge.until)
        ended = "" if until is None else f"end-{account}"
        told = {"survivor_id": merge.survivor, "from_at": at(merge.since), "until_at": until}
        put("account_merge", account, ordinal=1, event_id=f"merge-{account}", ended_event_id=ended, **told)
        for number, (event, ago) in enumerate([(f"merge-{account}", merge.since), (ended, merge.until)]):
            if event and ago is not None:
                place = {"topic": "cx.reference", "offset": number, "entity": f"account_merge:{account}"}
                put(
                    "event",
                    account,
                    event_id=event,
                    source="crm",
                    occurred_at=at(ago),
                    ingested_at=at(ago) + 7,
                    **place,
                )
    return made


def _moves(stocks: dict[str, Stock], merges: dict[str, Merge]) -> list[tuple[Any, ...]]:
    """Return what the log of restatements has to say, by comparing each day's end with that of the day before."""
    found = []
    for account in merges:
        for ago in range(HISTORY, -1, -1):
            before, after = (_customer(account, day, merges) for day in (ago + 1, ago))
            if before == after:
                continue
            moved = stocks[account].at(ago)
            for metric in ("mrr", "receivable", "backlog"):
                if moved[metric] or metric == "mrr":
                    found += [
                        (metric, account, ago, before, -moved[metric]),
                        (metric, account, ago, after, moved[metric]),
                    ]
    return sorted(found)


@pytest.mark.servers
def test_figures_follow_the_survivor_and_come_back(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Whoever asks about a customer wants all of it, whichever account it was told of; days before a merge stay."""
    warehouse, generation = empty(Warehouse())
    ((today,),) = client.execute("SELECT toUInt32(today())")
    merges = _merges()
    stocks = {
        f"{group}{place}": Stock(*(CHANCE.randrange(1, HISTORY - 1) for _ in range(6)))
        for group in range(7)
        for place in range(5)
    }
    ClickHouseSink(client, generation, checked=True).insert(_given(today * DAY, stocks, merges))
    database = warehouse.database
    spans = client.execute(
        f"SELECT customer_id, toUInt32(from_day), toUInt32(until_day), mrr, open['USD'], open_tickets, nps_n"
        f" FROM {database}.customer_standing"
    )
    shown = {
        (customer, today - day): tuple(map(int, figures))
        for customer, since, until, *figures in spans
        for day in range(since, min(until, today + 1))
    }
    wanted: dict[tuple[str, int], tuple[int, ...]] = {}
    for account, has in stocks.items():
        for ago in range(HISTORY + 1):
            key, more = (_customer(account, ago, merges), ago), tuple(has.at(ago).values())
            if any(more):
                wanted[key] = tuple(a + b for a, b in zip(wanted.get(key, (0, 0, 0, 0)), more, strict=True))
    assert {
        key: (shown.get(key), wanted.get(key)) for key in shown.keys() | wanted if shown.get(key) != wanted.get(key)
    } == {}
    log = client.execute(
        f"SELECT metric, account_id, {today} - toInt32(day), slice, numerator, kind, event_id, source"
        f" FROM {database}.restatement_log WHERE dimension = 'customer'"
    )
    assert sorted((metric, account, ago, slice_, int(n)) for metric, account, ago, slice_, n, *_ in log) == _moves(
        stocks, merges
    )
    for _, account, ago, slice_, _, kind, event, source in log:
        told = event.removeprefix("merge-").removeprefix("end-")
        assert source == "crm"
        assert event.startswith("merge-") == (kind == "merged")
        assert ago == (merges[told].since if kind == "merged" else merges[told].until)
        assert told[0] == account[0] == slice_[0]
    held = client.execute(
        f"SELECT dimension_value, accounts, open_tickets FROM {database}.manager_portfolio"
        " WHERE dimension = 'manager' AND window_start = today() AND dimension_value != ''"
    )
    assert {manager.removeprefix("of-"): (accounts, tickets) for manager, accounts, tickets in held} == {
        customer: (1, wanted[customer, 0][2]) for customer in stocks if _customer(customer, 0, merges) == customer
    }
    asked = f"SELECT * FROM {database}.broken_invariant WHERE invariant = 'portfolios_add_up_to_totals'"
    assert client.execute(asked) == []


def _reads(name: str) -> set[str]:
    known = {view.name: view for view in views.load()}
    named = set(re.findall(r"\$\{cx\}\.(\w+)", known[name].select)) & set(known)
    return named.union(*map(_reads, named))


@pytest.mark.parametrize("name", ["mrr_flow", "mrr_bridge", "mrr_moved", "nrr", "grr", "logo_churn", "net_new_mrr"])
def test_a_merge_moves_no_revenue(name: str) -> None:
    """Systems that move subscriptions at a merge show churn and new revenue that never was."""
    assert not _reads(name) & {"account_merge", "account_identity", "account_identity_span"}
