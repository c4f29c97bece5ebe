"""Facts that entities hand over to the health of their account, gathered as the stage would be told them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from streams.core.algebra import RecordedEvent, SortKey
from streams.core.declarations import Kinds, Ledger
from streams.core.health.facts import HEALTH, Fact, Happened, Level, Stated, position
from streams.core.outputs import Outputs, Scope
from streams.core.routes import BY_PREFIX, LEDGERS, reducer_of
from streams.core.rules import Rules
from tests.support.machine import Machine
from tests.support.oracle import folded


class Nothing(msgspec.Struct, array_like=True):
    """A ledger that makes nothing of what it is told."""


def _ignore(_acc: Nothing, _entry: Any, _scope: Scope, _sealed: Outputs | None) -> None:
    pass


def _show(_acc: Nothing, _scope: Scope, _outputs: Outputs) -> None:
    pass


_LEDGER: Ledger[Any, Any] = Ledger(HEALTH, Fact, Nothing, _ignore, _show, position, lambda _account, _name: Nothing())
KINDS = Kinds(BY_PREFIX, LEDGERS, reducer_of, {HEALTH: _LEDGER})
"""All kinds of the product, and a stage that only listens."""


def told(recorded_events: Iterable[RecordedEvent], *, recode: bool = False, rules: Rules | None = None) -> Machine:
    """Feed events; time passes along with what the broker stored."""
    machine, now = Machine(rules=rules, recode=recode, kinds=KINDS), 0
    for recorded in recorded_events:
        now = max(now, recorded.ingested_at)
        machine.tick(now)
        machine.feed(recorded)
        machine.tick(now)
    return machine


def facts_of(machine: Machine) -> list[Fact]:
    """Return the facts that hold, in order of their positions."""
    handed = {
        place: each
        for (_, prefix, _), facts in machine.handed.items()
        if prefix == HEALTH
        for place, each in facts.items()
    }
    return [handed[place] for place in sorted(handed)]


def plainly(machine: Machine) -> list[Fact]:
    """Return the facts of all events that a machine took, each entity folded from its beginning."""
    found: dict[SortKey, Fact] = {}
    for key, recorded_events in machine.recorded_events.items():
        scope = Scope(machine.rules, machine.passed(key))
        for place, fact in folded(BY_PREFIX[chr(key[0])], recorded_events.values(), scope).entries.items():
            if place.ledger == HEALTH:
                assert place.key == position(fact)
                assert place.key not in found, "two facts at one position"
                found[place.key] = fact
    return [found[place] for place in sorted(found)]


def levels(machine: Machine, name: str) -> dict[tuple[int, str], int]:
    """Return the sums of a level by day and unit, where they are not 0."""
    sums: defaultdict[tuple[int, str], int] = defaultdict(int)
    for fact in facts_of(machine):
        if isinstance(fact, Level) and fact.name == name:
            sums[fact.day, fact.unit] += fact.number
    return {cell: number for cell, number in sums.items() if number}


def counted(machine: Machine, name: str) -> tuple[int, int]:
    """Return how often something happened, and the total of what was measured."""
    found = [fact for fact in facts_of(machine) if isinstance(fact, Happened) and fact.name == name]
    return sum(fact.number for fact in found), sum(fact.total for fact in found)


def stated(machine: Machine, name: str) -> list[tuple[int, int | str | None]]:
    """Return when what was stated, in order."""
    return [(fact.at, fact.value) for fact in facts_of(machine) if isinstance(fact, Stated) and fact.name == name]
