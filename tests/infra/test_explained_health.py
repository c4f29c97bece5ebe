"""What `cx explain health` says, of rows as the stage's ledger writes them."""

from typing import Any

import pytest

from infra import explained_health
from infra.cli import explained
from streams.core.health.facts import DAY, Fact, Happened, Level, Stated, position
from streams.core.health.ledgers import HEALTH_LEDGER
from streams.core.outputs import Outputs, Scope
from streams.core.rows_health import AccountHealthRow
from streams.core.rules import Rules

BEGIN = 20_000
FACTS: list[Fact] = [
    Level(BEGIN * DAY, "subscription", "S", "mrr", "e1", "mrr", 5_000_000, 0, "EUR"),
    Level(BEGIN * DAY, "invoice", "I", "receivable", "e2", "receivable", 900, BEGIN + 4, "EUR"),
    Level((BEGIN + 1) * DAY, "ticket", "T", "tickets_open", "e3", "tickets_open", 1, BEGIN + 1),
    Happened((BEGIN + 2) * DAY, "response", "R", "nps_answer", "e4", "nps_answer", 1, 9),
    Happened((BEGIN + 2) * DAY, "response", "R2", "nps_answer", "e7", "nps_answer", 2, 14),
    Happened((BEGIN + 2) * DAY, "touch", "W", "touch", "e5", "touch"),
    Stated((BEGIN + 3) * DAY, "manager_sentiment", "M", "sentiment", "e6", "sentiment", 1),
]


def tables() -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of the account, as a sink in memory holds them."""
    watch, outputs, scope = HEALTH_LEDGER.start("acme", ""), Outputs(), Scope(Rules(), (BEGIN + 9) * DAY)
    for fact in sorted(FACTS, key=position):
        HEALTH_LEDGER.apply(watch, fact, scope, outputs)
    HEALTH_LEDGER.project(watch, scope, outputs)
    names = AccountHealthRow.__struct_fields__
    rows = [tuple(getattr(row, name) for name in names) for row in outputs.rows if isinstance(row, AccountHealthRow)]
    return {AccountHealthRow.TABLE: rows}


def asked(day: int) -> list[dict[str, Any]]:
    return explained_health.by_model(explained_health.rows_of(tables(), day * DAY))


def test_components_add_up_to_the_score() -> None:
    """Whoever asks why adds the lines up: a sum that is another one would end the trust in all of it."""
    (model,) = asked(BEGIN + 9)
    assert model["score"] is not None
    assert sum(round(100 * part["contribution"]) for part in model["components"]) == round(100 * model["score"])
    assert {part["signal"]: part["evidence"] for part in model["components"]}["nps"] == ("e7", "e4")


def test_it_says_what_was_so_before() -> None:
    """The last change is between two rows, the newest one and the one before it."""
    (model,) = asked(BEGIN + 9)
    earlier = sorted(row["at"] for row in explained_health.rows_of(tables(), (BEGIN + 9) * DAY))
    assert (model["at"], model["before"]["at"]) == (earlier[-1], earlier[-2])


def test_what_came_later_is_left_out() -> None:
    """A past moment knows nothing of what came after it: on the first day two components alone were known."""
    (model,) = asked(BEGIN)
    assert model["before"] is None
    assert not [part for part in model["components"] if part["signal"] == "nps" and part["raw"] is not None]


def test_models_rest_on_events() -> None:
    """Each number leads to what was said: the events of all components, and the one that changed it last."""
    found = explained_health.evidence_of(asked(BEGIN + 9))
    assert {"e2", "e3", "e4", "e5", "e6"} <= found


def test_it_is_read_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An on-call engineer sees components as a table of 80 columns, and their sum below it."""
    monkeypatch.setenv("COLUMNS", "80")
    models = asked(BEGIN + 9)
    explained.tell_health({"account_id": "acme", "known_at": None, "models": models, "events": []})
    said = capsys.readouterr().out.splitlines()
    score = f"{models[0]['score']:g}"
    assert said[-1] == f"together {score}"
    assert any(line.startswith(f"{models[0]['model_id']}: {score}, {models[0]['band']}") for line in said)
    assert max(map(len, said)) <= 80
    assert sum(line.startswith("│ nps") for line in said) == 1, "a table, and not a value a line"
