"""One partition of one topic: records in, a batch out, and nothing changed until the batch is committed.

This is where the pure core meets bytes. It knows no Kafka client and no database, so tests, the live engine and replay
run the very same code. A batch that is thrown away leaves the partition as it was.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from schemas.codec import Codec
from streams.core.admission import refusal_of
from streams.core.algebra import IDENTITY_BYTES, RecordedEvent, fingerprint_of
from streams.core.course import MOST_ITEMS, Course
from streams.core.declarations import Kinds
from streams.core.events import Event
from streams.core.machine import Due, Machine
from streams.core.routes import KINDS
from streams.core.rows import TABLES
from streams.core.rows_reference import EventRow
from streams.core.rules import Rules
from streams.core.segments import HEAD_RECORDS, SEGMENTS, HeadIndex, SegmentIndex
from streams.live.errors import EngineStopped
from streams.live.fold import plans
from streams.live.fold.batch import Batch
from streams.live.fold.deadlines import Deadlines
from streams.live.fold.decoding import event_of
from streams.live.fold.failed_deadlines import (
    ASIDE,
    NOTHING_FAILED,
    DeadlineFailedError,
    FailedDeadlines,
    without_failing,
)
from streams.live.fold.identities import Identities
from streams.live.fold.output_rows import event_row, refuse
from streams.live.fold.partitioner import home, misplaced
from streams.live.fold.plans import Plan, Repetition
from streams.live.fold.quarantine import REASON, blame, without_unfoldable
from streams.live.fold.record import Record, is_load
from streams.live.fold.rules_in_use import RulesInUse
from streams.live.fold.scale_checks import off_scale
from streams.live.store.port import Store

EPOCH_KEY = b"\0epoch"
RULES_KEY = b"\0rules"
FORMAT_KEY = b"\0format"
PLAN_KEY = b"\0plan"
FORMAT = b"6"
"""Format in which records of the state are written. Another one means that this release cannot read them."""
REVISION_BITS = 40
SETTLE_AT_ONCE = 2_000
"""Entities brought up to date per batch after a change of rules or a flood of deadlines: bounds a transaction."""

_INDEXED_AT_ONCE = 1_000
MOST_WORK = 100_000
"""Items of logs that one batch folds: some seconds, after which a worker should commit. A batch ends early at it."""

_index_from = msgspec.msgpack.Decoder(HeadIndex).decode
_segment_from = msgspec.msgpack.Decoder(SegmentIndex).decode
_SEGMENT = HEAD_RECORDS + SEGMENTS
_OTHER_FORMAT = (
    "{}-{}: its state was written by a release that keeps it otherwise. Go on with that release, and build the "
    "state of this one beside it: cx runbook upgrade says how"
)


class Partition:
    """State and indexes of one partition, opened from its store.

    `types` names the event types that the topic may carry, `partitions` how many partitions it has: a record whose key
    belongs on another one is refused, since the account's other events are there. `kinds` are the entities and ledgers
    that events are folded into. Opening raises the epoch: rows of this life outrank those that an earlier, perhaps
    still writing, owner of the partition produced. A replay gives epoch 0, which every live owner's outranks.
    """

    def __init__(
        self,
        topic: str,
        number: int,
        store: Store,
        *,
        codec: Codec,
        rules: Rules,
        types: frozenset[str],
        partitions: int = 1,
        epoch: int | None = None,
        kinds: Kinds = KINDS,
    ) -> None:
        self.topic = topic
        self.number = number
        self._store = store
        self._decode = codec.decode_array
        self._envelope = codec.envelope
        self._rules = RulesInUse(store.get(RULES_KEY), rules)
        self._types = types
        self._partitions = partitions
        self._identities = Identities()
        self._kinds = kinds
        self._deadlines = Deadlines(kinds.ranks)
        self._failed = FailedDeadlines(topic, number, kinds)
        self._unsettled: list[bytes] = []
        last_epoch = store.get(EPOCH_KEY)
        if last_epoch is not None and store.get(FORMAT_KEY) != FORMAT:
            raise EngineStopped("state of another format", _OTHER_FORMAT.format(topic, number))
        self._epoch = int.from_bytes(last_epoch or b"\0") + 1 if epoch is None else epoch
        self._first_version = self._epoch << REVISION_BITS
        self._announced = False
        self._repetition = Repetition()
        planned = store.get(PLAN_KEY)
        self._plan = None if planned is None else plans.plan_from(planned)
        self._open()

    def _open(self) -> None:
        found: list[bytes] = []
        for key, value in self._store.scan():
            found.append(self._index(key, value))
            if len(found) == _INDEXED_AT_ONCE:
                self._identities.add(b"".join(found))
                found.clear()
        self._identities.add(b"".join(found))
        if self._rules.former:
            self._unsettled = self._affected_by_rules()

    def _index(self, name: bytes, value: bytes) -> bytes:
        """Keep the deadline of a head, and return the fingerprints that lie in a record."""
        first = name[:1]
        if first == b"\0" and name.startswith(ASIDE):
            self._failed.load(name, value)
        if first == b"\0" or (first == HEAD_RECORDS and name[:2] != _SEGMENT):
            return b""
        if first == HEAD_RECORDS:
            return _segment_from(value).fingerprints
        head = _index_from(value)
        self._deadlines.set(name, head.deadline)
        return head.fingerprints

    def _affected_by_rules(self) -> list[bytes]:
        """Return the keys of entities and ledgers whose outputs may follow other rules."""
        now, dependent = self._rules.current.name, self._kinds.depends_on_rules
        heads = ((key, value) for key, value in self._store.scan() if key[:1] in dependent)
        return sorted(key for key, value in heads if _index_from(value).rules != now)

    def next_deadline(self) -> int:
        """Return the time of the next `tick` that has work (microseconds): 0 for at once, NEVER for none."""
        return 0 if self._plan or self._unsettled or self._rules.upcoming else self._deadlines.first()

    def use(self, rules: Rules) -> None:
        """Follow other rules soon: a tick commits them, later ones bring up to date what older rules decided."""
        self._rules.want(rules)

    def process(self, records: Iterable[Record]) -> Batch:
        """Fold records in, in order. What cannot be taken becomes a dead letter; its neighbours go on.

        What is planned comes first. The batch may end before the records do, even before the first: `records` says how
        many it took. What is left comes again.
        """
        self._repetition.begin()
        taken = list(records)[: plans.MOST_RECORDS]
        return without_failing(
            lambda failed: without_unfoldable(lambda some, refused: self._attempt(some, refused, failed), taken)
        )

    def _attempt(
        self, records: Sequence[Record], unfoldable: Mapping[int, str], failed: Mapping[tuple[bytes, int], str]
    ) -> Batch:
        batch = self._new_batch()
        if not self._carry_out(batch, failed):
            records = ()
        for number, record in enumerate(records):
            if unfoldable and record.offset() in unfoldable:
                self._refuse(batch, record, REASON, unfoldable[record.offset()])
                continue
            try:
                is_taken = self._take(batch, record)
            except Exception as error:
                blame([record.offset()], error)
                raise
            if not is_taken:
                records = records[:number]
                break
            if batch.machine.work > MOST_WORK:
                records = records[: number + 1]
                break
        if records:
            batch.records, batch.next_offset = len(records), records[-1].offset() + 1
        return self._finish(batch, failed)

    def tick(self, now: int, *, is_caught_up: bool = True) -> Batch:
        """Let time pass to `now` (microseconds), settle what a change of rules left open, or bring in other rules.

        Each takes several ticks: one commits the plan, later ones, or batches of records, carry it out. `is_caught_up`
        says that every record of the topic has been committed, and that `now` is the time.
        """
        self._repetition.begin()
        if self._plan is not None:
            return without_failing(self._carried_out)
        batch = self._new_batch()
        if is_caught_up:
            self._repetition.end()
        if self._repetition.is_over:
            plan = plans.next_plan(self._unsettled, self._deadlines, now, SETTLE_AT_ONCE)
            if plan is not None:
                batch.changes[PLAN_KEY] = plans.encode(plan)
            else:
                batch.is_of_rules = self._rules.upcoming is not None
        return self._finish(batch)

    def _carried_out(self, failed: Mapping[tuple[bytes, int], str]) -> Batch:
        batch = self._new_batch()
        self._carry_out(batch, failed)
        return self._finish(batch, failed)

    def _carry_out(self, batch: Batch, failed: Mapping[tuple[bytes, int], str]) -> bool:
        """Do what is planned, as far as one batch can; return whether nothing of it is left."""
        plan = self._plan
        if plan is None:
            return True
        if plan.passes_to is None:
            is_done = self._settle(batch, plan)
        else:
            try:
                is_done = self._pass_time(batch, plan.passes_to, self._failed.skipped | failed.keys())
            except Exception as error:
                raise DeadlineFailedError(batch.machine.firing) from error
        if is_done:
            batch.changes[PLAN_KEY] = None
        return is_done

    def _settle(self, batch: Batch, plan: Plan) -> bool:
        """Bring logs up to date, and do the next piece of one that is long, or of a ledger whose edits wait.

        A ledger comes when all logs of the plan have handed over to it, so that it is folded once.
        """
        machine, planned, settled = batch.machine, bisect_right(self._unsettled, plan.settles_to), 0
        course = machine.course = plans.copied(plan.course)
        while settled < planned and not course.key and machine.work <= MOST_WORK:
            batch.write(machine.settle(self._unsettled[settled]), self._first_version)
            settled += not course.key
        is_due = course.key or (settled == planned and course.waiting)
        if is_due and machine.work <= MOST_ITEMS:
            facts = machine.go_on(self._first_version)
            batch.write(facts, course.version)
        batch.unsettled = self._unsettled[settled:]
        batch.changes[PLAN_KEY] = plans.encode(msgspec.structs.replace(plan, course=course))
        return settled == planned and course.is_over

    def _pass_time(self, batch: Batch, last: Due, put_aside: AbstractSet[tuple[bytes, int]]) -> bool:
        due = self._deadlines.due(last[0], SETTLE_AT_ONCE)
        for fired, facts in enumerate(batch.machine.pass_time(due, last, put_aside), 1):
            batch.write(facts, self._first_version)
            if fired == 2 * SETTLE_AT_ONCE or batch.machine.work > MOST_WORK:
                return False
        return True

    def commit(self, batch: Batch) -> None:
        """Take a batch over after its transaction is committed."""
        self._repetition.commit(batch.records)
        for key, at in self._failed.commit(batch.aside):
            self._deadlines.put_aside(key, at)
        for key, deadline in batch.machine.deadlines():
            self._deadlines.set(key, deadline)
        self._identities.add(b"".join(identity + digest for identity, digest in batch.digests.items()))
        if batch.unsettled is not None:
            self._unsettled = batch.unsettled
        self._announced = self._announced or EPOCH_KEY in batch.changes
        if PLAN_KEY in batch.changes:
            planned = batch.changes[PLAN_KEY]
            self._plan = None if planned is None else plans.plan_from(planned)
        record = batch.changes.get(RULES_KEY)
        if record is not None:
            self._rules.committed(record, is_change=batch.is_of_rules)
        self._store.put_all(batch.changes)
        if batch.is_of_rules:
            self._unsettled = self._affected_by_rules()
        if not self._unsettled:
            self._rules.former.clear()

    def _new_batch(self) -> Batch:
        kinds = self._kinds
        rules = self._rules
        machine = Machine(self._store.get, rules.current, kinds.reducers, kinds.ledgers, rules.former, kinds.stage)
        return Batch(topic=self.topic, partition=self.number, machine=machine)

    def _finish(self, batch: Batch, failed: Mapping[tuple[bytes, int], str] = NOTHING_FAILED) -> Batch:
        batch.machine.save()
        if batch.machine.repeats:
            keep_last(batch)
        batch.changes.update(batch.machine.changes)
        self._failed.note(batch, failed, self._first_version)
        if batch.changes or batch.records or batch.unsettled is not None or batch.is_of_rules:
            if not self._announced:
                batch.changes[EPOCH_KEY] = self._epoch.to_bytes(8)
                batch.changes[FORMAT_KEY] = FORMAT
            left = self._unsettled if batch.unsettled is None else batch.unsettled
            record = self._rules.record(is_settled=not left, is_change=batch.is_of_rules)
            if record is not None:
                batch.changes[RULES_KEY] = record
        return batch

    def _take(self, batch: Batch, record: Record) -> bool:
        """Take a record; return False where what follows other rules has to be folded in pieces before that."""
        value = record.value()
        event = event_of(value, self._decode, self._types, self.topic)
        if isinstance(event, tuple):
            self._refuse(batch, record, *event)
            return True
        ingested_at = record.timestamp()[1] * 1000
        assert value is not None
        key = record.key() or b""
        refusal = refusal_of(event, key, ingested_at, len(value)) or off_scale(batch, event)
        if refusal is None and home(key, self._partitions) != self.number:
            refusal = misplaced(key, self.number, self._partitions)
        if refusal is not None:
            self._refuse(batch, record, *refusal)
            return True
        one = fingerprint_of(event.source, event.event_id, value)
        identity, digest = one[:IDENTITY_BYTES], one[IDENTITY_BYTES:]
        known = batch.digests.get(identity) or self._identities.digest_of(identity)
        if known is None:
            if self._unsettled and not self._is_settled_for(batch, event):
                return False
            batch.digests[identity] = digest
            self._fold(batch, record, RecordedEvent(event, ingested_at, is_load(record)), one)
        elif known == digest:
            batch.duplicates += 1
        else:
            self._refuse(batch, record, "conflicting_duplicate", "its event_id came before with other content")
        return True

    def _is_settled_for(self, batch: Batch, event: Event) -> bool:
        """Bring what an event may change up to date: its entity, and ledgers of its account that depend on rules.

        Return False where that takes pieces, which are planned then: the event comes behind them.
        """
        machine = batch.machine
        course = machine.course = machine.course or Course()
        keys = [self._kinds.reducer_of(event).key(event)]
        for prefix in self._kinds.ledgers_by_rules:
            own = prefix + event.account_id.encode() + b"\0"
            for place in range(bisect_left(self._unsettled, own), len(self._unsettled)):
                if not self._unsettled[place].startswith(own):
                    break
                keys.append(self._unsettled[place])
        for key in keys:
            if not course.key:
                batch.write(machine.settle(key), self._first_version)
        if course.is_over:
            return True
        batch.changes[PLAN_KEY] = plans.encode(Plan(course=course))
        return False

    def _fold(self, batch: Batch, record: Record, recorded: RecordedEvent, one: bytes) -> None:
        reducer = self._kinds.reducer_of(recorded.event)
        batch.write(batch.machine.take(reducer, recorded, one, len(record.value() or b"")), self._first_version)
        batch.rows[EventRow.TABLE].append(
            event_row(record, recorded, batch, reducer.entity(recorded.event), self._first_version)
        )

    def _refuse(self, batch: Batch, record: Record, reason: str, detail: str) -> None:
        refuse(batch, record, (reason, detail), self._first_version, self._envelope(record.value()))


def keep_last(batch: Batch) -> None:
    """Keep the last row of each identity: one that several events of a batch wrote is inserted once.

    A row that is taken away stays as such: a batch that was thrown away may have written it. Rows of events are one
    for each event, and stay as they are.
    """
    for table, rows in batch.rows.items():
        if table == EventRow.TABLE:
            continue
        size = TABLES[table].KEY
        last = {row[:size]: row for row in rows}
        if len(last) < len(rows):
            batch.rows[table] = list(last.values())
