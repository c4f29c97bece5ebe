"""The interpreter: what an event, passing time or other rules bring about, for entities and ledgers alike.

A machine works on the records of one partition for one batch. It is pure: it reads records through a function, keeps
what changes to itself, and gives it away in `changes`. The live partition, replays and tests all use it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from streams.core.activity import PartOf, PatchOf, no_part
from streams.core.algebra import RecordedEvent, Signal, SortKey, difference, fold_order
from streams.core.changes import Measures, change_rows
from streams.core.entity_log import EntityLog
from streams.core.log import NO_OUTPUTS, Change, Codec, Log, codec_of
from streams.core.outputs import Edits, Outputs, Scope, entry_edits
from streams.core.rows import Row
from streams.core.rules import Rules
from streams.core.segments import Head

_encode = msgspec.msgpack.Encoder().encode
Acc = TypeVar("Acc")
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Reducer(Generic[Acc]):
    """One kind of entity: how its events fold into an accumulator, and what outputs follow.

    Events come in the order of `sort_key`. An output is sealed once no later event in that order can change it; `apply`
    emits it then, once, and never again. All other outputs are open: `project` lists them from the accumulator. So an
    event at the end costs what the open outputs cost, and not what came before it.

    Example: a counter of page views a day. The accumulator holds the day and the count; `apply` adds one, and emits the
    row of the day before when another day begins; `project` lists the row of the day that lasts.

    - `kind`: the name for people, such as ``invoice``.
    - `prefix`: one letter, unique among entities and ledgers; the first byte of the entity's key.
    - `identify`: names the entity within its account.
    - `accumulator`: a msgspec struct with a field `is_test`, set where any active event of the entity is a test.
    - `apply`: changes the accumulator by one event; `sealed` is None where outputs are not wanted.
    - `project`: lists the open outputs.
    - `sort_key`: the position of an event; fold order where nothing else is said.
    - `part_of`: names the part that an event states as a whole; a later statement takes the place of an earlier one.
    - `patch_of`: names the part that an event changes, as one that makes a message private does. Whatever states the
      part is applied with all that change it in its `patches`, whichever came first; `apply` sees the change as well.
    - `deadline`: when time alone changes outputs next (microseconds); later than what has passed, or NEVER.
    - `depends_on_rules`: whether other rules may change outputs.
    """

    kind: str
    prefix: str
    identify: Callable[[Any], str]
    accumulator: type[Acc]
    apply: Callable[[Acc, RecordedEvent, Scope, Outputs | None], None]
    project: Callable[[Acc, Scope, Outputs], None]
    sort_key: Callable[[RecordedEvent], SortKey] = fold_order
    part_of: PartOf = no_part
    patch_of: PatchOf = no_part
    deadline: Callable[[Acc, Scope], int] | None = None
    depends_on_rules: bool = False

    @cached_property
    def codec(self) -> Codec:
        return codec_of(RecordedEvent, self.accumulator)

    def begin(self, is_test: bool) -> Acc:
        """Return the accumulator before the first event."""
        return self.accumulator(is_test=is_test)  # type: ignore[call-arg] # every accumulator has it

    def key(self, event: Any) -> bytes:
        return f"{self.prefix}{event.account_id}\0{self.identify(event)}".encode()

    def entity(self, event: Any) -> str:
        """Return the entity of an event as people read it, kind:id; unique within the account."""
        return f"{self.kind}:{self.identify(event)}"


@dataclass(frozen=True)
class Ledger(Generic[Acc, Entry]):
    """Rows of an account out of entries that its entities hand over, in order of position.

    It folds like a `Reducer`, over entries in place of events. An entity takes its entries back by their positions, so
    a position names the member that an entry came from. A ledger with measures has a `kind`: change rows name their
    entity by it and by the ledger's name, and their cause is the event that an entity took.
    """

    prefix: str
    entry: Any  # a struct, or a union of several
    accumulator: type[Acc]
    apply: Callable[[Acc, Entry, Scope, Outputs | None], None]
    project: Callable[[Acc, Scope, Outputs], None]
    sort_key: Callable[[Entry], SortKey]
    start: Callable[[str, str], Acc]
    """Makes the accumulator before the first entry, from the account and the ledger's name within it."""
    kind: str = ""

    @cached_property
    def codec(self) -> Codec:
        return codec_of(self.entry, self.accumulator)

    def key(self, account_id: str, name: str) -> bytes:
        return f"{self.prefix}{account_id}\0{name}".encode()


