"""Declarations of what the machine folds: a reducer for each kind of entity, a ledger for what entities do together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from streams.core.activity import PartOf, PatchOf, no_part
from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.log import Codec, codec_of
from streams.core.outputs import Edits, Outputs, Scope

Acc = TypeVar("Acc")
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Reducer(Generic[Acc]):
    """One kind of entity: how its events fold into an accumulator, and what outputs follow.

    Events come in the order of `sort_key`. An output is sealed once no later event in that order can change it; `apply`
    emits it then, once, and never again. All other outputs are open: `project` lists them from the accumulator. So an
    event at the end costs what the open outputs cost, and not what came before it.

    Example: page views of a site by day. The accumulator holds the day that lasts and its count. `apply` adds one; an
    event of another day first seals the row of the day before. `project` lists the row of the day that lasts, and
    whether it is over. A day is over at midnight, which no event says: `deadline` returns that midnight.

        class Views(msgspec.Struct, array_like=True):
            is_test: bool = False
            day: int = 0
            count: int = 0

        def apply(acc, recorded, scope, sealed):
            day = recorded.event.occurred_at // DAY
            if acc.count and day != acc.day:
                if sealed is not None:
                    sealed.rows.append(ViewsRow(acc.day, acc.count, is_over=True))
                acc.count = 0
            acc.day, acc.count = day, acc.count + 1

        def project(acc, scope, outputs):
            if acc.count:
                outputs.rows.append(ViewsRow(acc.day, acc.count, is_over=midnight(acc) <= scope.passed))

        def deadline(acc, scope):
            return midnight(acc) if midnight(acc) > scope.passed else NEVER

    *Time* is an argument and no event. `scope.passed` is the latest deadline that has fired; between that moment and
    the next deadline nothing that `project` lists may change, or live and replay would differ. `apply` must not look at
    it: an event that comes late finds the accumulators that it would have found in time, and undoes what a deadline
    showed.

    *Signals* are conditions by id. One is raised when its id is among the outputs after a change and was not before;
    rules that change and outputs that vanish raise none. An id names the cause, so that a cause is told once.

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
    - `events`: the union of the structs that `apply` takes; a check holds it against what the topics declare.
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
    events: Any = None

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
    """A fold of what members of an account bring about together: like a `Reducer`, over entries in place of events.

    A member is an entity of any kind, or an earlier ledger. It hands entries over among its outputs, by `Handover`:
    which ledger, which name within the account, which position. When the member changes, so do its entries, and the
    ledger is folded from the first that differs, in the same batch. One that changes at the end costs what open outputs
    cost, like an event at the end.

    Example: the mood of an account. Survey answers, tickets and invoices hand over what they add to it and when. The
    accumulator is the sum; `apply` adds an entry and seals a row of the sum from then on. After thirty days without an
    entry the mood is stale: `deadline` returns that moment, and `project` lists a signal once it has passed.

        class Feeling(msgspec.Struct, frozen=True, array_like=True):
            at: int
            kind: str
            member: str
            points: int

        MOOD = Ledger(
            prefix="y", entry=Feeling, accumulator=Mood, apply=apply, project=project,
            sort_key=lambda entry: (entry.at, entry.kind, entry.member),
            start=lambda account, name: Mood(account), deadline=goes_stale_at,
        )
        outputs.entries[Handover("y", "", (at, "invoice", invoice_id))] = Feeling(at, "invoice", invoice_id, -3)

    A *position* names the member by kind and id: subscription 1 and invoice 1 are two members, and two that hand over
    to one position are an error. All positions of a ledger have the same shape.

    *Time* and *signals* are as for a reducer. Deadlines fire in order of time, at one moment those of entities first
    and those of ledgers in their order: a ledger has heard by then what its members had to say.

    - `prefix`: one letter, unique among entities and ledgers; the first byte of the ledger's key.
    - `entry`: a msgspec struct, or a union of tagged ones.
    - `accumulator`: a msgspec struct.
    - `apply`: changes the accumulator by one entry; `sealed` is None where outputs are not wanted.
    - `project`: lists the open outputs; nothing where there is no entry. Entries for ledgers further back in the
      order of ledgers may be among them, and among sealed ones.
    - `sort_key`: the position of an entry, the one under which it was handed over.
    - `start`: makes the accumulator before the first entry, from the account and the ledger's name within it.
    - `kind`: names the ledger in change rows where it has measures; their entity is named by it and the ledger's name,
      and their cause is the event that a member took.
    - `deadline`: when time alone changes outputs next (microseconds); later than what has passed, or NEVER.
    - `depends_on_rules`: whether other rules may change outputs.
    - `as_known_of`: prefix of another ledger of the stage, whose entries are stated to this one as revisions: at the
      moment when the broker had an event, what it took away and added (`streams.core.revisions`).
    - `meet`: lets the accumulators of that ledger and of this one share what is alike in both; nobody may see it.
    - `copy`: copies an accumulator, for a ledger of which that is cheap: an entry that comes late, but near the end, is
      then folded from there.
    - `keeps_end`: whether the head of a log keeps its last accumulator, so that a batch need not fold the tail first:
      for a ledger whose entries are dear to apply and whose accumulators are small.
    - `complete`: adds entries of the ledger's own to edits of others, before they are made. It gets the edits, the
      greatest position, and a function that yields the entries from one position to another.
    """

    prefix: str
    entry: Any
    accumulator: type[Acc]
    apply: Callable[[Acc, Entry, Scope, Outputs | None], None]
    project: Callable[[Acc, Scope, Outputs], None]
    sort_key: Callable[[Entry], SortKey]
    start: Callable[[str, str], Acc]
    kind: str = ""
    deadline: Callable[[Acc, Scope], int] | None = None
    depends_on_rules: bool = False
    keeps_end: bool = False
    as_known_of: str = ""
    meet: Callable[[Acc, Acc], None] | None = None
    copy: Callable[[Acc], Acc] | None = None
    complete: Callable[[Edits, SortKey, Callable[[SortKey, SortKey], Iterator[Entry]]], None] | None = None

    @cached_property
    def codec(self) -> Codec:
        return codec_of(self.entry, self.accumulator, keeps_end=self.keeps_end, copy=self.copy)

    def key(self, account_id: str, name: str) -> bytes:
        return f"{self.prefix}{account_id}\0{name}".encode()


