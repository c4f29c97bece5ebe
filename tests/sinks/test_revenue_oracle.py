"""Recurring revenue by plain loops in Python, against the views, over random histories of subscriptions."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinks.clickhouse import ClickHouseSink
from sinks.port import RowTuple
from sinks.settings import Warehouse
from streams.core.algebra import RecordedEvent
from streams.core.events import SubscriptionChanged, SubscriptionEnded, SubscriptionPaused, SubscriptionResumed
from streams.core.rows_subscription import MrrItemRow
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row
from tests.support.billing import DAY, NEW_YEAR, Story, day, item
from tests.support.machine import Machine, run

WON = ((0, 741), (75, 790))
"""Days from which on a won is so many millionths of a dollar."""
LAST_DAY = 200
_STOCKS, _ENDS = ("value", "mrr", "value"), ("closing", "mrr_bridge", "closing")


def _tables(machine: Machine) -> dict[str, list[RowTuple]]:
    tables: dict[str, list[RowTuple]] = defaultdict(list)
    for each in machine.tables.values():
        tables[each.TABLE].append((*msgspec.structs.astuple(each), 1, 0))
    for number, rate in WON:
        tables["fx_rate"].append(row("fx_rate", base="KRW", quote="USD", valid_from=day(number), rate_micros=rate))
    for number, manager, until in ((20, "mia", None), (60, "noa", day(90))):
        at = {"account_id": "acme", "valid_from": day(number), "valid_to": until, "event_id": manager}
        tables["manager_assignment"].append(row("manager_assignment", manager_id=manager, **at))
    for number, segment in ((0, "small"), (45, "large")):
        at = {"account_id": "acme", "valid_from": day(number), "event_id": segment}
        tables["account_history"].append(row("account_history", segment=segment, **at))
    return dict(tables)


def _rate(currency: str, at: int) -> Decimal:
    return (
        Decimal(1)
        if currency == "USD"
        else max((day(since), Decimal(rate)) for since, rate in WON if day(since) <= at)[1] / 10**6
    )


@st.composite
def stories(draw: st.DrawFn) -> list[RecordedEvent]:
    """An account with two subscriptions that come, change, pause and end, in two currencies and often at one moment."""
    story = Story()
    won = {"currency": "KRW", "exponent": 0}
    for kind in draw(st.lists(st.sampled_from(TURNS), min_size=2, max_size=9)):
        at = draw(st.sampled_from((0, 30, 60, 75, 90)) | st.integers(0, 150))
        own = draw(
            st.sampled_from(({"subscription": "s1"}, {"subscription": "s1", **won}, {"subscription": "s2", **won}))
        )
        if kind is SubscriptionChanged:
            plan = draw(st.sampled_from(("basic", "extra")))
            line = draw(st.sampled_from((None, "core", "addon")))
            story.state(at, item(draw(st.integers(1, 50_000)), plan=plan, product_line=line), kind=kind, **own)
        else:
            story.tell(kind, at, own["subscription"])
    return story.recorded_events


TURNS = (
    SubscriptionChanged,
    SubscriptionChanged,
    SubscriptionChanged,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionEnded,
)


def _stock(machine: Machine, date: dt.date) -> dict[str, Decimal]:
    """Revenue at the end of a day by policy, in dollars."""
    at = int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp() * 1_000_000) + DAY - 1
    found: dict[str, Decimal] = defaultdict(Decimal)
    for each in machine.tables.values():
        if isinstance(each, MrrItemRow) and not each.is_test and each.valid_from <= at < (each.valid_to or at + 1):
            found[each.policy] += _rate(each.currency, each.rate_at) * each.mrr_micros / 1_000_000
    return {policy: amount for policy, amount in found.items() if amount}


@pytest.mark.servers
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_stocks_and_bridges_are_what_a_plain_loop_finds(
    client: Client, empty: Callable[[Warehouse], Migrated], recorded_events: list[RecordedEvent]
) -> None:
    """Stock, movements and bridge go three ways through the database; all must meet, and no invariant may break.

    Stocks come from spans that are cut where manager or segment change, bridges from movements and what is handed over.
    """
    warehouse, generation = empty(Warehouse())
    machine = run(recorded_events)
    ClickHouseSink(client, generation, checked=True).insert(_tables(machine))
    database = warehouse.database
    assert client.execute(f"SELECT * FROM {database}.broken_invariant WHERE invariant LIKE 'mrr%%'") == []
    shown = client.execute(f"SELECT day, policy, mrr_pico FROM {database}.mrr_daily WHERE dimension = 'all'")
    by_day: dict[dt.date, dict[str, Decimal]] = defaultdict(dict)
    for date, policy, pico in shown:
        if pico:
            by_day[date][policy] = Decimal(pico) / 10**12
    first = dt.datetime.fromtimestamp(NEW_YEAR / 1_000_000, dt.UTC).date()
    for date in (first + dt.timedelta(days=number) for number in range(-1, LAST_DAY, 7)):
        assert by_day.get(date, {}) == _stock(machine, date), date
    bridges = client.execute(
        "SELECT opening + new + expansion + contraction + churn + reactivation + pause + resume + fx + transfer"
        f" + handed_over - closing FROM {database}.mrr_bridge"
    )
    assert all(abs(rest) <= Decimal("0.00002") for (rest,) in bridges)
    nets = (
        "SELECT uniqExact(kind), sumIf(reported_pico, kind = 'transfer'), any(kind), sum(reported_pico)"
        f" FROM {database}.mrr_flow WHERE kind IN ('expansion', 'contraction', 'transfer')"
        " GROUP BY account_id, policy, moment"
    )
    for kinds, transferred, kind, net in client.execute(nets):
        assert (kinds, transferred) == (1, 0)
        assert {"expansion": net > 0, "contraction": net < 0, "transfer": net == 0}[kind]
    keys = "grain, window_start, dimension, dimension_value, policy"
    asked = f"SELECT {keys}, {{}} FROM {database}.{{}} WHERE {{}} != 0 AND grain IN ('month', 'quarter') ORDER BY ALL"
    stocks, ends = (client.execute(asked.format(*each)) for each in (_STOCKS, _ENDS))
    assert ends == stocks
    handed = (
        f"SELECT count() FROM {database}.mrr_bridge WHERE handed_over != 0 AND dimension IN ('all', 'account', 'plan')"
    )
    assert client.execute(handed) == [(0,)]
