"""cx emit: send one event after holding it against the contract."""

import datetime as dt
import json
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.cli import output
from infra.cli.context import located, sentences
from infra.sending import ContractError, Sender
from schemas.catalogue import latest_schemas
from streams.emit.admission import topic_of


def event_fields(text: str) -> dict[str, Any]:
    """Read one event from JSON; raises ContractError where it is no object."""
    try:
        fields = json.loads(text)
    except json.JSONDecodeError as error:
        raise ContractError(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ContractError("the event must be a JSON object")
    return fields


def completed(event_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with times read from ISO 8601, and an id, time and source where none is given.

    Raises ContractError for a time that cannot be read or that names no offset.
    """
    schemas = latest_schemas()
    if event_type not in schemas:
        raise ContractError(f"there is no event type {event_type!r}")
    given = schemas[event_type].instants.changed(fields, _time)
    now = dt.datetime.now(dt.UTC)
    return {"event_id": str(uuid.uuid4()), "occurred_at": now, "source": "cx:emit", **given}


def _time(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise ContractError(f"{name}: {value!r} is no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise ContractError(f"{name}: {value!r} names no offset, such as Z or +02:00")
    return moment


def emit(
    event_type: Annotated[str, typer.Argument(help="Type of the event, such as response_submitted.")],
    file: Annotated[Path | None, typer.Argument(help="JSON file with its fields; standard input if absent.")] = None,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Send one event to its topic after holding it against the contract.

    Times are ISO 8601 with an offset. event_id, occurred_at and source are filled in where the event has none.
    """
    with sentences():
        settings = located()
        fields = completed(event_type, event_fields(file.read_text("utf-8") if file else sys.stdin.read()))
        if "account_id" not in fields:
            raise ContractError("account_id is missing: it is the event's key")
        with Sender(settings) as sender:
            sender.event(event_type, fields)
        topic = settings.topic_prefix + topic_of(event_type)
        if form is output.Machine.JSON:
            output.machine({"event_id": fields["event_id"], "topic": topic, "key": fields["account_id"]})
        else:
            output.out.print(f"stored on {topic}: {event_type} {fields['event_id']}", highlight=False)
