"""The demonstration's renewals: what its oracle says beside the tables that the reducers write."""

from typing import Any

from infra.demo import oracle_success
from infra.demo.company import gather
from infra.demo.renewing import PAPERS
from infra.demo.world import ACCOUNTS
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration

DECIDED = {"renewed", "upsold", "downsold", "lost", "renewed_auto"}


def rows() -> list[dict[str, Any]]:
    names = TABLES["renewal"].names
    return [dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()["renewal"]]


def test_the_oracle_and_the_reducer_agree_on_every_renewal() -> None:
    """Two independent readings of the same events: where they differ, one of them misreads the definitions.

    Time does not pass in memory, so a renewal by notice is still open there.
    """
    found = {
        (row["account_id"], row["first_due_at"], row["due_at"], row["target_micros"], row["final_micros"])
        for row in rows()
        if row["status"] in DECIDED
    }
    counted = {
        (each.account, each.first_due, each.due, int(each.before * 1_000_000), int(each.after * 1_000_000))
        for each in oracle_success.renewals(gather(MESSAGES))
        if PAPERS[each.account].course != "auto"
    }
    assert found == counted


def test_every_course_of_a_renewal_is_in_the_demonstration() -> None:
    """What never happens is right by accident."""
    assert {account.id for account in ACCOUNTS} == PAPERS.keys()
    every = rows()
    assert {row["status"] for row in every} >= {"renewed", "upsold", "downsold", "lost", "open"}
    assert any(row["due_at"] != row["first_due_at"] for row in every)
    assert any(row["term_no"] == 2 for row in every)
    assert len({row["account_id"] for row in every}) == len(PAPERS) - 1, "one goes from month to month"
