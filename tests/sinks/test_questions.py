"""A manager's questions (docs/questions.md) have an answer each, and that from one view."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_driver import Client

from sinks import views
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated

PAGE = (Path(__file__).parents[2] / "docs" / "questions.md").read_text("utf-8")
QUESTIONS = re.findall(r"^## ([^\n]+\?)\n.*?```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)


def test_each_question_is_put_to_one_view() -> None:
    """Who has to join views to know whom to call does not know it; a join is also where figures come out twice."""
    assert len(QUESTIONS) == PAGE.count("\n## ") == PAGE.count("```sql")
    known = {view.name for view in views.load()}
    for title, query in QUESTIONS:
        assert re.findall(r"\b(?:FROM|JOIN)\b", query) == ["FROM"], title
        assert re.findall(r"\bcx\.(\w+)", query)[0] in known, title


@pytest.mark.servers
@pytest.mark.parametrize(("title", "query"), QUESTIONS, ids=[title for title, _ in QUESTIONS])
def test_each_question_is_understood(
    client: Client, migrated: Callable[[Warehouse], Migrated], title: str, query: str
) -> None:
    """A page whose queries name columns of former days sends people back to those who wrote it.

    That each has an answer is asked on the demonstration, in tests/infra/cli/test_commands.py.
    """
    warehouse, _ = migrated(Warehouse())
    assert title
    client.execute(query.replace("cx.", f"{warehouse.database}."))
