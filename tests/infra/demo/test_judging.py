"""What managers of the demonstration say: every kind is there, and the tables have what was said last."""

from infra.demo.company import gather
from infra.demo.world import ACCOUNTS
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration


def test_tables_have_what_was_said_last_of_each_judgement() -> None:
    """Mended, late and doubled records are among them: a second opinion that shares no code with the product."""
    names = TABLES["manager_sentiment"].names
    rows = [dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()["manager_sentiment"]]
    said = {
        (fields["account_id"], fields["sentiment_id"]): (fields["sentiment"], fields["set_at"])
        for fields in sorted(gather(MESSAGES).of("manager_sentiment_set"), key=lambda fields: fields["occurred_at"])
    }
    assert {(row["account_id"], row["sentiment_id"]): (row["sentiment"], row["set_at"]) for row in rows} == said
    assert {row["sentiment"] for row in rows} == {-2, -1, 0, 1, 2}
    assert len({fields["event_id"] for fields in gather(MESSAGES).of("manager_sentiment_set")}) > len(rows)


def test_some_accounts_were_never_judged() -> None:
    """An account without a judgement is what a lead looks for; the demonstration should have one to find."""
    judged = {fields["account_id"] for fields in gather(MESSAGES).of("manager_sentiment_set")}
    assert 0 < len(judged) < len(ACCOUNTS)
