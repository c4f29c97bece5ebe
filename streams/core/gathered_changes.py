"""The change rows of entities that are folded once per batch: by the same walk, which folds where a measure may change.

Rows that only lasted from one event of a batch to another are taken away all the same, as those of the entity itself
are (streams.core.gathering): where events came in another order than they became known, they are walked one by one.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from streams.core.algebra import Note, fold_order
from streams.core.change_log import UNCHANGED, Change, difference_of
from streams.core.changes import NO_MEASURES, Measures, change_rows, known_order
from streams.core.rows import MetricChangeRow

if TYPE_CHECKING:
    from streams.core.reducer import Reducer

Notes = Sequence[Note]
Known = tuple[Notes, Any]
"""Notes in fold order, and the view that they fold into."""


def batch_changes(reducer: "Reducer[Any]", before: Known, after: Known, arrived: Notes) -> Change:
    """Return what `arrived` changed; `before` and `after` are the notes held without them and with them."""
    (known, view), (now, _) = before, after
    limits = reducer.gathered
    if limits is None or reducer.measures is None or now is known:
        return UNCHANGED
    held = {id(note) for note in now}
    new = [note for note in arrived if id(note) in held]
    plain = limits.plain([*known, *arrived])
    moving = [known_order(note) for note in new if not plain(note)]
    if len(now) == len(known) + len(new) and (len(new) == len(arrived) or _forward(arrived)):
        if not moving:
            return UNCHANGED
        if all(one < other for one, other in pairwise(moving)) and not _later(known, moving[0]):
            return tuple(_walk(reducer, known, view, new, after)), ()
    return _one_by_one(reducer, known, arrived)


def _forward(arrived: Notes) -> bool:
    """Whether each came behind the one before in fold order: then none was held for a while only."""
    return all(fold_order(one) < fold_order(other) for one, other in pairwise(arrived))


def gathered_history(reducer: "Reducer[Any]", notes: Notes) -> Sequence[MetricChangeRow]:
    """Return every change row of an entity with these notes."""
    return tuple(_walk(reducer, (), None, notes))


def _later(known: Notes, first: tuple[int, Any]) -> Notes:
    """Those of the notes that became known after a place."""
    return [note for note in known if note.ingested_at >= first[0] and known_order(note) > first]


def _one_by_one(reducer: "Reducer[Any]", known: Notes, arrived: Notes) -> Change:
    """Every row that any of them left on the way, the last word of each."""
    limits = reducer.gathered
    assert limits is not None
    plain = limits.plain([*known, *arrived])
    written: dict[tuple[object, ...], MetricChangeRow] = {}
    removed: dict[tuple[object, ...], MetricChangeRow] = {}
    notes = tuple(known)
    for note in arrived:
        every = tuple(sorted((*notes, note), key=fold_order))
        grown = limits.keep(every)
        whole = len(grown) == len(every)
        if not (whole and plain(note)):
            rows, gone = _one_more(reducer, notes, note) if whole else _difference(reducer, notes, grown)
            for row in rows:
                removed.pop(row.identity(), None)
                written[row.identity()] = row
            for row in gone:
                written.pop(row.identity(), None)
                removed[row.identity()] = row
        notes = grown
    return list(written.values()), list(removed.values())


def _one_more(reducer: "Reducer[Any]", notes: Notes, note: Note) -> Change:
    first = known_order(note)
    later, base = _later(notes, first), [each for each in notes if known_order(each) < first]
    return difference_of(_walk(reducer, base, None, later), _walk(reducer, base, None, [*later, note]))


def _difference(reducer: "Reducer[Any]", before: Notes, after: Notes) -> Change:
    if len(before) == len(after) and all(one is other for one, other in zip(before, after, strict=True)):
        return UNCHANGED
    return difference_of(gathered_history(reducer, before), gathered_history(reducer, after))


def _walk(
    reducer: "Reducer[Any]", base: Notes, view: Any, later: Notes, last: Known | None = None
) -> Iterator[MetricChangeRow]:
    """Yield the rows of later notes after `base`, which is in fold order.

    `view` is the view of `base`, and `last` that of all of them, where these are known: they need no fold then.
    """
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
        whole = last is not None and len(notes) == len(last[0])
        view = last[1] if last is not None and whole else reducer.fold(reducer.standing(tuple(notes)))
        after = reducer.measures(view)
        yield from change_rows(note, reducer.kind, reducer.identify(note.event), before, after)
        before, quiet = after, limits.quiet(view)
