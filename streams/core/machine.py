"""The interpreter: what an event, passing time or other rules bring about, for entities and ledgers alike.

A machine works on the records of one partition for one batch. It is pure: it reads records through a function, keeps
what changes to itself, and gives it away in `changes`. The live partition, replays and tests all use it.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec

from streams.core import course as limits
from streams.core.algebra import RecordedEvent, Signal, SortKey, difference
from streams.core.book_log import BookLog
from streams.core.changes import Measures, change_rows
from streams.core.columns import Row
from streams.core.course import Course
from streams.core.declarations import NO_LEDGERS, Book, Declared, Ledger, Reducer
from streams.core.entity_log import EntityLog
from streams.core.kept import KeptLogs
from streams.core.log import NO_OUTPUTS, Change, Log, size_of
from streams.core.long_log import LongLog
from streams.core.outputs import Edits, Outputs, Scope, entry_edits, raised
from streams.core.revisions import Cause, Witness, revision_key
from streams.core.rules import Rules
from streams.core.segments import Head, Overlay, names_in
from streams.core.waiting import Queue, Upcoming, put_in, queue_of

__all__ = ["NO_RULES", "Due", "Facts", "Ledger", "Machine", "Parts", "Reducer", "Stated", "Whose"]
_encode = msgspec.msgpack.Encoder().encode


class Facts(msgspec.Struct, frozen=True, gc=False):
    """Changes of one log: rows to write and to take away under the log's revision, and signals to raise."""

    revision: int
    rows: Sequence[Row] = ()
    removed: Sequence[Row] = ()
    signals: Sequence[Signal] = ()


_LATE, _RULES = "late", "rules"
"""Causes of revisions beside events and deadlines."""
NO_RULES: Mapping[bytes, Rules] = {}
Due = tuple[int, int, bytes]
"""A deadline: when (microseconds), the rank of its kind (entities 0, ledgers from 1 in their order), and whose."""
Measured = dict[tuple[str, str], tuple[Measures, Measures]]
"""Measures before and after an event, by (kind, name) of what they are of."""
Pending = dict[str, dict[str, Edits]]
"""Edits of ledgers by prefix and name."""
Whose = tuple[str, str, str]
"""A ledger of one account: the account, the ledger's prefix, and its name within the account."""
Stated = dict[SortKey, Any]
"""Statements by position of a ledger: the entry that holds from now on, or None where there is none any more."""
Parts = dict[Whose, Stated]
"""Statements of members to ledgers of the stage. A later statement on a position takes the place of an earlier one."""


