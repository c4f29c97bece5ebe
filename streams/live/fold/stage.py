"""The account stage: ledgers that entities of all topics feed, beside the partitions of one number.

What the partitions of a number hand over, their *parts*, is taken in the transaction that commits their own state: as a
record of the stage, its inbox, which is folded in the next cycle before anything else. So a crash between insert and
commit finds the same parts and nothing between them, although siblings may come in another order (docs/adr/0161). A
part states what holds at a position: nothing depends on which sibling was read first, and one that comes twice changes
nothing.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import msgspec

from streams.core.declarations import Kinds, Ledger
from streams.core.kept import KeptLogs
from streams.core.machine import account_of
from streams.core.rows_reference import AccountAsideRow
from streams.core.segments import HEAD_RECORDS, HeadIndex
from streams.live.errors import EngineStopped
from streams.live.fold import partition, plans
from streams.live.fold.batch import Batch
from streams.live.fold.deadlines import Deadlines
from streams.live.fold.parts import PartsCodec
from streams.live.fold.plans import Plan
from streams.live.fold.rules_in_use import RulesInUse
from streams.live.fold.stage_work import AccountWork, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.core.machine import Due, Parts
    from streams.core.rules import Rules
    from streams.live.store.port import Store

log = logging.getLogger(__name__)

NAME = "account"
INBOX = b"\0inbox"
ASIDE = b"\0aside"
_index_from = msgspec.msgpack.Decoder(HeadIndex).decode


class Sibling(Protocol):
    """A partition of the stage's number, as far as time is concerned."""

    def next_deadline(self) -> int: ...


def time_of(siblings: Iterable[tuple[Sibling, int]]) -> int:
    """Return how far time has come for a stage (microseconds), from its siblings and how far it has come for each.

    It is the least of theirs, and not past what one of them has yet to do of its own accord: a ledger hears by each
    moment what all its members had to say by then. An idle topic holds nothing back, for time goes on there.
    """
    return min(min(now, each.next_deadline() - 1) for each, now in siblings)


class StageBatch(Batch):
    """A batch of a stage; `deadlines` are those of the ledgers that it changed.

    It `carries_out` what was committed before, unless it only plans.
    """

    deadlines: list[tuple[bytes, int]] = msgspec.field(default_factory=list)
    carries_out: bool = False
    repeats: bool = False


