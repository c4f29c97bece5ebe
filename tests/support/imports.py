"""Imports into a list: what would be sent, without a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.importing import Import, Ready, Summary

if TYPE_CHECKING:
    from pathlib import Path

    from streams.ingest.mapping import Mapping
    from streams.ingest.translate import Event

_encode = msgspec.json.Encoder(order="sorted").encode


def ready(event: Event) -> Ready:
    """Take any event, whatever the contract says of it."""
    return Ready(event, _encode(event.fields))


def imported(mapping: Mapping, file: Path, rejects: Path | None, **options: Any) -> tuple[Summary, list[Event]]:
    """Import a file; return the counts and the events in the order in which they are sent."""
    sent: list[Event] = []
    options = {"prepare": ready, **options}
    summary = Import(mapping, file, send=lambda each: sent.append(each.event), rejects=rejects, **options).run()
    return summary, sent
