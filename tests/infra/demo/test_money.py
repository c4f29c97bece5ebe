"""The demonstration's money: what its oracle says beside the tables that the reducers write."""

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest

from infra.demo import oracle
from infra.demo.company import Figure
from infra.demo.deals import RATES
from infra.demo.oracle_billing import MONTHS, following, starts
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration

FIGURES = oracle.expect(MESSAGES)


def rows(table: str) -> list[dict[str, Any]]:
    names = TABLES[table].names
    found = (dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()[table])
    return [row for row in found if not row["is_test"]]


def expected(metric: str) -> dict[tuple[str, ...], float]:
    """Value by window, account and item; what concerns all accounts is their sum."""
    return {
        (figure.window_start, figure.slice, figure.item): figure.value
        for figure in FIGURES
        if figure.metric == metric and figure.dimension == "account"
    }


def month(at: int) -> str:
    return str(dt.datetime.fromtimestamp(at / 1e6, dt.UTC).date().replace(day=1))


def summed(found: list[tuple[tuple[str, ...], float]]) -> dict[tuple[str, ...], float]:
    sums: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    for key, micros in found:
        sums[key] += Fraction(micros) / 1_000_000
    return {key: float(amount) for key, amount in sums.items() if amount}


def test_movements_of_revenue_are_those_of_the_oracle() -> None:
    """Kind, month and amount of each change: trials, pauses, returns, corrections and ending discounts too."""
    found = [
        ((month(row["at"]), row["account_id"], f"{row['kind']} {row['currency']}"), row["amount_micros"])
        for row in rows("mrr_movement")
        if row["policy"] == "cxledger"
    ]
    assert summed(found) == pytest.approx(expected("mrr_movement"))


@pytest.mark.parametrize("first", MONTHS, ids=str)
def test_revenue_at_the_end_of_a_month_is_that_of_the_oracle(first: dt.date) -> None:
    """The sum of items in force, which is worked out apart from the movements."""
    at = starts(following(first)) - 1
    found = [
        ((str(first), row["account_id"], ""), row["mrr_micros"] * RATES.get(row["currency"], 1_000_000) / 1_000_000)
        for row in rows("mrr_item")
        if row["policy"] == "cxledger" and row["valid_from"] <= at and (row["valid_to"] or at + 1) > at
    ]
    wanted = {key: value for key, value in expected("mrr").items() if key[0] == str(first)}
    assert summed(found) == pytest.approx(wanted)


@pytest.mark.parametrize("first", MONTHS, ids=str)
def test_receivables_at_the_end_of_a_month_are_those_of_the_oracle(first: dt.date) -> None:
    """Partial payments, credit notes, voids and write-offs, in whatever order they were sent."""
    until, last = starts(following(first)), str(following(first) - dt.timedelta(days=1))
    found = [
        ((last, row["account_id"], row["currency"]), row["amount_micros"])
        for row in rows("receivable_entry")
        if row["book"] == "receivable" and row["at"] < until
    ]
    assert summed(found) == pytest.approx({key: value for key, value in expected("ar_open").items() if key[0] == last})


@pytest.mark.parametrize(
    ("metric", "table", "at", "counts"),
    [
        ("refunded", "refund", "refunded_at", lambda row: row["status"] == "refunded"),
        ("charged_back", "dispute", "opened_at", lambda row: row["is_chargeback"]),
        ("paid", "payment", "paid_at", lambda _: True),
    ],
)
def test_money_in_and_back_is_that_of_the_oracle(metric: str, table: str, at: str, counts: Any) -> None:
    """A failed refund gave nothing back, whichever of its two events came first."""
    found = [
        ((month(row[at]), row["account_id"], row["currency"]), row["amount_micros"])
        for row in rows(table)
        if counts(row)
    ]
    assert summed(found) == pytest.approx(expected(metric))


def test_payouts_lack_what_is_meant_to_be_missing() -> None:
    """A settlement that breaks nowhere would not show that a break is found."""
    settled = {row["payout_id"]: row for row in rows("payout")}
    assert len(settled) == 5
    card = [row for row in rows("payment") if row["method"] == "card" and row["currency"] == "USD"]
    breaks = []
    for _, payout in sorted(settled.items()):

        def within(at: int | None, payout: dict[str, Any] = payout) -> bool:
            return at is not None and payout["period_start"] <= at < payout["period_end"]

        came = sum(row["amount_micros"] for row in card if within(row["paid_at"]))
        went = sum(
            row["amount_micros"] for row in rows("refund") if row["currency"] == "USD" and within(row["refunded_at"])
        )
        went += sum(
            row["amount_micros"] + row["fee_micros"]
            for row in rows("dispute")
            if row["is_chargeback"] and row["currency"] == "USD" and within(row["opened_at"])
        )
        breaks.append(came - went - payout["fees_micros"] - payout["amount_micros"] - payout["balance_change_micros"])
    assert breaks == [0, 5_000_000, 0, 0, 0]


def test_every_turn_of_revenue_and_money_is_in_the_demonstration() -> None:
    """What never happens is right by accident."""
    kinds = {figure.item.split()[0] for figure in FIGURES if figure.metric == "mrr_movement"}
    assert kinds == {"new", "expansion", "contraction", "churn", "reactivation", "pause", "resume"}
    for metric in ("ar_open", "refunded", "charged_back", "paid"):
        assert [figure for figure in FIGURES if figure.metric == metric], metric
    overdue: list[Figure] = [figure for figure in FIGURES if figure.metric == "ar_open" and figure.numerator > 0]
    assert overdue
