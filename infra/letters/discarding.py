"""Puts dead letters away for good reasons; their bytes stay where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import wiring
from infra.letters.guard import audited, held
from sinks import letters
from sinks.letters import Chosen, Done, Known

if TYPE_CHECKING:
    from infra.settings import Settings


def outlook(settings: Settings, chosen: Chosen) -> list[Known]:
    """Return the open letters that are meant, having changed nothing."""
    with wiring.clickhouse(settings) as client:
        return letters.found(client, wiring.warehouse(settings), chosen, "open")


def perform(settings: Settings, chosen: Chosen, why: str) -> list[Known]:
    """Discard the open letters that are meant and return them. Raises LockedError. Twice is the same as once."""
    with held(settings), wiring.clickhouse(settings) as client:
        found = letters.found(client, wiring.warehouse(settings), chosen, "open")
        with audited(settings, "discard", lambda: f"{len(found)} letters: {why}"):
            done = [Done(each.at, each.reason) for each in found]
            letters.write(client, wiring.warehouse(settings), "discarded", done, why)
    return found
