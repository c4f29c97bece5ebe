"""The demonstration's onboardings: what its oracle says beside the tables that the reducers write."""

from typing import Any

from infra.demo import oracle_success
from infra.demo.company import gather
from infra.demo.welcoming import COURSES
from infra.demo.world import ACCOUNTS, DAY
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration


def rows() -> dict[str, dict[str, Any]]:
    names = TABLES["onboarding"].names
    return {row[0]: dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()["onboarding"]}


def test_the_oracle_and_the_reducer_agree_on_every_onboarding() -> None:
    """Two independent readings of the same events, and the story that they were told from."""
    found = {account: (row["starts_at"], row["first_value_us"]) for account, row in rows().items()}
    counted = {
        account: (at, None if days is None else round(days * DAY))
        for at, account, days in oracle_success.times_to_value(gather(MESSAGES))
    }
    assert found == counted
    assert {account: us // DAY for account, (_, us) in found.items() if us} == {
        account: value for account, (_, value, _) in COURSES.items() if value
    }


def test_every_course_of_an_onboarding_is_in_the_demonstration() -> None:
    """What never happens is right by accident."""
    assert {account.id for account in ACCOUNTS} == COURSES.keys()
    every = list(rows().values())
    assert any(row["late"] for row in every)
    assert any(row["paused_us"] for row in every)
    assert any(row["first_value_at"] is None for row in every)
