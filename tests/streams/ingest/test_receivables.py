"""The mapping of the receivables: what its rows become, on rows of the same shape and other content."""

import datetime as dt
from typing import Any

import pytest

from infra.proof import FOLDER
from schemas.catalogue import latest_schemas
from schemas.codec import Codec
from streams.core.admission import check
from streams.core.events import parse
from streams.ingest.contract import require_fit
from streams.ingest.mapping import load
from streams.ingest.translate import Rejected, Translated, Translator

ROW = {
    "countrycode": "1",
    "customerID": "ACME",
    "PaperlessDate": "01/01/2020",
    "invoiceNumber": "77",
    "InvoiceDate": "30/01/2020",
    "DueDate": "29/02/2020",
    "InvoiceAmount": "50.4",
    "Disputed": "Yes",
    "SettledDate": "01/03/2020",
    "PaperlessBill": "Paper",
    "DaysToSettle": "31",
    "DaysLate": "1",
}
MAPPING = load(FOLDER / "receivables_ibm.yaml")
TRANSLATOR = Translator(MAPPING, list(ROW))
LATER = 1_800_000_000_000_000


def micros(*when: int) -> int:
    return (dt.datetime(*when, tzinfo=dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)  # type: ignore[misc] # year to microsecond


def events(**cells: str) -> dict[str, dict[str, Any]]:
    outcome = TRANSLATOR.row(2, list((ROW | cells).values()))
    assert isinstance(outcome, Translated), outcome
    return {event.type: event.fields for event in outcome.events}


def test_a_row_is_an_invoice_its_payment_and_its_dispute() -> None:
    """Due until the end of its day: settled on the due date is not late, settled on the next day is."""
    require_fit(MAPPING)
    found = events()
    issued, paid, disputed = (found[kind] for kind in ("invoice_issued", "invoice_paid", "dispute_opened"))
    assert (issued["total"], paid["amount"], disputed["amount"]) == (5_040, 5_040, 5_040)
    assert issued["issued_at"] == disputed["occurred_at"] == micros(2020, 1, 30)
    assert issued["due_at"] == micros(2020, 3, 1) - 1
    assert paid["paid_at"] == micros(2020, 3, 1) > issued["due_at"]
    assert {each["invoice_id"] for each in found.values()} == {"77"}
    on_the_day = events(SettledDate="29/02/2020")
    assert on_the_day["invoice_paid"]["paid_at"] < on_the_day["invoice_issued"]["due_at"]


def test_an_invoice_without_dispute_has_none() -> None:
    """Only what the file tells becomes an event."""
    assert set(events(Disputed="No")) == {"invoice_issued", "invoice_paid"}


def test_what_the_rows_become_is_taken_in() -> None:
    """A mapping that fits the schemas may still send what admission refuses."""
    codec = Codec()
    for kind, fields in events().items():
        event_type, decoded = codec.decode(codec.encode(kind, fields))
        names = [field["name"] for field in latest_schemas()[kind].definition["fields"]]
        event = parse(event_type, [event_type, *(decoded[name] for name in names)])
        assert check(event, event.account_id.encode(), LATER) is None


@pytest.mark.parametrize(
    "cells", [{"InvoiceAmount": "50.391"}, {"InvoiceAmount": ""}, {"DueDate": "2020-02-29"}, {"invoiceNumber": ""}]
)
def test_a_row_that_cannot_be_read_makes_no_event_at_all(cells: dict[str, str]) -> None:
    """An invoice without its payment would stay open for ever. An empty amount is refused when it is sent."""
    outcome = TRANSLATOR.row(2, list((ROW | cells).values()))
    if cells == {"InvoiceAmount": ""}:
        assert isinstance(outcome, Translated)
        assert outcome.events[0].fields["total"] is None
    else:
        assert isinstance(outcome, Rejected)


def test_ids_come_from_the_invoice_number_alone() -> None:
    """Importing twice, in another order or from a mended file names the same events."""
    ids = {kind: fields["event_id"] for kind, fields in events().items()}
    assert len(set(ids.values())) == 3
    again = events(InvoiceAmount="51", SettledDate="05/03/2020", customerID="OTHER")
    assert ids == {kind: fields["event_id"] for kind, fields in again.items()}
    assert not set(ids.values()) & {fields["event_id"] for fields in events(invoiceNumber="78").values()}
