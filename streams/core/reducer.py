"""`step` and `tick`: the two ways in which an entity's state changes, the same for every reducer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from streams.core.algebra import (
    CLAIM,
    CLAIM_ID,
    Facts,
    Note,
    Signal,
    difference,
    digest_of,
    effective,
    insert,
    with_claim,
)
from streams.core.change_log import stepped
from streams.core.changes import Measures
from streams.core.limits import NEVER
from streams.core.rows import Row
from streams.core.rules import Rules

View = TypeVar("View")
NOTHING = Facts()


class State(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of one entity. The first three fields can be read without the rest (see `Head`).

    `deadline` is the next moment (microseconds) at which time alone changes its rows, NEVER if none; `revision` counts
    changes and orders the rows' versions; `ticked_to` is the latest deadline known to have passed.
    """

    deadline: int = NEVER
    revision: int = 0
    claims: bytes = b""
    ticked_to: int = 0
    notes: tuple[Note, ...] = ()


UNBORN = State()


def left_out(state: State) -> int:
    """How many events that the entity remembers are not among its notes."""
    return len(state.claims) // CLAIM - len(state.notes)


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fields of `State` that an index is rebuilt from."""

    deadline: int
    revision: int
    claims: bytes


@dataclass(frozen=True, slots=True)
class Gathered(Generic[View]):
    """How entities that may grow long are kept in bounds.

    No event is longer than `event_bytes`. `keep` picks, out of all notes in fold order, those that the state holds:
    always the first in that order, so that which came first does not matter. `tell` lets a view know how many events
    are not among them. `stretches` says, for the notes known and those that arrived, where a stretch begins in which
    no row of an earlier event goes away but for those in `ever`: rows that a view's notes may have left while they came
    in any order, good for their keys. `counting` gives the rows that tell how many events are not held, which are the
    first of `rows`. `counts` picks the notes that may need a fold alone for what they change in measures; `plain`
    gives, for a set of notes, what tells which of them change none in whatever order, and `quiet`, for a view, what
    tells that of the notes that come next.
    """

    event_bytes: int
    keep: Callable[[tuple[Note, ...]], tuple[Note, ...]]
    tell: Callable[[View, int], None]
    stretches: Callable[[Sequence[Note], Sequence[Note]], Iterable[int]]
    ever: Callable[[View, Rules, int], Sequence[Row]]
    counting: Callable[[View, Rules, int], Sequence[Row]]
    counts: Callable[[Note], bool]
    plain: Callable[[Sequence[Note]], Callable[[Note], bool]]
    quiet: Callable[[View], Callable[[Note], bool] | None]


@dataclass(frozen=True, slots=True)
class Reducer(Generic[View]):
    """One kind of entity: how its events fold into a view, and what the view says in rows.

    `kind` is its name for people; `prefix` tells kinds apart among state keys; `identify` names the entity inside its
    account; `fold` receives the standing notes in fold order; `rows` and `deadline` see the view, the rules and how far
    time is known to have gone; `ruled` tells whether rules have a say in the view's rows at all; where they decide
    which rows there are, `absent` gives those that only other rules make, good for nothing but their keys. `contribute`
    gives the part of an entity that has a roll-up (streams.core.rollup). `standing` picks the notes that `fold`
    receives. `measures` says what a view adds to the sums behind metrics (streams.core.changes).
    Events of a `gathered` one are folded once per batch (streams.core.gathering); it contributes to no roll-up.
    """

    kind: str
    prefix: str
    identify: Callable[[Any], str]
    fold: Callable[[Sequence[Note]], View]
    rows: Callable[[View, Rules, int], Sequence[Row]]
    deadline: Callable[[View, Rules, int], int] | None = None
    signals: Callable[[View | None, View, Rules, int], Sequence[Signal]] | None = None
    ruled: Callable[[View], bool] | None = None
    absent: Callable[[View, Rules, int], Sequence[Row]] | None = None
    contribute: Callable[[View, Rules], Any] | None = None
    standing: Callable[[tuple[Note, ...]], Sequence[Note]] = effective
    gathered: Gathered[View] | None = None
    measures: Callable[[View], Measures] | None = None

    def view(self, state: State) -> View:
        """What the notes of an entity say together."""
        view = self.fold(self.standing(state.notes))
        if self.gathered is not None:
            self.gathered.tell(view, left_out(state))
        return view

    def key(self, event: Any) -> bytes:
        return f"{self.prefix}{event.account_id}\0{self.identify(event)}".encode()

    def entity(self, event: Any) -> str:
        """Return the entity of an event as people read it, kind:id; unique within the account."""
        return f"{self.kind}:{self.identify(event)}"


class Conflict(Exception):  # noqa: N818 - an outcome with a name, not a failure of the program
    """An event id came again with other content; the first one stands."""


def step(reducer: Reducer[View], state: State | None, note: Note, claim: bytes, rules: Rules) -> tuple[State, Facts]:
    """Fold one event in. A duplicate returns the very same state and no facts.

    Raises Conflict where the entity knows the event's identity with another content.
    """
    if state is None:
        return _advance(reducer, UNBORN, None, note, claim, rules)
    known = digest_of(state.claims, claim[:CLAIM_ID])
    if known is not None:
        if known != claim[CLAIM_ID:]:
            raise Conflict
        return state, NOTHING
    before = reducer.fold(reducer.standing(state.notes))
    return _advance(reducer, state, before, note, claim, rules)


def _advance(
    reducer: Reducer[View],
    state: State,
    before: View | None,
    note: Note,
    claim: bytes,
    rules: Rules,
) -> tuple[State, Facts]:
    notes = insert(state.notes, note)
    view = reducer.fold(reducer.standing(notes))
    passed = state.ticked_to
    rows = reducer.rows(view, rules, passed)
    removed: Sequence[Row] = ()
    if before is not None:
        rows, removed = difference(reducer.rows(before, rules, passed), rows)
    changed = stepped(reducer, note, before, view)
    if changed:
        rows = [*rows, *changed]
    signals = reducer.signals(before, view, rules, passed) if reducer.signals else ()
    deadline = reducer.deadline(view, rules, passed) if reducer.deadline else NEVER
    part = reducer.contribute(view, rules) if reducer.contribute else None
    advanced = State(deadline, state.revision + 1, with_claim(state.claims, claim), passed, notes)
    return advanced, Facts(rows, removed, signals, part, note)


def tick(reducer: Reducer[View], state: State, now: int, rules: Rules) -> tuple[State, Facts]:
    """Let time pass up to `now`: a deadline that has come fires with its own time, so when it fires changes nothing."""
    if state.deadline > now:
        return state, NOTHING
    view = reducer.view(state)
    passed = state.deadline
    rows, removed = difference(reducer.rows(view, rules, state.ticked_to), reducer.rows(view, rules, passed))
    signals = reducer.signals(view, view, rules, passed) if reducer.signals else ()
    return _settled(reducer, state, view, rules, passed), Facts(rows, removed, signals)


def settle(reducer: Reducer[View], state: State, rules: Rules) -> tuple[State, Facts]:
    """Write anew what the rules decide about, whichever rules had decided it before."""
    view = reducer.view(state)
    if reducer.ruled is None or not reducer.ruled(view):
        return state, NOTHING
    part = reducer.contribute(view, rules) if reducer.contribute else None
    passed = state.ticked_to
    absent = reducer.absent(view, rules, passed) if reducer.absent else ()
    changed = _settled(reducer, state, view, rules, passed)
    return changed, Facts(reducer.rows(view, rules, passed), absent, part=part)


def _settled(reducer: Reducer[View], state: State, view: View, rules: Rules, passed: int) -> State:
    deadline = reducer.deadline(view, rules, passed) if reducer.deadline else NEVER
    return State(deadline, state.revision + 1, state.claims, passed, state.notes)
