"""The change rows of an entity: one walk over its events in the order in which they became known.

They are a function of the set of events, like every row. An event that became known last is the common case, and costs
one comparison; where one is told after others that were stored later, the walk is made again from its place on.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from streams.core.algebra import Note, difference, insert
from streams.core.changes import NO_MEASURES, Measures, change_rows, known_order
from streams.core.rows import MetricChangeRow

if TYPE_CHECKING:
    from streams.core.reducer import Reducer

Change = tuple[Sequence[MetricChangeRow], Sequence[MetricChangeRow]]
"""(rows to write, rows to take away)."""
UNCHANGED: Change = ((), ())


def stepped(reducer: "Reducer[Any]", known: Sequence[Note], note: Note, before: Any, after: Any) -> Change:
    """Return what one more note changes; `before` and `after` are the views without it and with it."""
    measures = reducer.measures
    if measures is None:
        return UNCHANGED
    at = note.ingested_at
    for each in known:
        if each.ingested_at >= at and known_order(each) > known_order(note):
            return _again(reducer, known, (note,))
    written = change_rows(
        note,
        reducer.kind,
        reducer.identify(note.event),
        measures(before) if known else NO_MEASURES,
        measures(after),
    )
    return written, ()


def _again(reducer: "Reducer[Any]", known: Sequence[Note], new: Sequence[Note]) -> Change:
    """Walk again from the first place of the new notes."""
    first = min(map(known_order, new))
    base = [note for note in known if known_order(note) < first]
    later = [note for note in known if known_order(note) > first]
    return difference_of(walk(reducer, base, later), walk(reducer, base, [*later, *new]))


def difference_of(before: Iterable[MetricChangeRow], after: Iterable[MetricChangeRow]) -> Change:
    written, removed = difference(tuple(before), tuple(after))
    return written, removed  # type: ignore[return-value] # of rows of one type


def walk(reducer: "Reducer[Any]", base: Sequence[Note], later: Iterable[Note]) -> Iterator[MetricChangeRow]:
    """Yield the rows of later notes, given in whatever order, after those that had become known before."""
    before, notes = measured(reducer, base), tuple(base)
    for note in sorted(later, key=known_order):
        notes = insert(notes, note)
        after = measured(reducer, notes)
        yield from change_rows(note, reducer.kind, reducer.identify(note.event), before, after)
        before = after


def measured(reducer: "Reducer[Any]", notes: Sequence[Note]) -> Measures:
    """Return what these notes, in fold order, say together."""
    if reducer.measures is None or not notes:
        return NO_MEASURES
    return reducer.measures(reducer.fold(reducer.standing(tuple(notes))))


def history(reducer: "Reducer[Any]", notes: Sequence[Note]) -> Sequence[MetricChangeRow]:
    """Return every change row of an entity that is not folded once per batch."""
    return () if reducer.measures is None else tuple(walk(reducer, (), notes))
