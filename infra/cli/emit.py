"""cx emit: send events after holding all of them against the contract."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from infra.cli import output
from infra.cli.context import located, sentences
from infra.given_events import MOST_BYTES, Given, decoded, given
from infra.sending import ContractError, Sender
from schemas.catalogue import latest_schemas
from schemas.errors import InvalidEventError
from streams.emit.admission import topic_of

STANDARD_INPUT = "-"
_SHOWN = 10


def sources(words: list[str]) -> tuple[str | None, list[str]]:
    """Return the event type asked for, if any, and the inputs; raises ContractError for a word that is neither."""
    first = words[0]
    if first in latest_schemas() and not Path(first).exists():
        return first, words[1:] or [STANDARD_INPUT]
    if first != STANDARD_INPUT and not Path(first).exists() and (Path(first).name == first and "." not in first):
        raise ContractError(f"there is no event type {first[:64]!r}, and no file of that name")
    return None, words


def read(words: list[str]) -> list[Given]:
    """Read all events of all inputs, in their order; raises ContractError, or OSError for a missing file."""
    event_type, names = sources(words)
    found: list[Given] = []
    for name in names:
        label = "" if name == STANDARD_INPUT else name
        try:
            text = decoded(_bytes(name))
        except ContractError as error:
            raise ContractError(f"{label or 'standard input'}: {error}") from None
        found += given(text, event_type, label)
    return found


def _bytes(name: str) -> bytes:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MOST_BYTES + 1)


def judged(events: list[Given], sender: Sender) -> list[bytes]:
    """Return the records of all events; raises ContractError that names those which no worker would take."""
    records: list[bytes] = []
    wrong: list[str] = []
    seen: dict[tuple[str, str], tuple[bytes, str]] = {}
    for event in events:
        try:
            value = sender.encode(event.event_type, event.fields)
        except InvalidEventError as error:
            wrong.append(f"{event.place}: {error}")
            continue
        records.append(value)
        name = (str(event.fields["source"]), str(event.fields["event_id"]))
        before, place = seen.setdefault(name, (value, event.place))
        if before != value:
            wrong.append(f"{event.place}: another event than that of {place}, under the same event_id")
    if wrong:
        more = [f"and {len(wrong) - _SHOWN:,} more"] if len(wrong) > _SHOWN else []
        count = f"nothing was sent: {len(wrong):,} of {len(events):,} events would be refused"
        raise ContractError("\n".join([*wrong[:_SHOWN], *more, count] if len(events) > 1 else wrong))
    return records


def _show(events: list[Given], prefix: str, form: output.Machine) -> None:
    topics = Counter(prefix + topic_of(event.event_type) for event in events)
    first, (topic, *_) = events[0], topics
    event_id = first.fields["event_id"]
    if form is output.Machine.JSON and len(events) == 1:
        output.machine({"event_id": event_id, "topic": topic, "key": first.fields["account_id"]})
    elif form is output.Machine.JSON:
        ids = [event.fields["event_id"] for event in events]
        output.machine({"stored": len(events), "topics": dict(topics), "event_ids": ids})
    elif len(events) == 1:
        output.out.print(f"stored on {topic}: {first.event_type} {event_id}", highlight=False)
    else:
        parts = ", ".join(f"{count:,} on {name}" for name, count in topics.items())
        output.out.print(f"stored {len(events):,} events: {parts}", highlight=False)


def emit(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[EVENT_TYPE] [FILE]...",
            help="Type of the events, such as response_submitted, and files; - or no file is standard input.",
        ),
    ],
    load: Annotated[
        bool, typer.Option("--load", help="These events fill up the past, as an import does: none of them is late.")
    ] = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Send events to their topics, all of them or none, after holding each against the contract.

    A file holds JSON objects, one to a line or over several lines. The type is the first word, or each event's own
    "event_type"; the contract's examples are taken as they are. Times are ISO 8601 with an offset. event_id,
    occurred_at and source are filled in where an event has none.
    """
    with sentences():
        settings = located()
        events = read(words)
        with Sender(settings, load=load) as sender:
            for event, value in zip(events, judged(events, sender), strict=True):
                sender.record(topic_of(event.event_type), event.fields["account_id"].encode(), value)
        _show(events, settings.topic_prefix, form)
