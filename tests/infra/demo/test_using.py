"""What is used in the demonstration: each moment of a meter once, one account beyond its limit, one asleep."""

from infra.demo.company import gather
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration


def test_tables_have_each_moment_as_it_was_told_last() -> None:
    """Reports that came late, twice or anew are among them: a second opinion that shares no code with the product."""
    names = TABLES["usage_report"].names
    rows = [dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()["usage_report"]]
    events = sorted(gather(MESSAGES).of("usage_reported"), key=lambda fields: fields["occurred_at"])
    told = {(fields["account_id"], fields["meter"], fields["measured_at"]): fields["value"] for fields in events}
    assert {(row["account_id"], row["meter"], row["measured_at"]): row["value"] for row in rows} == told
    assert len(told) < len({fields["event_id"] for fields in events})
    assert any(row["value"] > row["most"] for row in rows)
    assert any(row["value"] < 0.1 * row["most"] for row in rows)
