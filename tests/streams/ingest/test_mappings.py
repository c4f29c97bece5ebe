"""Mappings that the documentation offers: each with a table of its own, imported as a user would begin."""

from collections import Counter
from pathlib import Path

import pytest

from schemas.codec import Codec, InvalidEventError
from streams.emit.admission import admitted
from streams.ingest.importing import Ready, RefusedError, Summary
from streams.ingest.mapping import parse
from streams.ingest.translate import Event
from tests.support.imports import imported

FOLDER = Path(__file__).parents[3] / "docs" / "mappings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
_CODEC = Codec()
_NOW = 1_793_534_400_000_000
"""2026-11-01."""
_DAY = 86_400_000_000
_TYPES = {
    "accounts": {"account_merged": 1, "account_unmerged": 1, "account_linked": 1, "account_unlinked": 1},
    "contracts": {"contract_set": 3, "renewal_decided": 2},
    "costs": {"cost_entry": 2},
    "feedback": {
        "feedback_item_opened": 2,
        "feedback_item_state_changed": 1,
        "feedback_item_linked": 3,
        "reporter_notified": 1,
    },
    "managers": {"manager_assigned": 4},
    "media_plans": {"media_plan_set": 3},
    "media_spend": {"media_spend_reported": 2},
    "onboarding": {"onboarding_planned": 1, "milestone_reached": 2, "onboarding_paused": 1, "onboarding_resumed": 1},
    "projects": {"project_set": 1, "project_stage_changed": 1},
    "sentiment": {"manager_sentiment_set": 2},
    "timesheet": {"time_entry": 3},
    "usage": {"usage_reported": 2},
}


def _import(folder: Path, name: str, table: Path | str) -> tuple[Summary, list[Event], list[str]]:
    """Import a table by a mapping, judged as `cx import` judges it; return the rejects' lines too."""
    file, rejects = (table if isinstance(table, Path) else folder / "table.csv"), folder / "rejects.csv"
    if isinstance(table, str):
        file.write_text(table, "utf-8")

    def prepare(event: Event) -> Ready:
        try:
            return Ready(event, admitted(_CODEC, event.type, event.fields, _NOW))
        except InvalidEventError as error:
            raise RefusedError(str(error)) from None

    mapping = parse((FOLDER / f"{name}.yaml").read_text("utf-8"))
    summary, events = imported(mapping, file, rejects, prepare=prepare)
    return summary, events, rejects.read_text("utf-8-sig").splitlines() if rejects.exists() else []


@pytest.mark.parametrize("name", NAMES)
def test_a_mapping_takes_its_table_whole(tmp_path: Path, name: str) -> None:
    """Whoever adapts a mapping that does not work as given looks for the mistake in their own table."""
    summary, events, rejects = _import(tmp_path, name, FOLDER / f"{name}.csv")
    assert rejects == []
    assert Counter(event.type for event in events) == _TYPES[name]
    assert summary.rejected == 0
    assert len({event.fields["event_id"] for event in events}) == len(events)


def test_amounts_and_days_are_those_of_the_tables(tmp_path: Path) -> None:
    """A decimal comma or a day in another zone that is read wrongly moves money or a date by much."""
    _, costs, _ = _import(tmp_path, "costs", FOLDER / "costs.csv")
    assert [event.fields["amount"] for event in costs] == [200_000, 35_050]
    _, contracts, _ = _import(tmp_path, "contracts", FOLDER / "contracts.csv")
    terms = [event.fields for event in contracts if event.type == "contract_set"]
    assert terms[0]["annual_value"] == 1_200_000
    length = terms[0]["ends_at"] - terms[0]["starts_at"]
    assert length == 365 * _DAY - 1
    assert terms[2]["ends_at"] is None
    lost = [
        event.fields for event in contracts if event.type == "renewal_decided" and event.fields["outcome"] == "LOST"
    ]
    assert [each["amount"] for each in lost] == [0]


def test_an_onboarding_begins_with_its_first_row_wherever_it_stands(tmp_path: Path) -> None:
    """Exports come in any order; time to value counts from the first day."""
    head, *rows = (FOLDER / "onboarding.csv").read_text("utf-8").splitlines()
    given = {}
    for name, lines in (("there", rows), ("back", rows[::-1])):
        folder = tmp_path / name
        folder.mkdir()
        _, events, _ = _import(folder, "onboarding", "\n".join([head, *lines]) + "\n")
        given[name] = sorted((event.type, str(sorted(event.fields.items(), key=str))) for event in events)
    assert given["there"] == given["back"]


@pytest.mark.parametrize(
    ("name", "row", "says"),
    [
        ("timesheet", "7,P-1,ann,researcher,03.02.2025,-90,client", "minutes"),
        ("timesheet", "7,P-1,ann,researcher,03.02.2025,1800,client", "minutes"),
        ("timesheet", "7,P-1,ann,researcher,03.02.2025,90,play", "KIND"),
        ("accounts", "8,merged,8,2025-07-01", "into itself"),
        ("contracts", "7,K,fixed,2025-01-07,2025-01-15,2025-01-10,,no,1.00,EUR,x,,,,", "ends_at must be after"),
        ("contracts", "7,K,fixed,2025-01-07,2025-01-15,,,no,1.00,EUR,x,,,,", "a fixed term has ends_at"),
        ("contracts", "7,K,open,2025-01-07,2025-01-15,,,no,1.005,EUR,x,,,,", "VALUE"),
        ("costs", '7,P-1,C-1,2025-02-10,"1,5,0",media', "AMOUNT"),
        ("managers", "7,ann,owner,north,2025-01-01,,100.01", "share_bp"),
        ("sentiment", "7,mia,2025-06-01,furious,", "JUDGED"),
        ("usage", "7,seats,2025-06-01,-1,", "value"),
        ("media_plans", "7,P-1,M-1,1,2025-01-20,search,2025-03-01,2025-02-28,1.00,", "ends_at"),
        ("feedback", "F-1,Export,export,8,2025-03-02,,,2025-05-01,maybe,", "STATE"),
    ],
)
def test_what_a_row_says_wrongly_is_a_reject_with_its_reason(tmp_path: Path, name: str, row: str, says: str) -> None:
    """A row that is guessed at is a figure that nobody can explain."""
    head = (FOLDER / f"{name}.csv").read_text("utf-8").splitlines()[0]
    summary, events, rejects = _import(tmp_path, name, f"{head}\n{row}\n")
    assert (summary.rejected, events) == (1, [])
    assert says in rejects[1]
