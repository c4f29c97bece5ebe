"""Merges, media and margins of the demonstration: the oracle says what the tables say, and each is there."""

from typing import Any

import pytest

from infra.demo import oracle
from infra.demo.company import gather
from infra.demo.oracle_merging import customer
from infra.demo.world import ACCOUNTS, DAY, START
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration

COMPANY, FIGURES = gather(MESSAGES), oracle.expect(MESSAGES)


def rows(table: str) -> list[dict[str, Any]]:
    return [dict(zip(TABLES[table].names, row, strict=False)) for row in demonstration()[0].tables()[table]]


@pytest.mark.parametrize("day", [0, 19, 21, 39, 41, 69, 71, 10_000])
def test_what_counts_as_what_is_that_of_the_tables(day: int) -> None:
    """One merge lasts and one was taken apart; merges are single here, so no chain has to be followed."""
    at = START + day * DAY
    held = {
        row["account_id"]: row["survivor_id"]
        for row in rows("account_merge")
        if row["from_at"] <= at and (row["until_at"] is None or row["until_at"] > at)
    }
    assert {account.id: customer(COMPANY, account.id, at) for account in ACCOUNTS} == {
        account.id: held.get(account.id, account.id) for account in ACCOUNTS
    }
    assert len(held) == {0: 0, 19: 0, 21: 1, 39: 1, 41: 2, 69: 2, 71: 1, 10_000: 1}[day]


def test_lines_of_media_are_raised_cancelled_and_spent_on() -> None:
    """The newest word on a line holds, in the tables as in the oracle."""
    newest = {fields["plan_id"]: fields for fields in COMPANY.of("media_plan_set")}
    found = {row["plan_id"]: (row["amount_micros"], row["is_cancelled"]) for row in rows("media_plan")}
    assert found == {
        name: (fields["amount"] * 10_000, fields.get("is_cancelled", False)) for name, fields in newest.items()
    }
    assert {cancelled for _, cancelled in found.values()} == {False, True}
    assert len(newest) < len(COMPANY.of("media_plan_set"))
    assert sum(row["amount_micros"] for row in rows("media_spend")) == sum(
        fields["amount"] * 10_000 for fields in COMPANY.of("media_spend_reported")
    )


def test_invoices_name_projects_so_that_margins_are_not_empty() -> None:
    """A demonstration whose margins are all empty shows nobody what a margin is."""
    assert all(row["project_id"] for row in rows("invoice_line"))
    margins = [figure for figure in FIGURES if figure.metric == "account_margin"]
    assert len({figure.slice for figure in margins}) > len(ACCOUNTS) // 2
    assert min(figure.value for figure in margins) < 0 < max(figure.value for figure in margins)
