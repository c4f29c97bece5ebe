"""Folding several events of one entity at once: a long ticket is folded once per batch, not once per message.

Nothing but the work differs: the state is that of folding one by one, and so are the rows in the end. A row that only
lasted from one of the events to another is taken away all the same: a batch that was thrown away may have written it.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from streams.core.algebra import CLAIM, Facts, Note, Signal, difference, fold_order, with_claims
from streams.core.gathered_changes import batch_changes
from streams.core.limits import NEVER
from streams.core.reducer import NOTHING, UNBORN, Gathered, Reducer, State, View, left_out
from streams.core.rows import Row
from streams.core.rules import Rules

MOST_CLAIMS = 100_000
"""Identities that one entity remembers: its state has to fit into one record of a changelog."""
Arrived = Sequence[tuple[Note, bytes]]
_MANY = 200
Change = tuple[Sequence[Row], Sequence[Row]]


class Told(NamedTuple):
    """A state and what it said by certain rules, kept by who calls so that a long one need not be folded again."""

    state: State
    view: Any
    rows: Sequence[Row]


def told(reducer: Reducer[View], state: State | None, rules: Rules) -> Told | None:
    """What a state says."""
    if state is None:
        return None
    view = reducer.view(state)
    return Told(state, view, reducer.rows(view, rules, state.ticked_to))


def gather(reducer: Reducer[View], known: Told | None, arrived: Arrived, rules: Rules) -> tuple[Told, Facts]:
    """Fold in new notes with their claims, in the order of their arrival; none of them is known or there twice.

    Those for which there is no room are left out: the entity remembers that they came, up to MOST_CLAIMS, and no more
    of them. Beyond that they leave no trace. `known` is what the entity said by these rules, None for a new one.
    """
    limits = reducer.gathered
    assert limits is not None
    first = now = Told(UNBORN, None, ()) if known is None else known
    passed = now.state.ticked_to
    changes: list[Change] = []
    signals: list[Signal] = []
    starts = [0, *limits.stretches(now.state.notes, [note for note, _ in arrived]), len(arrived)]
    for start, end in pairwise(starts):
        stretch = arrived[start:end]
        grown = _grown(limits, now.state, stretch)
        if grown is None:
            continue
        before = now
        if grown.notes is before.state.notes:
            now, change = _counted(limits, before, grown, rules)
        else:
            now = told(reducer, grown, rules) or before
            change = _change(before.rows, now.rows, _passing(reducer, limits, before.state, stretch, rules))
        changes.append(change)
        signals.extend(reducer.signals(before.view, now.view, rules, passed) if reducer.signals else ())
    if not changes:
        return now, NOTHING
    was, then = (first.state.notes, first.view), (now.state.notes, now.view)
    changes.append((tuple(batch_changes(reducer, was, then, [note for note, _ in arrived])), ()))
    deadline = reducer.deadline(now.view, rules, passed) if reducer.deadline else NEVER
    state = msgspec.structs.replace(now.state, deadline=deadline)
    return Told(state, now.view, now.rows), Facts(*_together(changes), signals)


def _counted(limits: Gathered[View], before: Told, grown: State, rules: Rules) -> tuple[Told, Change]:
    """Only how many were left out has changed: the first rows say so."""
    limits.tell(before.view, left_out(grown))
    rows = limits.counting(before.view, rules, grown.ticked_to)
    return Told(grown, before.view, [*rows, *before.rows[len(rows) :]]), (rows, ())


def _passing(
    reducer: Reducer[View], limits: Gathered[View], known: State, stretch: Arrived, rules: Rules
) -> Sequence[Row]:
    """Rows that some of a stretch may have left before the rest came; none where all of it goes forward."""
    places = [fold_order(note) for note, _ in stretch]
    times = [note.event.occurred_at for note, _ in stretch]
    if known.notes:
        places.insert(0, fold_order(known.notes[-1]))
        times.insert(0, max(note.event.occurred_at for note in known.notes))
    if len(stretch) == 1 or (places == sorted(places) and times == sorted(times)):
        return ()
    every = _merged(known.notes, [note for note, _ in stretch])
    return limits.ever(reducer.fold(reducer.standing(every)), rules, known.ticked_to)


def _merged(known: tuple[Note, ...], new: Sequence[Note]) -> tuple[Note, ...]:
    """All notes in fold order; those known are."""
    if known and fold_order(known[-1]) < min(map(fold_order, new)):
        return (*known, *sorted(new, key=fold_order))
    return tuple(sorted((*known, *new), key=fold_order))


def _grown(limits: Gathered[View], known: State, arrived: Arrived) -> State | None:
    """The state with those that there is room for, None for none of them; with the very same notes if they are full."""
    ordered = _merged(known.notes, [note for note, _ in arrived])
    notes, claims = limits.keep(ordered), [claim for _, claim in arrived]
    held = {id(note) for note in notes} if len(notes) < len(ordered) else None
    if held is not None and not any(id(note) in held for note, _ in arrived):
        notes = known.notes
    room = MOST_CLAIMS - len(known.claims) // CLAIM
    if len(claims) > room:
        fits = [claim for note, claim in arrived if held is None or id(note) in held]
        left = [claim for note, claim in arrived if held is not None and id(note) not in held]
        claims = [*fits, *left[: max(0, room - len(fits))]]
        if not claims:
            return None
    return State(NEVER, known.revision + len(claims), with_claims(known.claims, claims), known.ticked_to, notes)


def _apart(former: Sequence[Row], rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """What is left of either where rows that are alike at the same place of the same table are taken off."""
    places = defaultdict[str, list[Row]](list)
    for row in former:
        places[row.TABLE].append(row)
    others: list[Row] = []
    numbers = defaultdict[str, int](int)
    left: list[Row] = []
    for row in rows:
        number = numbers[row.TABLE]
        numbers[row.TABLE] = number + 1
        there = places[row.TABLE]
        if number >= len(there):
            left.append(row)
        elif there[number] != row:
            left.append(row)
            others.append(there[number])
    for table, there in places.items():
        others.extend(there[numbers[table] :])
    return others, left


def _change(former: Sequence[Row], rows: Sequence[Row], passing: Sequence[Row]) -> Change:
    written, removed = difference(*(_apart(former, rows) if len(former) > _MANY else (former, rows)))
    if not passing:
        return written, removed
    there = {row.identity() for row in rows}
    gone = {row.identity(): row for row in (*passing, *removed)}
    return written, [row for identity, row in gone.items() if identity not in there]


def _together(changes: Sequence[Change]) -> Change:
    """Several changes as one: of each row the last word."""
    if len(changes) == 1:
        return changes[0]
    written: dict[tuple[object, ...], Row] = {}
    removed: dict[tuple[object, ...], Row] = {}
    for rows, gone in changes:
        for row in rows:
            removed.pop(row.identity(), None)
            written[row.identity()] = row
        for row in gone:
            written.pop(row.identity(), None)
            removed[row.identity()] = row
    return list(written.values()), list(removed.values())
