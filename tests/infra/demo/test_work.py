"""The work of the demonstration: deadlines of its events are those of its tables, and every kind of row is there."""

from infra.demo import oracle_work
from infra.demo.company import gather
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration


def test_deadlines_of_the_events_are_those_of_the_tables() -> None:
    """Moved dates, late and doubled records are among them: a second opinion that shares no code with the product."""
    names = TABLES["task"].names
    rows = [dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()["task"]]
    told = sorted((row["first_due_at"], row["account_id"], row["completed_at"] <= row["first_due_at"]) for row in rows)
    assert told == sorted(oracle_work.deadlines(gather(MESSAGES)))
    assert {row["due_moves"] for row in rows} == {0, 1}
    assert {kept for _, _, kept in told} == {True, False}


def test_the_demonstration_has_work_of_every_kind() -> None:
    """Whoever looks at the demonstration should find something in each view."""
    tables = demonstration()[0].tables()
    for name in ("project", "project_stage", "task", "time_entry", "cost_entry", "rate_card"):
        assert tables[name], name