class Machine:
    """Logs of one partition during one batch. `get` reads a record; nothing is written but into `changes`.

    `former` are rules that outputs of some logs may still follow, by name: such a log is brought up to date before
    anything else happens to it. `work` counts the items that were folded, and `repeats` is true once a log changed
    twice. `parts` gathers what is handed over to ledgers of the `stage`, by their prefixes: these are kept elsewhere.
    `firing` is the deadline that fired last, by key and moment. With a `course`, what other rules bring about is done
    in pieces where it is long; without one, at once. Logs whose accumulators stand in their heads are taken from those
    that are `kept` in memory, and left there.
    """

    def __init__(
        self,
        get: Callable[[bytes], bytes | None],
        rules: Rules,
        reducers: Mapping[str, Reducer[Any]],
        ledgers: Mapping[str, Ledger[Any, Any]],
        former: Mapping[bytes, Rules] = NO_RULES,
        stage: Mapping[str, Ledger[Any, Any]] = NO_LEDGERS,
        kept: KeptLogs | None = None,
    ) -> None:
        self.rules, self.work, self.repeats = rules, 0, False
        self.parts: Parts = {}
        self._stage, self._kept = stage, kept
        self._known_by = {each.as_known_of: prefix for prefix, each in stage.items() if each.as_known_of}
        self._witness: Witness | None = None
        self.firing: tuple[bytes, int] = b"", 0
        self.course: Course | None = None
        self._former, self._scope = former, Scope(rules, 0)
        self._records = Overlay(get)
        self.changes, self.get = self._records.changes, self._records.get
        self._reducers, self._ledgers = reducers, ledgers
        self._entities: dict[bytes, EntityLog[Any]] = {}
        self._books: dict[bytes, BookLog[Any, Any]] = {}
        self._queues: dict[bytes, Queue] = {}
        self._rescheduled: list[Log[Any, Any]] = []

    def entity(self, key: bytes) -> EntityLog[Any]:
        """Return the log of an entity by its key; an empty one where there is none."""
        log = self._entities.get(key)
        if log is None:
            reducer = self._reducers[chr(key[0])]
            log = self._entities[key] = EntityLog.opened(reducer, key, self._records, self._scope)
        return log

    def book(self, ledger: Ledger[Any, Any], key: bytes) -> BookLog[Any, Any]:
        """Return the log of a ledger by its key; an empty one where there is none."""
        log = self._books.get(key)
        if log is None:
            fold, kept = Book.of(ledger, *names_in(key)), None
            if self._kept is not None:
                kept = self._kept.take(key, self._records.get(key))
            if kept is None:
                log = BookLog.opened(fold, key, self._records, self._scope)
            else:
                log = BookLog.resumed(fold, key, self._records, self._scope, kept)
            self._books[key] = log
        return log

    def _known(self, key: bytes) -> tuple[Declared, LongLog[Any, Any]]:
        """Return the declaration and the log of an entity or a ledger by its key."""
        ledger = self._ledgers.get(chr(key[0]))
        if ledger is not None:
            return ledger, self.book(ledger, key)
        return self._reducers[chr(key[0])], self.entity(key)

    def take(
        self, reducer: Reducer[Any], recorded: RecordedEvent, fingerprint: bytes, size: int = 0, key: bytes = b""
    ) -> list[Facts]:
        """Take one event that is no duplicate; return what changes in its entity and in ledgers.

        `size` is its length in bytes, `key` that of its entity, where the caller has made it.
        """
        key = key or reducer.key(recorded.event)
        log = self._entities.get(key)
        if log is None:
            log = self._entities[key] = EntityLog.opened(reducer, key, self._records, self._scope)
        found: list[Facts] = []
        if reducer.depends_on_rules and log.head.rules != self.rules.name:
            self._bring_up_to_date(reducer, log, found)
        if not self._known_by:
            before, after = log.add(recorded, fingerprint, size)
            self._conclude(reducer, log, before, after, found, recorded)
            return found
        witness = self._witness = Witness(self._known_by, self.parts, recorded.ingested_at)
        was = witness.before(reducer, log)
        before, after = log.add(recorded, fingerprint, size)
        self._conclude(reducer, log, before, after, found, recorded)
        witness.after(reducer, log, before, after, was)
        self._testify(witness, reducer, log, recorded.event.event_id, recorded.event.source)
        return found

    def _testify(self, witness: Witness, of: Declared, log: Log[Any, Any], event_id: str = "", cause: str = "") -> None:
        """State what a cause has changed, all logs together; `log` is the one that it came to."""
        account, name = names_in(log.key)
        witness.state(account, Cause(witness.at, of.kind or of.prefix, name, event_id, cause))
        self._witness = None

    def tick(self, key: bytes, now: int) -> list[Facts]:
        """Let time pass to `now` for one log: one deadline that has come fires, with its own time."""
        found = self.settle(key)
        of, log = self._known(key)
        if log.head.deadline > now:
            return found
        before, is_told = log.projected(), log.head.deadline <= log.head.known
        log.head.passed = log.head.deadline
        log.pass_to(Scope(self.rules, log.head.passed))
        log.head.revision += 1
        if not self._known_by:
            self._conclude(of, log, before, log.projected(), found)
            return found
        witness = self._witness = Witness(self._known_by, self.parts, log.head.passed)
        if not is_told:
            witness.note(before.entries, log.projected().entries)
        self._conclude(of, log, before, log.projected(), found)
        self._testify(witness, of, log, cause=_LATE if is_told else "")
        return found

    def pass_time(
        self, due: Iterable[Due], last: Due, put_aside: Container[tuple[bytes, int]] = frozenset()
    ) -> Iterator[list[Facts]]:
        """Fire deadlines in order, up to `last`; those that come up meanwhile too. Yield what each brings about.

        So a ledger has heard by each moment what its members had to say by then, however long nobody looked at time.
        The caller may stop at any point and go on with what is due then. Those that are `put_aside`, by key and moment,
        do not fire. Where one raises, `firing` says which, and the machine is of no more use.
        """
        waiting = list(due)
        heapify(waiting)
        self._rescheduled.clear()
        while waiting and waiting[0] <= last:
            at, _, key = heappop(waiting)
            self.firing = key, at
            if self._known(key)[1].head.deadline != at or (key, at) in put_aside:
                continue  # it was set again since, or is not to fire
            yield self.tick(key, at)
            for log in self._rescheduled:
                heappush(waiting, (log.head.deadline, self._rank(log.key), log.key))
            self._rescheduled.clear()

    def _rank(self, key: bytes) -> int:
        """Return 0 for an entity, and the place of a ledger among ledgers, from 1."""
        return 1 + list(self._ledgers).index(chr(key[0])) if chr(key[0]) in self._ledgers else 0

    def settle(self, key: bytes) -> list[Facts]:
        """Bring an entity or a ledger up to date with the rules; with a course, a long one is under way then."""
        of, log = self._known(key)
        found: list[Facts] = []
        if self._follows_others(of, log):
            if self.course is not None and log.is_long():
                self.course.begin(key, is_again=True)
            else:
                self._bring_up_to_date(of, log, found)
        return found

    def go_on(self, version: int) -> list[Facts]:
        """Do the next piece of the course, which is not over. Rows are of the version that the course has then.

        `version` is the first one of this life. All pieces of a fold take rows away under one revision and write under
        the next one: so it does not matter which comes first where old and new rules seal a row in different pieces.
        """
        course = self.course
        assert course is not None
        if not course.key:
            key = min(course.waiting, key=lambda each: (self._rank(each), each))
            course.begin(key, is_again=chr(key[0]) not in self._stage and self._follows_others(*self._known(key)))
        if chr(course.key[0]) in self._stage:
            self._state(course)
            return []
        course.version = version if course.version < 0 else course.version
        of, log = self._known(course.key)
        before, after = self._piece(of, log, course)
        written, removed = difference(before.rows, after.rows)
        revision, is_done = log.head.revision, not course.key
        self.repeats = self.repeats or log.is_changed
        self.work += log.work
        log.work, log.is_changed = 0, True
        course.pieces += 1
        pending: Pending = {}
        _gather(pending, before, after)
        if is_done:
            log.head.revision += 2
            if of.deadline is not None:
                self._reschedule(of.deadline(log.accumulator(), log.scope), log)
        if self._known_by:
            self._revise_piece(of, log, before, after, pending, f"{_RULES} {revision}/{course.pieces}")
        for prefix, names in pending.items():
            for name, edits in names.items():
                self._wait(of, prefix, f"{prefix}{account_of(log.key)}\0{name}".encode(), edits)
        return [Facts(revision + 1, (), removed), Facts(revision + 2, written)]

    def _revise_piece(
        self, of: Declared, log: LongLog[Any, Any], before: Outputs, after: Outputs, pending: Pending, said: str
    ) -> None:
        """Let what a piece makes known wait, as its entries do."""
        head, name = log.head, names_in(log.key)[1]
        witness = Witness(self._known_by, self.parts, max(head.passed, head.known))
        witness.after(of, log, before, after, None)
        cause = Cause(witness.at, of.kind or of.prefix, name, "", said)
        for (prefix, named), revision in witness.revisions(cause):
            pending.setdefault(prefix, {})[named] = Edits({revision_key(revision): revision})

    def _piece(self, of: Declared, log: LongLog[Any, Any], course: Course) -> tuple[Outputs, Outputs]:
        """Fold a piece of the log under way."""
        if course.is_again:
            outputs = log.again(Scope(self._former[log.head.rules], log.head.passed), course)
            if not course.key:
                log.head.rules = self.rules.name
            return outputs
        assert isinstance(of, Ledger)
        assert isinstance(log, BookLog)
        queue = self._queue(log.key)
        upcoming = Upcoming(queue, course.done, limits.MOST_EDITS)
        outputs = log.make(upcoming, msgspec.msgpack.Decoder(of.entry).decode, course)
        self._forget(upcoming, course, log.key, is_done=not course.key)
        return outputs

    def _queue(self, key: bytes) -> Queue:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = queue_of(key, self._records, self._scope)
        return queue

    def _wait(self, giver: Declared | None, prefix: str, key: bytes, edits: Edits) -> None:
        """Let edits of a ledger wait. Raises ValueError where the giver hands over to itself or to an earlier one."""
        course, ledger, queue = self.course, self._ledgers.get(prefix), self._queue(key)
        assert course is not None
        is_later = not isinstance(giver, Ledger) or self._rank(giver.prefix.encode()) < self._rank(key)
        if prefix not in self._stage and (ledger is None or not is_later):
            whose = repr(giver.prefix) if giver is not None else "a ledger"
            raise ValueError(f"{whose} hands over to {prefix!r}, no later ledger")
        put_in(queue, edits, course.folds, None if ledger is None else (ledger, self.book(ledger, key)))
        self.work += queue.work
        queue.work = 0
        if key not in course.waiting:
            course.waiting.append(key)

    def _state(self, course: Course) -> None:
        """State the next of what waits for a ledger of the stage: no statement of a fold before it is over."""
        queue, prefix = self._queue(course.key), chr(course.key[0])
        decode = msgspec.msgpack.Decoder(self._stage[prefix].entry).decode
        upcoming = Upcoming(queue, course.done, limits.MOST_EDITS)
        account, name = names_in(course.key)
        stated = self.parts.setdefault((account, prefix, name), {})
        for each in upcoming.edits:
            stated[each.key] = decode(each.entry) if each.entry else None
            course.done = each.key
        self._forget(upcoming, course, course.key, is_done=upcoming.are_all)
        if upcoming.are_all:
            course.end()

    def _forget(self, upcoming: Upcoming, course: Course, key: bytes, *, is_done: bool) -> None:
        """Delete what no longer waits."""
        if is_done:
            upcoming.forget_all()
            del self._queues[key]
        else:
            upcoming.forget(course.done)

    def _follows_others(self, of: Declared, log: LongLog[Any, Any]) -> bool:
        """Return whether outputs of a log follow other rules."""
        return of.depends_on_rules and log.head.rules != self.rules.name

    def _has_to_wait(self, ledger: Ledger[Any, Any], log: BookLog[Any, Any], edits: Edits) -> bool:
        """Return whether edits that other rules bring about take pieces, or others wait before them."""
        if self.course is None:
            return False
        if log.key in self.course.waiting or log.is_far(min((*edits.put, *edits.cleared))):
            return True
        return self._follows_others(ledger, log) and log.is_long()

    def _bring_up_to_date(self, of: Declared, log: LongLog[Any, Any], found: list[Facts]) -> None:
        """Fold a log again whose outputs follow former rules. Raises KeyError where these are not known."""
        named, log.head.rules = log.head.rules, self.rules.name
        if log.is_new:
            return
        if self.course is not None:
            self.course.folds += 1
        before, after = log.again(Scope(self._former[named], log.head.passed))
        log.head.revision += 1
        if not self._known_by:
            self._conclude(of, log, before, after, found, is_quiet=True)
            return
        outer, head = self._witness, log.head
        witness = self._witness = Witness(self._known_by, self.parts, max(head.passed, head.known))
        self._conclude(of, log, before, after, found, is_quiet=True)
        witness.after(of, log, before, after, None)
        self._testify(witness, of, log, cause=f"{_RULES} {head.revision}")
        self._witness = outer

    def save(self) -> None:
        """Put the heads of all logs that changed into `changes`."""
        changes, kept = self.changes, self._kept
        for log in self._changed():
            log.keep_end()
            record = changes[log.key] = _encode(log.head)
            if kept is not None and log.fold.codec.keeps_end:
                kept.put(log.key, log.kept(record))
        for queue in self._queues.values():
            if queue.is_changed:
                changes[queue.key] = _encode(queue.head)

    def _changed(self) -> Iterator[Log[Any, Any]]:
        every: tuple[Mapping[bytes, Log[Any, Any]], ...] = (self._entities, self._books)
        return (log for logs in every for log in logs.values() if log.is_changed)

    def head_of(self, key: bytes) -> Head[Any]:
        """Return the head of an entity or a ledger, as the batch sees it."""
        return self._known(key)[1].head

    def deadlines(self) -> Iterator[tuple[bytes, int]]:
        """Yield the key and the deadline of every log that the batch changed."""
        return ((log.key, log.head.deadline) for log in self._changed())

    def changed_entities(self) -> set[bytes]:
        """Return the keys of the entities that the batch changed."""
        return {key for key, log in self._entities.items() if log.is_changed}

    def _conclude(
        self,
        of: Declared,
        log: Log[Any, Any],
        before: Outputs,
        after: Outputs,
        found: list[Facts],
        cause: RecordedEvent | None = None,
        *,
        is_quiet: bool = False,
    ) -> None:
        """Add the difference of two outputs, what it makes of the ledgers, and what `cause` changed in measures.

        A quiet change raises no signals.
        """
        has_entries = before.entries or after.entries
        changed: Sequence[Row] = ()
        if not has_entries and cause is not None and (before.measures or after.measures):
            changed = change_rows(cause, of.kind, names_in(log.key)[1], before.measures, after.measures)
        found.append(self._difference(of, log, before, after, changed, is_quiet=is_quiet))
        if has_entries:
            self._hand_on(of, log, before, after, found, cause, is_quiet=is_quiet)

    def _difference(
        self,
        of: Declared,
        log: Log[Any, Any],
        before: Outputs,
        after: Outputs,
        changed: Sequence[Row] = (),
        *,
        is_quiet: bool,
    ) -> Facts:
        """Learn that a log changed, and when time changes it next; return rows, with change rows, and signals."""
        self.repeats = self.repeats or log.is_changed
        log.is_changed = True
        self.work += log.work
        log.work = 0
        if of.deadline is not None:
            self._reschedule(of.deadline(log.accumulator(), log.scope), log)
        rows, removed = (after.rows, ()) if before is NO_OUTPUTS else difference(before.rows, after.rows)
        if changed:
            rows = [*rows, *changed]
        signals: Sequence[Signal] = ()
        if after.signals and not is_quiet:
            signals = list(raised(before.signals, after.signals))
        return Facts(log.head.revision, rows, removed, signals)

    def _reschedule(self, deadline: int, log: Log[Any, Any]) -> None:
        """Set the deadline of a log. Raises ValueError for one that would fire for ever."""
        if deadline <= log.head.passed:
            raise ValueError(f"deadline {deadline} of {log.key!r} is not later than {log.head.passed}")
        if deadline != log.head.deadline:
            log.head.deadline = deadline
            self._rescheduled.append(log)

    def _hand_on(
        self,
        of: Declared,
        log: Log[Any, Any],
        before: Outputs,
        after: Outputs,
        found: list[Facts],
        cause: RecordedEvent | None,
        *,
        is_quiet: bool,
    ) -> None:
        """Add what changed entries bring about in ledgers, each of which changes once, behind all that hand to it."""
        account, name = names_in(log.key)
        measured: Measured = {(of.kind, name): (before.measures, after.measures)}
        pending: Pending = {}
        _gather(pending, before, after)
        self._distribute(account, pending, measured, found, of, is_quiet=is_quiet)
        if cause is not None:
            changed = [row for (kind, of), both in measured.items() for row in change_rows(cause, kind, of, *both)]
            if changed:
                found.append(Facts(log.head.revision, changed))

    def receive(self, whose: Whose, stated: Stated) -> list[Facts]:
        """Let the entries of a ledger be what members of the account have stated; what they are already is no change.

        So a statement that comes again changes nothing, and the order of statements on different positions neither.
        """
        account, prefix, name = whose
        ledger = self._ledgers[prefix]
        key = ledger.key(account, name)
        if key not in self._books:
            self._introduce(ledger, whose)
        edits = _edits(self.book(ledger, key), stated)
        found: list[Facts] = []
        if edits.put or edits.cleared:
            self._distribute(account, {prefix: {name: edits}}, {}, found, None, is_quiet=False)
        return found

    def _introduce(self, ledger: Ledger[Any, Any], whose: Whose) -> None:
        """Let a ledger that is opened and the one that tells what was known of it share what is alike in both."""
        account, prefix, name = whose
        for other in self._ledgers.values():
            if other.meet is not None and other.as_known_of == prefix:
                one = self.book(ledger, ledger.key(account, name))
                two = self.book(other, other.key(account, name))
                if not (one.is_new or two.is_new):
                    other.meet(one.accumulator(), two.accumulator())

    def _distribute(
        self,
        account: str,
        pending: Pending,
        measured: Measured,
        found: list[Facts],
        giver: Declared | None,
        *,
        is_quiet: bool,
    ) -> None:
        """Edit ledgers in their order, each once, behind all that hand to it; those of the stage learn of it later.

        Raises ValueError where a ledger hands over to itself or to an earlier one.
        """
        is_later = not isinstance(giver, Ledger)
        for prefix, ledger in self._ledgers.items():
            if not pending:
                return
            for name_of, edits in (pending.pop(prefix, {}) if is_later else {}).items():
                was, now = self._post(ledger, ledger.key(account, name_of), edits, found, is_quiet=is_quiet)
                _gather(pending, was, now)
                if was.measures or now.measures:
                    one, other = measured.get((ledger.kind, name_of), ({}, {}))
                    measured[ledger.kind, name_of] = {**one, **was.measures}, {**other, **now.measures}
            is_later = is_later or ledger is giver
        for prefix in self._stage if pending else ():
            for name_of, edits in pending.pop(prefix, {}).items():
                stated = self.parts.setdefault((account, prefix, name_of), {})
                stated.update(dict.fromkeys(edits.cleared))
                stated.update(edits.put)
        if pending:
            whose = repr(giver.prefix) if giver is not None else "a ledger of the stage"
            raise ValueError(f"{whose}, or a ledger it hands to, hands over to {[*pending]}, no later ledger")

    def _post(
        self, ledger: Ledger[Any, Any], key: bytes, edits: Edits, found: list[Facts], *, is_quiet: bool
    ) -> tuple[Outputs, Outputs]:
        """Edit the entries of a ledger; return the outputs that this can change, before and after."""
        log = self.book(ledger, key)
        if is_quiet and self._has_to_wait(ledger, log, edits):
            self._wait(None, ledger.prefix, key, edits)
            return NO_OUTPUTS, NO_OUTPUTS
        if ledger.depends_on_rules and log.head.rules != self.rules.name:
            self._bring_up_to_date(ledger, log, found)
        witness = self._witness
        was = None if witness is None else witness.before(ledger, log)
        log.head.revision += 1
        if ledger.complete is not None:
            ledger.complete(edits, log.last_key, log.between)
        if edits.cleared or not min(edits.put) > log.last_key:
            before, after = log.change(Change.of(edits))
        else:
            entries = [edits.put[position] for position in sorted(edits.put)]
            size = 0 if log.fold.codec.item is not None else sum(map(size_of, entries))
            before, after = log.extend(entries, b"", size)
        found.append(self._difference(ledger, log, before, after, is_quiet=is_quiet))
        if witness is not None:
            witness.after(ledger, log, before, after, was)
        return before, after


def _gather(pending: Pending, before: Outputs, after: Outputs) -> None:
    """Put what changed entries edit to what is pending. Raises ValueError where two logs share a position."""
    for (prefix, name), edits in entry_edits(before.entries, after.entries):
        known = pending.setdefault(prefix, {}).setdefault(name, edits)
        if known is not edits:
            if not known.put.keys().isdisjoint(edits.put):
                raise ValueError(f"two members hand over to one position of ledger {prefix!r}")
            known.put |= edits.put
            known.cleared |= edits.cleared


def account_of(key: bytes) -> str:
    """Return the account in the key of an entity or a ledger."""
    return key[1:].partition(b"\0")[0].decode()


def _edits(log: Log[Any, Any], stated: Stated) -> Edits:
    """Return what makes a log hold what was stated."""
    edits, last = Edits(), log.last_key
    for position, entry in stated.items():
        known = None if position > last else next(log.between(position, position), None)
        if known == entry:
            continue
        if known is not None:
            edits.cleared.add(position)
        if entry is not None:
            edits.put[position] = entry
    return edits