class Book(msgspec.Struct, Generic[Acc, Entry], eq=False, gc=False):
    """A ledger of one account, as its log folds it."""

    apply: Callable[[Acc, Entry, Scope, Outputs | None], None]
    project: Callable[[Acc, Scope, Outputs], None]
    sort_key: Callable[[Entry], SortKey]
    codec: Codec
    start: Callable[[str, str], Acc]
    account_id: str
    name: str

    @classmethod
    def of(cls, ledger: Ledger[Acc, Entry], account_id: str, name: str) -> "Book[Acc, Entry]":
        return cls(ledger.apply, ledger.project, ledger.sort_key, ledger.codec, ledger.start, account_id, name)

    def begin(self, _is_test: bool) -> Acc:
        return self.start(self.account_id, self.name)


Declared = Reducer[Any] | Ledger[Any, Any]
NO_LEDGERS: Mapping[str, Ledger[Any, Any]] = {}


class Kinds:
    """All kinds of entities and ledgers that a partition folds.

    `reducers` and `ledgers` are by prefix, `reducer_of` is the reducer of an event. A ledger hands over to later ones
    only. What is handed over to ledgers of the `stage` leaves the partition (`streams.live.fold.stage`). Raises
    ValueError where a prefix is not one letter or stands for two kinds, or a ledger tells what was known of none.
    """

    def __init__(
        self,
        reducers: Mapping[str, Reducer[Any]],
        ledgers: Mapping[str, Ledger[Any, Any]],
        reducer_of: Callable[[Any], Reducer[Any]],
        stage: Mapping[str, Ledger[Any, Any]] = NO_LEDGERS,
    ) -> None:
        self.reducers, self.ledgers, self.reducer_of, self.stage = reducers, ledgers, reducer_of, stage
        every: list[tuple[str, Declared]] = [*reducers.items(), *ledgers.items(), *stage.items()]
        for prefix, each in every:
            if not (each.prefix == prefix and len(prefix) == 1 and prefix.isascii() and prefix.isalpha()):
                raise ValueError(f"prefix {each.prefix!r} under {prefix!r} is not one letter")
        twice = (reducers.keys() & ledgers.keys()) | (stage.keys() & (reducers.keys() | ledgers.keys()))
        if twice:
            raise ValueError(f"prefixes {sorted(twice)} stand for two kinds")
        told_of = {prefix: each.as_known_of for prefix, each in stage.items() if each.as_known_of}
        if wrong := [prefix for prefix, of in told_of.items() if of == prefix or of not in stage or of in told_of]:
            raise ValueError(f"ledgers {wrong} tell what was known of no other ledger of the stage")
        self.depends_on_rules = frozenset(prefix.encode() for prefix, each in every if each.depends_on_rules)
        self.ledgers_by_rules = [prefix.encode() for prefix, ledger in ledgers.items() if ledger.depends_on_rules]
        self.ranks = {ord(prefix): 1 + place for place, prefix in enumerate(ledgers)}
        """Order of ledgers by first byte of their keys, from 1: deadlines of one moment fire in it, entities first."""
