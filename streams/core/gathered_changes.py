"""The change rows of entities that are folded once per batch: a fold of their own for events that may change a measure.

Rows follow the order of arrival, as those of all entities do (streams.core.change_log). So the rows of a shorter batch
are the first rows of a longer one, and a batch that was thrown away leaves none that the next would not write.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from streams.core.algebra import Note, fold_order
from streams.core.change_log import stepped
from streams.core.rows import MetricChangeRow

if TYPE_CHECKING:
    from streams.core.reducer import Reducer

Notes = Sequence[Note]
Known = tuple[Notes, Any]
"""Notes in fold order, and the view that they fold into; None for no notes."""


def batch_changes(reducer: "Reducer[Any]", before: Known, after: Known, arrived: Notes) -> Iterator[MetricChangeRow]:
    """Yield what each of `arrived` changed; `before` and `after` are the notes held without them and with them."""
    (known, _), (now, _) = before, after
    if reducer.gathered is None or reducer.measures is None or now is known:
        return
    held = {id(note) for note in now}
    new = [note for note in arrived if id(note) in held]
    if len(now) == len(known) + len(new) and (len(new) == len(arrived) or _forward(arrived)):
        yield from _all_held(reducer, before, after, new)
    else:
        yield from _one_by_one(reducer, before, arrived)


def _forward(arrived: Notes) -> bool:
    """Whether each came behind the one before in fold order: then none was held for a while only."""
    return all(fold_order(one) < fold_order(other) for one, other in pairwise(arrived))


def _all_held(reducer: "Reducer[Any]", before: Known, after: Known, new: Notes) -> Iterator[MetricChangeRow]:
    """Yield the rows of notes that all stay: notes are put in order where a fold is needed, and only there."""
    limits = reducer.gathered
    assert limits is not None
    (known, view), (now, last) = before, after
    notes = list(known)
    plain, quiet = limits.plain([*known, *new]), limits.quiet(view) if known else None
    for note in new:
        notes.append(note)
        if plain(note) or (quiet is not None and quiet(note)):
            continue
        former, view = view, last if len(notes) == len(now) else _folded(reducer, notes)
        yield from stepped(reducer, note, former, view)
        quiet = limits.quiet(view)


def _one_by_one(reducer: "Reducer[Any]", before: Known, arrived: Notes) -> Iterator[MetricChangeRow]:
    """Yield the rows of notes of which some push others out, or are held for a while only."""
    limits = reducer.gathered
    assert limits is not None
    notes, view = before
    plain = limits.plain([*notes, *arrived])
    for note in arrived:
        every = tuple(sorted((*notes, note), key=fold_order))
        grown = limits.keep(every)
        if len(grown) == len(notes) and all(one is other for one, other in zip(grown, notes, strict=True)):
            continue
        if len(grown) < len(every) or not plain(note):
            former, view = view, _folded(reducer, grown)
            yield from stepped(reducer, note, former, view)
        notes = grown


def _folded(reducer: "Reducer[Any]", notes: Notes) -> Any:
    return reducer.fold(reducer.standing(tuple(sorted(notes, key=fold_order))))