class Stage:
    """State and indexes of one stage, opened from its store.

    `ledgers` are by prefix, in the order in which they hand over. An account that our core fails on is put aside with
    what is stated of it from then on, and all others go on; it is tried again when the stage is opened. Its row in
    `account_aside` is there until it is taken up again.
    """

    def __init__(
        self,
        number: int,
        store: Store,
        *,
        rules: Rules,
        ledgers: Mapping[str, Ledger[Any, Any]],
        topic: str = NAME,
        epoch: int | None = None,
    ) -> None:
        self.topic, self.number = topic, number
        self._store = store
        self._kinds = Kinds({}, ledgers, _no_reducer)
        self._codec = PartsCodec(ledgers)
        self._kept = KeptLogs()
        self._rules = RulesInUse(store.get(partition.RULES_KEY), rules)
        last_epoch = store.get(partition.EPOCH_KEY)
        if last_epoch is not None and store.get(partition.FORMAT_KEY) != partition.FORMAT:
            raise EngineStopped("state of another format", f"{topic}-{number}: build the state of this release anew")
        self._epoch = int.from_bytes(last_epoch or b"\0") + 1 if epoch is None else epoch
        self._first_version = self._epoch << partition.REVISION_BITS
        self._announced = False
        planned = store.get(partition.PLAN_KEY)
        self._plan = None if planned is None else plans.plan_from(planned)
        self._deadlines = Deadlines(self._kinds.ranks)
        self._unsettled: list[bytes] = []
        self._inbox: list[bytes] = []
        self._aside: set[str] = set()
        self._again: dict[str, dict[bytes, bytes]] = {}
        self._rows_aside = 0
        for key, value in store.scan():
            self._index(key, value)
        self._inbox.sort()
        self._next_record = 1 + int.from_bytes(self._inbox[-1][len(INBOX) :]) if self._inbox else 0
        if self._rules.former:
            self._unsettled = self._affected_by_rules()

    def _index(self, key: bytes, value: bytes) -> None:
        if key.startswith(INBOX):
            self._inbox.append(key)
        elif key.startswith(ASIDE):
            account = _account_aside(key)
            self._aside.add(account)
            self._again.setdefault(account, {})[key] = value
        elif key[:1] not in (b"\0", HEAD_RECORDS):
            self._deadlines.set(key, _index_from(value).deadline)

    def _affected_by_rules(self) -> list[bytes]:
        now, dependent = self._rules.current.name, self._kinds.depends_on_rules
        heads = ((key, value) for key, value in self._store.scan() if key[:1] in dependent)
        return sorted(key for key, value in heads if _index_from(value).rules != now)

    @property
    def has_work(self) -> bool:
        """Tell whether something is committed that waits to be carried out."""
        return bool(self._plan or self._inbox or self._again)

    @property
    def is_new(self) -> bool:
        """Tell whether this life has committed nothing yet; the next batch that takes parts says that it has begun."""
        return not self._announced

    @property
    def accounts_aside(self) -> frozenset[str]:
        """The accounts that are put aside."""
        return frozenset(self._aside)

    def next_deadline(self) -> int:
        """Return the time of the next `tick` that has work (microseconds): 0 for at once, NEVER for none."""
        return 0 if self.has_work or self._unsettled or self._rules.upcoming else self._deadlines.first()

    def use(self, rules: Rules) -> None:
        """Follow other rules soon, as a partition does."""
        self._rules.want(rules)

    def take(self, parts: Parts) -> StageBatch:
        """Carry out what is committed, and take parts into the inbox."""
        batch = self._carried_out()
        for number, record in enumerate(self._codec.records(parts), self._next_record):
            batch.changes[_inbox_key(number)] = record
        return self._finish(batch, begins=not self._announced)

    def tick(self, now: int, *, is_caught_up: bool = True) -> StageBatch:
        """Carry out what is committed; where that leaves nothing, plan what time or other rules bring about.

        `now` is the stage's own time (`time_of`), which no sibling that lags behind lets pass.
        """
        del is_caught_up  # siblings say so by their own time
        if self.has_work:
            batch = self._carried_out()
            if not self._unsettled and self._is_all(batch):
                self._plan_time(batch, now)
            return self._finish(batch)
        batch = StageBatch(self.topic, self.number)
        plan = plans.next_plan(self._unsettled, self._deadlines, now, partition.SETTLE_AT_ONCE)
        if plan is not None:
            batch.changes[partition.PLAN_KEY] = plans.encode(plan)
        else:
            batch.is_of_rules = self._rules.upcoming is not None
        return self._finish(batch)

    def _is_all(self, batch: StageBatch) -> bool:
        """Tell whether a batch carries out all that was committed."""
        plan = batch.changes.get(partition.PLAN_KEY, self._plan)
        return plan is None and all(key in batch.changes for key in self._inbox)

    def _plan_time(self, batch: StageBatch, now: int) -> None:
        """Plan to let time pass, or parts that come in each cycle would never let it."""
        plan = plans.next_plan((), self._deadlines, now, partition.SETTLE_AT_ONCE)
        if plan is not None:
            batch.changes[partition.PLAN_KEY] = plans.encode(plan)

    def commit(self, batch: Batch) -> None:
        """Take a batch over after its transaction is committed."""
        assert isinstance(batch, StageBatch)
        self._announced = self._announced or partition.EPOCH_KEY in batch.changes
        for key, deadline in batch.deadlines:
            self._deadlines.set(key, deadline)
        self._store.put_all(batch.changes)
        self._note(batch.changes)
        if batch.carries_out:
            self._again = {}
        if batch.unsettled is not None:
            self._unsettled = batch.unsettled
        record = batch.changes.get(partition.RULES_KEY)
        if record is not None:
            self._rules.committed(record, is_change=batch.is_of_rules)
        if batch.is_of_rules:
            self._unsettled = self._affected_by_rules()
        if not self._unsettled:
            self._rules.former.clear()

    def _note(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Learn what the records of the stage itself say now."""
        for key, value in changes.items():
            if key.startswith(INBOX):
                self._note_inbox(key, value)
            elif key.startswith(ASIDE):
                self._note_aside(_account_aside(key), value)
            elif key == partition.PLAN_KEY:
                self._plan = None if value is None else plans.plan_from(value)

    def _note_inbox(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._inbox.remove(key)
        else:
            self._inbox.append(key)
            self._next_record = 1 + int.from_bytes(key[len(INBOX) :])

    def _note_aside(self, account: str, value: bytes | None) -> None:
        if value is None:
            self._aside.discard(account)
        else:
            self._aside.add(account)
            self._deadlines.forget(account.encode())

    def _carried_out(self) -> StageBatch:
        """Do what is committed, as far as one batch can: accounts that are tried again, the plan, then the inbox."""
        batch = StageBatch(self.topic, self.number, carries_out=True)
        work = Work(self._store.get, self._rules, self._kinds, partition.MOST_WORK, self._kept)
        for account, kept in self._again.items():
            work.of(account)
            for record in kept.values():
                work.state(self._codec.parts(record))
        if self._plan is None or self._planned(batch, work, self._plan):
            self._read_inbox(batch, work)
        work.save()
        for account, each in work.accounts.items():
            if each.failure:
                log.error("the stage puts account %r aside: %s", account, each.failure)
                self._put_aside(batch, account, each.stated)
                self._tell_aside(batch, account, each.failure)
            else:
                self._keep(batch, account, each)
        return batch

    def _planned(self, batch: StageBatch, work: Work, plan: Plan) -> bool:
        """Do what is planned; return whether nothing of it is left."""
        if plan.passes_to is not None:
            is_done = self._pass_time(work, plan.passes_to)
        else:
            is_done = self._settle(batch, work, plan.settles_to)
        if is_done:
            batch.changes[partition.PLAN_KEY] = None
        return is_done

    def _pass_time(self, work: Work, last: Due) -> bool:
        by_account: dict[str, list[Due]] = {}
        for due in self._deadlines.due(last[0], partition.SETTLE_AT_ONCE):
            by_account.setdefault(account_of(due[2]), []).append(due)
        for due_there in by_account.values():
            if work.is_enough:
                return False
            work.pass_time(due_there, last)
        return True

    def _settle(self, batch: StageBatch, work: Work, last: bytes) -> bool:
        planned, settled = bisect_right(self._unsettled, last), 0
        while settled < planned and not work.is_enough:
            work.settle(self._unsettled[settled])
            settled += 1
        batch.unsettled = self._unsettled[settled:]
        return settled == planned

    def _read_inbox(self, batch: StageBatch, work: Work) -> None:
        waiting = self._aside - self._again.keys()
        for key in self._inbox:
            if work.is_enough:
                return
            parts = self._codec.parts(self._store.get(key) or b"")
            for whose in [whose for whose in parts if whose[0] in waiting]:
                self._put_aside(batch, whose[0], {whose: parts.pop(whose)})
            work.state(parts)
            batch.changes[key] = None

    def _keep(self, batch: StageBatch, account: str, work: AccountWork) -> None:
        """Keep what the work on an account has changed; one that was put aside is so no longer."""
        machine = work.machine
        batch.deadlines.extend(machine.deadlines())
        batch.changes.update(machine.changes)
        batch.write(work.facts, self._first_version)
        if account in self._again:
            batch.changes.update(dict.fromkeys(self._again[account]))
            self._tell_aside(batch, account, "")
        batch.repeats = batch.repeats or machine.repeats

    def _tell_aside(self, batch: StageBatch, account: str, failure: str) -> None:
        """Write that an account is put aside and why, or take that away where nothing failed."""
        self._rows_aside += 1
        row = AccountAsideRow(account, self.number, failure)
        version = self._first_version | self._rows_aside
        batch.rows[row.TABLE].append((*msgspec.structs.astuple(row), version, int(not failure)))

    def _put_aside(self, batch: StageBatch, account: str, stated: Parts) -> None:
        """Keep what is stated of an account in place of folding it."""
        kept = _aside_key(account)
        batch.changes[kept] = self._codec.record({})
        for name, record in self._codec.one_by_one(stated):
            batch.changes[kept + name] = record

    def _finish(self, batch: StageBatch, *, begins: bool = False) -> StageBatch:
        if batch.repeats:
            partition.keep_last(batch)
        if not (begins or batch.changes or batch.unsettled is not None or batch.is_of_rules):
            return batch
        if not self._announced:
            batch.changes[partition.EPOCH_KEY] = self._epoch.to_bytes(8)
            batch.changes[partition.FORMAT_KEY] = partition.FORMAT
        left = self._unsettled if batch.unsettled is None else batch.unsettled
        record = self._rules.record(is_settled=not left, is_change=batch.is_of_rules)
        if record is not None:
            batch.changes[partition.RULES_KEY] = record
        return batch


def _inbox_key(number: int) -> bytes:
    return INBOX + number.to_bytes(8)


def _aside_key(account: str) -> bytes:
    """Return the key of the record that says that an account is put aside; those of what is stated begin with it."""
    return ASIDE + account.encode() + b"\0"


def _account_aside(key: bytes) -> str:
    return key[len(ASIDE) :].partition(b"\0")[0].decode()


def _no_reducer(_event: Any) -> NoReturn:
    raise LookupError("a stage takes no events")
