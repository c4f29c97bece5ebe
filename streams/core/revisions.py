"""Revisions: what each event, and each deadline, made known, for a ledger whose past stays as it was known.

Entities hand facts over to one ledger of the stage, at the positions when they were so. What an event changes in them
is stated to another ledger at the moment when the broker had the event, with all that it took away and added
(`as_known_of` of `streams.core.declarations.Ledger`). The sum of the revisions up to a moment is what a partition holds
that has read the events which the broker had by then, and at which time has come just as far (docs/adr/0166).

A worker that lags, or a replay, takes an event long before it lets deadlines pass that the event found gone by. So what
these brought about is stated as the event comes, and the event is held against what a projection at its own moment
lists. `Head.known` says up to when that was done, for the deadlines themselves come later.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from streams.core.algebra import SortKey
from streams.core.declarations import Declared
from streams.core.log import Log
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.segments import names_in

Entry = TypeVar("Entry")
Entries = Mapping[Handover, Any]
Whose = tuple[str, str, str]
Stated = dict[SortKey, Any]
Parts = dict[Whose, Stated]


class Revision(msgspec.Struct, Generic[Entry], frozen=True, array_like=True, gc=False):
    """Entries of a member that one cause made known: those that it took away, and those that it added.

    `at` is when the broker had the event, or the moment of the deadline, which has no `event_id`. `cause` is the source
    of the event, empty for a deadline; it says so where rules changed what the member hands over.
    """

    at: int
    kind: str
    member: str
    event_id: str
    taken: tuple[Entry, ...] = ()
    added: tuple[Entry, ...] = ()
    cause: str = ""


def revision_key(revision: Revision[Any]) -> SortKey:
    """Return the position of a revision. Within one `at` the order has no meaning: all of it was known together."""
    return revision.at, revision.kind, revision.member, revision.event_id, revision.cause


class Cause(NamedTuple):
    """The cause of a change of entries; fields are those of a `Revision`."""

    at: int
    kind: str
    member: str
    event_id: str = ""
    cause: str = ""


class Earlier(NamedTuple):
    """Open entries of a log before a change: as its outputs list them, and as they hold at the moment `until`."""

    shown: Entries
    held: Entries
    until: int


class Witness:
    """Gathers what one cause changes in entries of ledgers, in all logs; `at` is the moment of the cause.

    `known_by` names the ledger to which revisions of another one are stated, by prefix; they go to `parts`.
    """

    __slots__ = ("_changes", "_known_by", "_parts", "at")

    def __init__(self, known_by: Mapping[str, str], parts: Parts, at: int) -> None:
        self._known_by, self._parts, self.at = known_by, parts, at
        self._changes: dict[tuple[str, str], tuple[Stated, Stated]] = {}

    def before(self, of: Declared, log: Log[Any, Any]) -> Earlier | None:
        """Look at a log before a change: None where its outputs list what holds at the moment of the cause.

        States what deadlines up to that moment brought about, once. One that our core fails on is left to the day when
        it passes, and the log is held at the moment before it.
        """
        head, until = log.head, max(self.at, log.head.known)
        if of.deadline is None or head.deadline > until:
            return None
        shown, acc, rules = log.projected().entries, log.accumulator(), log.scope.rules
        at = max(head.passed, head.known)
        held = _open_at(log, at)
        account, name = names_in(log.key)
        while True:
            try:
                deadline = of.deadline(acc, Scope(rules, at))
                if deadline > until:
                    return Earlier(shown, held, until)
                later = _open_at(log, deadline)
            except Exception:  # noqa: BLE001 - it fails again, and is put aside, when time has come that far
                return Earlier(shown, held, at)
            told = Witness(self._known_by, self._parts, deadline)
            told.note(held, later)
            told.state(account, Cause(deadline, of.kind or of.prefix, name))
            held, at = later, deadline

    def after(self, of: Declared, log: Log[Any, Any], before: Outputs, after: Outputs, was: Earlier | None) -> None:
        """Note what a change brought about in a log, by its outputs and by what `before` has said of it.

        The log's deadline must be set by then.
        """
        head, until = log.head, max(self.at, log.head.known) if was is None else was.until
        old: Entries = before.entries
        new: Entries = after.entries
        if was is not None:
            old = _instead(old, was.shown, was.held)
        if of.deadline is not None and head.deadline <= until:
            try:
                new = _instead(new, log.projected().entries, _open_at(log, until))
            except Exception:
                if was is not None:
                    raise
                until = head.known = head.passed  # it fails again, and is put aside, when time has come that far
            head.known = max(head.known, until)
        elif of.depends_on_rules:
            head.known = max(head.known, until)
        self.note(old, new)

    def note(self, before: Entries, after: Entries) -> None:
        """Note the difference of two sets of entries."""
        if before == after:
            return
        known_by = self._known_by
        for place, entry in after.items():
            if place.ledger in known_by:
                was = before.get(place)
                if was != entry:
                    taken, added = self._changes_of(place)
                    added[place.key] = entry
                    if was is not None:
                        taken[place.key] = was
        for place, was in before.items():
            if place.ledger in known_by and place not in after:
                self._changes_of(place)[0][place.key] = was

    def _changes_of(self, place: Handover) -> tuple[Stated, Stated]:
        whose = place.ledger, place.name
        changes = self._changes.get(whose)
        if changes is None:
            changes = self._changes[whose] = {}, {}
        return changes

    def state(self, account: str, cause: Cause) -> None:
        """State what was noted, as parts."""
        for (prefix, name), revision in self.revisions(cause):
            self._parts.setdefault((account, prefix, name), {})[revision_key(revision)] = revision

    def revisions(self, cause: Cause) -> Iterator[tuple[tuple[str, str], Revision[Any]]]:
        """Yield what was noted, with prefix and name of the ledger that is told."""
        for (ledger, name), (taken, added) in self._changes.items():
            yield (self._known_by[ledger], name), Revision(*cause[:4], _in_order(taken), _in_order(added), cause.cause)


def _in_order(stated: Stated) -> tuple[Any, ...]:
    """Return entries in order of position."""
    return tuple(stated.values()) if len(stated) == 1 else tuple(stated[key] for key in sorted(stated))


def _open_at(log: Log[Any, Any], at: int) -> Entries:
    """Return the open entries of a log at another moment than its own."""
    outputs = Outputs()
    if not log.is_new:
        log.fold.project(log.accumulator(), Scope(log.scope.rules, at), outputs)
    return outputs.entries


def _instead(entries: Entries, shown: Entries, held: Entries) -> Entries:
    """Return entries with those that hold in place of those that are shown."""
    return {**{place: entry for place, entry in entries.items() if place not in shown}, **held}
