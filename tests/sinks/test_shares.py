"""Shares of accounts: whoever has them when, they are all of the account, and parts of money add up to it."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import migrate, views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from sinks.tables import TABLES
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row
from tests.sinks.owned_histories import DAY, HOUR, History

ALL = 10_000
SETTINGS = Warehouse(time_zone="Europe/Berlin")
COLUMNS = [column.name for column in TABLES["manager_assignment"].columns]
_PORTFOLIO = """accounts credited_accounts mrr without_rate overdue overdue_invoices renewals_due renewals_value
    open_tickets nps_n asked_30d asked_outside_30d replied_outside_30d"""
_RENEWALS = """n renewed undecided handed_over credited_elsewhere
    value_before value_after value_undecided without_value"""
ADDED_UP = {
    "manager_portfolio": ("window_start", _PORTFOLIO),
    "renewal_credit": ("grain, window_start, credit, currency", _RENEWALS),
    "credited_flow": ("grain, window_start, kind, currency", "amount"),
}
"""Views with lines for managers, pods and groups: what a line is told apart by besides, and the columns that add up."""
BROKEN = "SELECT subject_id FROM {}.broken_invariant WHERE invariant IN ('portfolios_add_up_to_totals', {})"


class Shared(History):
    """The histories of portfolios with second managers, trainees and mentors, and with money that comes and goes."""

    LEAST = 16

    def made(self) -> dict[str, Callable[[int], dict[str, Any]]]:
        more = {
            "payment": self._received,
            "payment_return": self._returned,
            "refund": self._refunded,
            "mrr_movement": self._moved,
            "ticket_message": self._wrote,
        }
        return {**super().made(), **more}

    def _assigned(self, number: int) -> dict[str, Any]:
        share = self.any(None, None, 2_500, 3_333, 6_000, 1, 0, ALL)
        role = self.any("OWNER", "OWNER", "TRAINEE", "MENTOR", "CSM", "UNKNOWN")
        # Few moments, so that assignments begin at one and the same.
        start = self.now // DAY * DAY + 10 * DAY * self.chance.randrange(-10, 4)
        when = {"valid_from": start, "valid_to": self.later(start)}
        return {**super()._assigned(number), **when, "role": role, "share_bp": share}

    def _owed(self, number: int) -> dict[str, Any]:
        return {**super()._owed(number), "amount_micros": 1_000_001 * number + 1}

    def _due(self, number: int) -> dict[str, Any]:
        return {**super()._due(number), "target_micros": 5_000_003 * number + 1, "final_micros": 4_000_003 * number + 1}

    def _money(self, number: int) -> dict[str, Any]:
        return {"amount_micros": 1_000_001 * number + 1, "currency": self.any("USD", "EUR", "KRW")}

    def _received(self, number: int) -> dict[str, Any]:
        return {"payment_id": f"p{number}", "invoice_id": "i", "paid_at": self.at(0), **self._money(number)}

    def _returned(self, number: int) -> dict[str, Any]:
        back = {"return_id": f"b{number}", "returned_at": self.at(0), "payment_id": f"p{self.chance.randint(0, 30)}"}
        return {"invoice_id": "i", **back, **self._money(number)}

    def _refunded(self, number: int) -> dict[str, Any]:
        return {"refund_id": f"r{number}", "refunded_at": self.at(0), **self._money(number)}

    def _moved(self, number: int) -> dict[str, Any]:
        at, kind = self.at(0), self.any("new", "expansion", "contraction", "churn", "fx")
        rates = {"rate_at": at, "rate_at_before": at - 40 * DAY, "fx_base_micros": 7_000_003 * (number % 3)}
        sign = -1 if kind in ("contraction", "churn") else 1
        amount = 0 if kind == "fx" else sign * (3_000_007 * number + 1)
        told = {"subscription_id": f"s{number}", "at": at, "kind": kind, "currency": self.any("USD", "EUR")}
        return {**told, "amount_micros": amount, **rates}

    def _wrote(self, number: int) -> dict[str, Any]:
        return {
            "message_id": f"m{number}",
            "ticket_id": "t",
            "sent_at": self.at(0),
            "out_of_hours": self.any(True, False),
        }


Assigned = dict[str, Any]


def _order(one: Assigned) -> tuple[int, str]:
    return one["valid_from"], one["event_id"]


def _is_over(one: Assigned, every: list[Assigned], at: int) -> bool:
    """Tell whether an assignment that began by then has ended: by itself, by the next word on it, by a new owner."""
    begun = [other for other in every if other["valid_from"] <= at]
    same = [b for b in begun if (b["manager_id"], b["role"]) == (one["manager_id"], one["role"])]
    takers = [b for b in begun if b["role"] == "OWNER" and b["share_bp"] is None]
    since = _order(one) if one["share_bp"] is None else (one["valid_from"], "\U0010ffff")
    return (
        (one["valid_to"] is not None and one["valid_to"] <= at)
        or any(_order(b) > _order(one) for b in same)
        or (one["role"] == "OWNER" and any(_order(b) > since for b in takers))
    )


def shares(every: list[Assigned], at: int) -> Counter[str]:
    """Return who has what of an account at a moment, in hundredths of a percent; nobody's has an empty name."""
    held = [one for one in every if one["valid_from"] <= at and not _is_over(one, every, at)]
    told, left = Counter[str](), ALL
    for one in sorted(held, key=_order, reverse=True):
        part = min(one["share_bp"] or 0, left)
        told[one["manager_id"]] += part
        left -= part
    rest = [one["manager_id"] for one in held if one["role"] == "OWNER" and one["share_bp"] is None]
    told[rest[0] if rest else ""] += left
    return +told


