"""The change rows of entities that are folded once per batch: by the same walk, with a fold where one is needed alone.

Of each entity the first `compared` events that may change a measure, in the order in which they became known, have rows
of their own; what all later ones changed is one row for each measure, under the first of them.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from streams.core.algebra import Note, fold_order
from streams.core.change_log import UNCHANGED, Change, difference_of, measured
from streams.core.changes import NO_MEASURES, Measures, change_rows, known_order
from streams.core.rows import MetricChangeRow

if TYPE_CHECKING:
    from streams.core.reducer import Reducer

Notes = Sequence[Note]


def batch_changes(reducer: "Reducer[Any]", known: Notes, view: Any, now: Notes, arrived: Notes) -> Change:
    """Return what `arrived` changed: `known` are the notes before, with their view, `now` those after."""
    limits = reducer.gathered
    if limits is None or reducer.measures is None or now is known:
        return UNCHANGED
    held = {id(note) for note in now}
    new = [note for note in arrived if id(note) in held]
    if len(now) != len(known) + len(new):
        return difference_of(gathered_history(reducer, known), gathered_history(reducer, now))
    if sum(map(limits.counts, now)) > limits.compared():
        return _beyond(reducer, known, now)
    first = min(map(known_order, new))
    later = [note for note in known if note.ingested_at >= first[0] and known_order(note) > first]
    if not later:
        return tuple(_walk(reducer, known, view, new)), ()
    base = [note for note in known if known_order(note) < first]
    return difference_of(_walk(reducer, base, None, later), _walk(reducer, base, None, [*later, *new]))


def gathered_history(reducer: "Reducer[Any]", notes: Notes) -> Sequence[MetricChangeRow]:
    """Return every change row of an entity with these notes."""
    head, tail = _split(reducer, notes)
    return (*_walk(reducer, (), None, head), *_tail(reducer, head, tail, notes))


def _beyond(reducer: "Reducer[Any]", known: Notes, now: Notes) -> Change:
    """Where the entity has more than are compared: what they add up to is one fold of the first ones away."""
    (former, left), (head, tail) = _split(reducer, known), _split(reducer, now)
    if not left or former != head:
        return difference_of(gathered_history(reducer, known), gathered_history(reducer, now))
    return difference_of(_tail(reducer, head, left, known), _tail(reducer, head, tail, now))


def _split(reducer: "Reducer[Any]", notes: Notes) -> tuple[Notes, Notes]:
    """(notes compared, notes beyond them), both in the order in which they became known."""
    limits = reducer.gathered
    assert limits is not None
    ordered = sorted(notes, key=known_order)
    counted = 0
    for place, note in enumerate(ordered):
        counted += limits.counts(note)
        if counted > limits.compared():
            return ordered[:place], ordered[place:]
    return ordered, ()


def _tail(reducer: "Reducer[Any]", head: Notes, tail: Notes, every: Notes) -> Sequence[MetricChangeRow]:
    """What those beyond the compared ones changed together, by the first of them, known when the last one was."""
    if not tail:
        return ()
    first = msgspec.structs.replace(tail[0], ingested_at=tail[-1].ingested_at)
    before, after = measured(reducer, sorted(head, key=fold_order)), measured(reducer, every)
    return change_rows(first, reducer.kind, reducer.identify(first.event), before, after)


def _walk(reducer: "Reducer[Any]", base: Notes, view: Any, later: Notes) -> Iterator[MetricChangeRow]:
    """Yield the rows of later notes after `base`, which is in fold order; `view` is its view where there is one."""
    limits = reducer.gathered
    assert limits is not None
    assert reducer.measures is not None
    notes = list(base)
    if view is None and notes:
        view = reducer.fold(reducer.standing(tuple(notes)))
    before: Measures = reducer.measures(view) if notes else NO_MEASURES
    quiet = limits.quiet(view) if notes else None
    for note in sorted(later, key=known_order):
        in_order = not notes or fold_order(notes[-1]) < fold_order(note)
        notes.append(note)
        if not in_order:
            notes.sort(key=fold_order)
        if quiet is not None and quiet(note):
            continue
        view = reducer.fold(reducer.standing(tuple(notes)))
        after = reducer.measures(view)
        yield from change_rows(note, reducer.kind, reducer.identify(note.event), before, after)
        before, quiet = after, limits.quiet(view)
