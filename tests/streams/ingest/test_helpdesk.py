"""The mapping of the help desk: what its rows become, on rows of the same shape and other content."""

from pathlib import Path
from typing import Any

from infra.proof import FOLDER
from schemas.catalogue import latest_schemas
from schemas.codec import Codec
from streams.core.admission import check
from streams.core.events import parse
from streams.ingest.contract import require_fit
from streams.ingest.mapping import load
from streams.ingest.translate import Event
from tests.support.imports import imported

MAPPING = load(FOLDER / "helpdesk_italian.yaml")
HEAD = "Case ID,Activity,Resource,Complete Timestamp,customer,product,seriousness_2,support_section"
LATER = 1_800_000_000_000_000
STORY = [
    "C1,Closed,robot,2020/02/03 10:00:00.000,ACME,P,high,S",
    "C1,Assign seriousness,kim,2020/01/01 08:00:00.000,ACME,P,high,S",
    "C1,Take in charge ticket,bo,2020/01/01 09:30:00.500,ACME,P,high,S",
    "C1,Wait,bo,2020/01/01 10:00:00.000,OTHER,P,high,S",
    "C1,Create SW anomaly,bo,2020/01/01 11:00:00.000,ACME,P,high,S",
    "C1,Resolve ticket,bo,2020/01/03 10:00:00.000,ACME,P,high,S",
]


def events(folder: Path, rows: list[str]) -> list[Event]:
    file = folder / "rows.csv"
    file.write_text("\n".join([HEAD, *rows]) + "\n")
    summary, made = imported(MAPPING, file, folder / "rejects.csv")
    assert summary.rejected == 0, summary.first
    return made


def of(made: list[Event], kind: str) -> list[dict[str, Any]]:
    return sorted((event.fields for event in made if event.type == kind), key=lambda each: int(each["occurred_at"]))


def test_the_earliest_row_opens_the_ticket_for_its_customer(tmp_path: Path) -> None:
    """The file may stand in any order, and a row that names another customer stays with the case."""
    require_fit(MAPPING)
    made = events(tmp_path, STORY)
    (opened,) = of(made, "ticket_opened")
    assert opened["occurred_at"] == 1_577_865_600_000_000
    assert (opened["ticket_id"], opened["topic"], opened["status"]) == ("C1", "P", "NEW")
    assert {event.fields["account_id"] for event in made} == {"helpdesk-ACME"}


def test_every_row_is_one_change_of_status_and_what_else_it_says(tmp_path: Path) -> None:
    """Distinct rows can then be counted among the events, and no row is lost because its activity says little."""
    made = events(tmp_path, STORY)
    turns = [(each["to_status"], each["custom_status"]) for each in of(made, "ticket_status_changed")]
    assert turns == [
        ("OPEN", "Assign seriousness"),
        ("OPEN", "Take in charge ticket"),
        ("PENDING", "Wait"),
        ("OPEN", "Create SW anomaly"),
        ("CLOSED", "Closed"),
    ]
    assert len(of(made, "ticket_solved")) == 1
    assert [each["assignee_id"] for each in of(made, "ticket_assigned")] == ["bo"]
    assert [each["priority"] for each in of(made, "ticket_priority_changed")] == ["high"]
    assert [(each["kind"], each["reason"]) for each in of(made, "ticket_escalated")] == [
        ("FUNCTIONAL", "Create SW anomaly")
    ]


def test_a_row_that_stands_twice_is_told_twice_under_one_id(tmp_path: Path) -> None:
    """Dropping and counting is the pipeline's work; two ids for one row would count it twice."""
    made = events(tmp_path, [*STORY, *STORY])
    assert len(made) == 2 * len({(event.type, event.fields["event_id"]) for event in made})


def test_what_the_rows_become_is_taken_in(tmp_path: Path) -> None:
    """A mapping that fits the schemas may still send what admission refuses."""
    codec = Codec()
    for event in events(tmp_path, STORY):
        event_type, decoded = codec.decode(codec.encode(event.type, event.fields))
        names = [field["name"] for field in latest_schemas()[event.type].definition["fields"]]
        parsed = parse(event_type, [event_type, *(decoded[name] for name in names)])
        assert check(parsed, parsed.account_id.encode(), LATER) is None