def _assignments(rows: list[Any]) -> dict[str, list[Assigned]]:
    found: dict[str, list[Assigned]] = {}
    for each in (dict(zip(COLUMNS, values, strict=True)) for values in rows):
        if not each["is_test"]:
            found.setdefault(each["account_id"], []).append(each)
    return found


@pytest.fixture(scope="module", params=range(2))
def seed(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def told(client: Client, empty: Callable[[Warehouse], Migrated], seed: int) -> tuple[str, str, dict[str, Any]]:
    """Give the database and the generation with a random history in its tables, and that history."""
    warehouse, generation = empty(SETTINGS)
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    rows = Shared(seed, now).rows()
    ClickHouseSink(client, generation, checked=True).insert(rows)
    return warehouse.database, generation, rows


def _lines(client: Client, database: str, view: str, kind: str) -> dict[Any, Any]:
    """Return the sums over the lines of one kind, by what else tells them apart; nothing where all is zero."""
    keys, columns = ADDED_UP[view]
    sums = ", ".join(
        f"sumMap({name})" if name in ("overdue", "renewals_value") else f"sum({name})" for name in columns.split()
    )
    found = client.execute(
        f"SELECT ({keys}, '') AS k, {sums} FROM {database}.{view} WHERE dimension = %(kind)s GROUP BY k", {"kind": kind}
    )
    kept = {
        key: tuple({k: v for k, v in s.items() if v} if isinstance(s, dict) else s for s in row) for key, *row in found
    }
    return {key: sums for key, sums in kept.items() if any(sums)}


@pytest.mark.servers
def test_lines_of_managers_add_up_to_all(client: Client, told: tuple[str, str, dict[str, Any]]) -> None:
    """Some firms pay by these figures: what is split must come out as what there was, in each currency, on every day.

    What there was is known without shares: taking them back moves money between lines and changes no total.
    """
    database, generation, rows = told
    totals = {}
    for view in ADDED_UP:
        totals[view] = _lines(client, database, view, "all")
        assert totals[view], view
        for kind in ("manager", "pod", "group"):
            assert _lines(client, database, view, kind) == totals[view], (view, kind)
    handed = client.execute(f"SELECT sum(taken), sum(shares_taken) FROM {database}.portfolio_handover")
    assert handed == client.execute(f"SELECT sum(given), sum(shares_given) FROM {database}.portfolio_handover")
    assert client.execute(BROKEN.format(database, "'shares_are_all_of_an_account'")) == []
    place = COLUMNS.index("share_bp")
    plain = [(*each[:place], None, *each[place + 1 : -2], 2, 0) for each in rows["manager_assignment"]]
    ClickHouseSink(client, generation, checked=True).insert({"manager_assignment": plain})
    assert {view: _lines(client, database, view, "all") for view in ADDED_UP} == totals


@pytest.mark.servers
def test_shares_at_every_moment_are_those_of_the_rule(client: Client, told: tuple[str, str, dict[str, Any]]) -> None:
    """Handovers, trainees and mentors, two managers, overlaps and shares above 100 %: worked out moment by moment."""
    database, _, rows = told
    seen = Counter[str]()
    for account, every in _assignments(rows["manager_assignment"]).items():
        ends = [each[name] for each in every for name in ("valid_from", "valid_to") if each[name] is not None]
        spans = client.execute(
            "SELECT toUnixTimestamp64Micro(from_at), toUnixTimestamp64Micro(until_at), manager_id, until_bp - from_bp"
            f" FROM {database}.credit_share WHERE account_id = %(account)s",
            {"account": account},
        )
        owns = any(each["role"] == "OWNER" for each in every) or any(each["share_bp"] is not None for each in every)
        for at in sorted({end + more for end in ends for more in (-1, 0, HOUR)}):
            found = Counter[str]()
            for since, until, manager, part in spans:
                found[manager] += part * (since <= at < until)
            assert +found == (shares(every, at) if owns else Counter()), (account, at)
            seen[" ".join(map(str, sorted(found.values())))] += 1
    assert len(seen) > 2


@pytest.mark.servers
def test_a_view_that_loses_a_part_is_found(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Nobody adds up every account by hand: what is credited to no line at all must raise a signal by itself."""
    warehouse, generation = empty(SETTINGS)
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    since = {"valid_from": now - 100 * DAY, "account_id": "a"}
    both = [
        row("manager_assignment", **since, event_id="m1", manager_id="ann"),
        row("manager_assignment", **since, event_id="m2", manager_id="bob", role="CSM", share_bp=2_500),
    ]
    owed = {"invoice_id": "i", "kind": "issued", "at": now - 90 * DAY, "amount_micros": 10_000_001, "account_id": "a"}
    rows = {"manager_assignment": both, "receivable_entry": [row("receivable_entry", **owed)]}
    ClickHouseSink(client, generation, checked=True).insert(rows)
    asked = BROKEN.format(warehouse.database, "'shares_are_all_of_an_account'") + " ORDER BY 1"
    assert client.execute(asked) == []
    whole = next(view for view in views.load() if view.name == "credit_course")
    lost = f"SELECT account_id, arrayFilter(part -> part.3 != 'ann', spans) AS spans FROM ({whole.select})"
    try:
        migrate.apply(client, warehouse, msgspec.structs.replace(whole, select=lost), generation)
        assert [subject for (subject,) in client.execute(asked)] == ["a", "credited accounts", "overdue in USD"]
    finally:
        migrate.apply(client, warehouse, whole, generation)


def test_the_rule_by_hand() -> None:
    """What the views are held to is held to what fits on a slip of paper."""
    number = iter(range(9))

    def assigned(
        manager: str, since: int, share: int | None = None, role: str = "OWNER", until: int | None = None
    ) -> Assigned:
        told = {"manager_id": manager, "valid_from": since, "valid_to": until, "share_bp": share, "role": role}
        return {**told, "event_id": str(next(number))}

    story = [
        assigned("ann", 1),
        assigned("tim", 2, role="TRAINEE"),
        assigned("bob", 3, 2_500, "CSM"),
        assigned("cid", 5),
        assigned("dan", 6, 9_000, "CSM", until=8),
        assigned("cid", 7, 1_000),
    ]
    random.Random(1).shuffle(story)
    assert shares(story, 0) == {"": ALL}
    assert shares(story, 2) == {"ann": ALL}
    assert shares(story, 3) == {"ann": 7_500, "bob": 2_500}
    assert shares(story, 5) == {"cid": 7_500, "bob": 2_500}
    assert shares(story, 6) == {"dan": 9_000, "bob": 1_000}
    assert shares(story, 7) == {"cid": 1_000, "dan": 9_000}
    assert shares(story, 8) == {"cid": 1_000, "bob": 2_500, "": 6_500}