class _Book(Generic[Acc, Entry]):
    """A ledger of one account, as its log folds it."""

    def __init__(self, ledger: Ledger[Acc, Entry], account_id: str, name: str) -> None:
        self.apply, self.project, self.sort_key = ledger.apply, ledger.project, ledger.sort_key
        self._start, self._names = ledger.start, (account_id, name)

    def begin(self, _is_test: bool) -> Acc:
        return self._start(*self._names)


class Facts(msgspec.Struct, frozen=True, gc=False):
    """Changes of one log: rows to write and to take away under the log's revision, and signals to raise."""

    revision: int
    rows: Sequence[Row] = ()
    removed: Sequence[Row] = ()
    signals: Sequence[Signal] = ()


NO_RULES: Mapping[bytes, Rules] = {}
Measured = dict[tuple[str, str], tuple[Measures, Measures]]
"""Measures before and after an event, by (kind, name) of what they are of."""
Pending = dict[str, dict[str, Edits]]
"""Edits of ledgers by prefix and name."""


class Machine:
    """Logs of one partition during one batch. `get` reads a record; nothing is written but into `changes`.

    `former` are rules that outputs of some entities may still follow, by name: such an entity is brought up to date
    before anything else happens to it. `work` counts the items that were folded, and
    `repeats` is true once an entity changed twice.
    """

    def __init__(
        self,
        get: Callable[[bytes], bytes | None],
        rules: Rules,
        reducers: Mapping[str, Reducer[Any]],
        ledgers: Mapping[str, Ledger[Any, Any]],
        former: Mapping[bytes, Rules] = NO_RULES,
    ) -> None:
        self.rules, self.work, self.repeats = rules, 0, False
        self._former, self._scope = former, Scope(rules, 0)
        self.changes: dict[bytes, bytes | None] = {}
        self._stored = get
        self._reducers, self._ledgers = reducers, ledgers
        self._entities: dict[bytes, EntityLog[Any]] = {}
        self._books: dict[bytes, Log[Any, Any]] = {}
        self._touched: list[EntityLog[Any]] = []

    # Records, as logs see them.

    def get(self, name: bytes) -> bytes | None:
        changes = self.changes
        return changes[name] if name in changes else self._stored(name)

    def put(self, name: bytes, value: bytes | None) -> None:
        self.changes[name] = value

    def entity(self, key: bytes) -> EntityLog[Any]:
        """Return the log of an entity by its key; an empty one where there is none."""
        return self._entities.get(key) or self._opened(self._reducers[chr(key[0])], key)

    def _opened(self, reducer: Reducer[Any], key: bytes) -> EntityLog[Any]:
        log = self._entities[key] = EntityLog(reducer, reducer.codec, key, self, self._scope)
        if log.head.passed:
            log.scope = Scope(self.rules, log.head.passed)
        return log

    def take(
        self, reducer: Reducer[Any], recorded: RecordedEvent, fingerprint: bytes, size: int = 0, key: bytes = b""
    ) -> list[Facts]:
        """Take one event that is no duplicate; return what changes in its entity and in ledgers.

        `size` is its length in bytes, `key` that of its entity, where the caller has made it.
        """
        key = key or reducer.key(recorded.event)
        log = self._entities.get(key) or self._opened(reducer, key)
        found: list[Facts] = []
        if reducer.depends_on_rules and log.head.rules != self.rules.name:
            self._bring_up_to_date(reducer, log, found)
        before, after = log.add(recorded, fingerprint, size)
        self._conclude(reducer, log, before, after, recorded, found)
        return found

    def tick(self, key: bytes, now: int) -> list[Facts]:
        """Let time pass to `now`: one deadline that has come fires, with its own time."""
        log, reducer = self.entity(key), self._reducers[chr(key[0])]
        found = self.settle(key)
        if log.head.deadline > now:
            return found
        before = log.projected(log.scope)
        log.head.passed = log.head.deadline
        log.scope = Scope(self.rules, log.head.passed)
        log.head.revision += 1
        self._conclude(reducer, log, before, log.projected(log.scope), None, found)
        return found

    def settle(self, key: bytes) -> list[Facts]:
        """Bring an entity up to date with the rules."""
        log, reducer = self.entity(key), self._reducers[chr(key[0])]
        found: list[Facts] = []
        if reducer.depends_on_rules and log.head.rules != self.rules.name:
            self._bring_up_to_date(reducer, log, found)
        return found

    def _bring_up_to_date(self, reducer: Reducer[Any], log: EntityLog[Any], found: list[Facts]) -> None:
        """Fold an entity again whose outputs follow former rules. Raises KeyError where these are not known."""
        named, log.head.rules = log.head.rules, self.rules.name
        if log.is_new:
            return
        before, after = log.again(Scope(self._former[named], log.head.passed))
        log.head.revision += 1
        before.signals, after.signals = {}, {}
        self._conclude(reducer, log, before, after, None, found)

    def save(self) -> None:
        """Put the heads of all logs that changed into `changes`."""
        changes = self.changes
        every: tuple[Mapping[bytes, Log[Any, Any]], ...] = (self._entities, self._books)
        for logs in every:
            for key, log in logs.items():
                if log.is_changed:
                    changes[key] = _encode(log.head)

    def heads(self) -> Iterator[tuple[bytes, Head[RecordedEvent]]]:
        """Yield the key and the head of every entity that the batch changed."""
        for key, log in self._entities.items():
            if log.is_changed:
                yield key, log.head

    @property
    def has_moved(self) -> bool:
        """Return whether `moved` has anything to yield."""
        return bool(self._touched)

    def moved(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield, once, the fingerprints that have come to lie in another record, after its name."""
        for log in self._touched:
            yield from log.moved.items()
            log.moved.clear()
        self._touched.clear()

    def _conclude(
        self,
        reducer: Reducer[Any],
        log: EntityLog[Any],
        before: Outputs,
        after: Outputs,
        cause: RecordedEvent | None,
        found: list[Facts],
    ) -> None:
        """Add the difference of two outputs, what it makes of the ledgers, and what `cause` changed in measures."""
        self.repeats = self.repeats or log.is_changed
        log.is_changed = True
        if log.moved:
            self._touched.append(log)
        self.work += log.work
        log.work = 0
        if reducer.deadline is not None:
            log.head.deadline = reducer.deadline(log.accumulator(), log.scope)
        rows, removed = (after.rows, ()) if before is NO_OUTPUTS else difference(before.rows, after.rows)
        signals: Sequence[Signal] = ()
        if after.signals:
            signals = [signal for name, signal in after.signals.items() if name not in before.signals]
        has_entries = before.entries or after.entries
        if not has_entries and cause is not None and (before.measures or after.measures):
            name = reducer.identify(cause.event)
            rows = [*rows, *change_rows(cause, reducer.kind, name, before.measures, after.measures)]
        found.append(Facts(log.head.revision, rows, removed, signals))
        if has_entries:
            self._hand_on(reducer, log, before, after, cause, found)

    def _hand_on(
        self,
        reducer: Reducer[Any],
        log: EntityLog[Any],
        before: Outputs,
        after: Outputs,
        cause: RecordedEvent | None,
        found: list[Facts],
    ) -> None:
        """Add what changed entries bring about in ledgers, each of which changes once, behind all that hand to it."""
        account, _, name = log.key[1:].decode().partition("\0")
        measured: Measured = {(reducer.kind, name): (before.measures, after.measures)}
        pending: Pending = {}
        _gather(pending, before, after)
        for prefix, ledger in self._ledgers.items():
            if not pending:
                break
            for of, edits in pending.pop(prefix, {}).items():
                was, now = self._post(ledger, account, of, edits, found)
                _gather(pending, was, now)
                if was.measures or now.measures:
                    one, other = measured.get((ledger.kind, of), ({}, {}))
                    measured[ledger.kind, of] = {**one, **was.measures}, {**other, **now.measures}
        assert not pending, "a ledger hands over to later ones only"
        if cause is not None:
            changed = [row for (kind, of), both in measured.items() for row in change_rows(cause, kind, of, *both)]
            if changed:
                found.append(Facts(log.head.revision, changed))

    def _post(
        self, ledger: Ledger[Any, Any], account: str, name: str, edits: Edits, found: list[Facts]
    ) -> tuple[Outputs, Outputs]:
        """Edit the entries of a ledger; return the outputs that this can change, before and after."""
        key = ledger.key(account, name)
        log = self._books.get(key)
        if log is None:
            log = self._books[key] = Log(_Book(ledger, account, name), ledger.codec, key, self, self._scope)
        log.is_changed = True
        log.head.revision += 1
        if edits.cleared or len(edits.put) > 1 or not min(edits.put) > log.last_key:
            before, after = log.change(Change.of(edits))
        else:
            (entry,) = edits.put.values()
            before, after = log.append(entry, b"", 0)
        self.work += log.work
        log.work = 0
        rows, removed = difference(before.rows, after.rows)
        found.append(Facts(log.head.revision, rows, removed))
        return before, after


def _gather(pending: Pending, before: Outputs, after: Outputs) -> None:
    """Put what changed entries edit in ledgers to what is pending; no two logs hand over to one position."""
    for (prefix, name), edits in entry_edits(before.entries, after.entries):
        known = pending.setdefault(prefix, {}).setdefault(name, edits)
        if known is not edits:
            known.put |= edits.put
            known.cleared |= edits.cleared
