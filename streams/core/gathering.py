"""Folding several events of one entity at once: a long ticket is folded once per batch, not once per message.

Nothing but the work differs: the state is that of folding one by one, and so are the rows in the end.
"""

from collections.abc import Sequence

from streams.core.algebra import CLAIM, Facts, Note, difference, fold_order, with_claim, with_claims
from streams.core.reducer import NEVER, NOTHING, UNBORN, Reducer, State, View
from streams.core.rows import Row
from streams.core.rules import Rules

MOST_CLAIMS = 100_000
"""Identities that one entity remembers: its state has to fit into one record of a changelog."""


def gather(
    reducer: Reducer[View], state: State | None, arrived: Sequence[tuple[Note, bytes]], rules: Rules
) -> tuple[State, Facts]:
    """Fold in notes that the entity does not know, with their claims; none of them is there twice.

    Those for which there is no room are left out: the entity remembers that they came, up to MOST_CLAIMS, and no more
    of them. Beyond that they leave no trace.
    """
    known = UNBORN if state is None else state
    notes, taken = _taken(reducer, known, arrived)
    if state is not None and not taken:
        return state, NOTHING
    claims = with_claim(known.claims, taken[0]) if len(taken) == 1 else with_claims(known.claims, taken)
    changed = State(NEVER, known.revision + len(taken), claims, known.ticked_to, notes)
    before = None if state is None else reducer.view(state)
    view, passed = reducer.view(changed), known.ticked_to
    rows = reducer.rows(view, rules, passed)
    removed: Sequence[Row] = ()
    if before is not None:
        rows, removed = difference(reducer.rows(before, rules, passed), rows)
    signals = reducer.signals(before, view, rules, passed) if reducer.signals else ()
    deadline = reducer.deadline(view, rules, passed) if reducer.deadline else NEVER
    return State(deadline, changed.revision, claims, passed, notes), Facts(rows, removed, signals)


def _taken(
    reducer: Reducer[View], known: State, arrived: Sequence[tuple[Note, bytes]]
) -> tuple[tuple[Note, ...], Sequence[bytes]]:
    """(notes to hold, claims to remember)."""
    every = (*known.notes, *(note for note, _ in arrived))
    ordered = tuple(sorted(every, key=fold_order))
    notes = ordered if reducer.gathered is None else reducer.gathered.keep(ordered)
    room = MOST_CLAIMS - len(known.claims) // CLAIM
    if len(arrived) <= room:
        return notes, [claim for _, claim in arrived]
    held = {id(note) for note in notes}
    fits = [claim for note, claim in arrived if id(note) in held]
    left = [claim for note, claim in arrived if id(note) not in held]
    return notes, [*fits, *left[: max(0, room - len(fits))]]
