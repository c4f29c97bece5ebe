"""Revenue of a subscription while its phases pass: steps by every policy, and what they leave for rows and ledgers."""

from collections.abc import Iterator, Sequence

import msgspec

from streams.core.billing.choices import PROFILES, SHIPPED, MrrPolicy
from streams.core.billing.mrr import Line
from streams.core.billing.steps import NOTHING, Step, is_plain, steps_in
from streams.core.billing.subscription import Phase
from streams.core.changes import ONE, Key, Measure
from streams.core.rows_subscription import MrrItemRow
from streams.core.rules import Rules

SHIPPED_POLICY = (MrrPolicy(PROFILES[0], 0, "default", SHIPPED[PROFILES[0]]),)
"""The policy that the log of changes counts by, whatever a deployment sets."""


class OpenSpan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Revenue of an item since a step, as long as nothing about it changes."""

    since: int
    line: Line
    currency: str
    rate_at: int
    policy_version: str
    event_id: str
    ingested_at: int


class Stream(msgspec.Struct, array_like=True, gc=False):
    """Revenue by one policy: the step in force, whether it rests in a pause, and the spans of its items.

    It rests while it is paused and brought revenue right up to the pause.
    """

    step: Step = NOTHING
    rests: bool = False
    spans: dict[str, OpenSpan] = {}

    def copy(self) -> "Stream":
        return Stream(self.step, self.rests, dict(self.spans))


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A step that takes the place of another; `rested` and `rests` tell whether it was, and is, in a pause."""

    before: Step
    after: Step
    rested: bool
    rests: bool


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="p"):
    """Moves of one subscription at one moment, for the account's ledger.

    There is one move where all policies agree, otherwise one for each of PROFILES, None where nothing moves.
    """

    at: int
    subscription_id: str
    is_test: bool
    moves: tuple[Move | None, ...]

    def move(self, number: int) -> Move | None:
        """Return the move by one policy."""
        return self.moves[number if len(self.moves) > 1 else 0]


class Passage(msgspec.Struct, gc=False):
    """The outcome of a phase: moves by moment, spans that ended, and moves by the policy that changes count by."""

    moves: dict[int, list[Move | None]] = msgspec.field(default_factory=dict)
    ended: list[tuple[int, str, OpenSpan, int]] = msgspec.field(default_factory=list)
    counted: list[Move] = msgspec.field(default_factory=list)


def needs_own_stream(rules: Rules) -> bool:
    """Return whether a deployment has changed the policy that the log of changes counts by."""
    return len(rules.mrr_policies(PROFILES[0])) > 1


def pass_phase(streams: list[Stream], counted: Stream | None, phase: Phase, until: int | None, rules: Rules) -> Passage:
    """Let a phase pass that lasts until a moment; change the streams, and divide them where policies part.

    `counted` is the stream of the shipped policy, None where it is the first of the others.
    """
    policies, passage = rules.mrr_by_profile, Passage()
    if len(streams) == 1 and not (rules.mrr_policies_agree and is_plain(phase)):
        streams.extend(streams[0].copy() for _ in PROFILES[1:])
    for number, stream in enumerate(streams):
        for move in _moves(stream, phase, until, policies[number], passage, number):
            passage.moves.setdefault(move.after.at, [None] * len(streams))[number] = move
            if number == 0 and counted is None:
                passage.counted.append(move)
    if counted is not None:
        passage.counted.extend(_moves(counted, phase, until, SHIPPED_POLICY, None, 0))
    return passage


def _moves(
    stream: Stream,
    phase: Phase,
    until: int | None,
    versions: Sequence[MrrPolicy],
    passage: Passage | None,
    number: int,
) -> Iterator[Move]:
    for step in steps_in(phase, until, versions, stream.step):
        before, rested = stream.step, stream.rests
        stream.step, stream.rests = step, step.is_paused and (rested or before.total > 0)
        if passage is not None:
            _respan(stream, step, passage, number)
        yield Move(before, step, rested, stream.rests)


def _respan(stream: Stream, step: Step, passage: Passage, number: int) -> None:
    """End the spans of items that the step changes, and begin new ones."""
    now = {line.item_id: line for line in step.lines}
    for item in sorted(stream.spans):
        span = stream.spans[item]
        if span.line != now.get(item) or (span.currency, span.rate_at) != (step.currency, step.rate_at):
            passage.ended.append((number, item, span, step.at))
            del stream.spans[item]
    for item, line in now.items():
        if item not in stream.spans:
            stream.spans[item] = OpenSpan(
                step.at, line, step.currency, step.rate_at, step.policy_version, step.event_id, step.ingested_at
            )


def span_rows(
    account_id: str, subscription_id: str, span: OpenSpan, until: int | None, number: int, shared: bool, is_test: bool
) -> Iterator[MrrItemRow]:
    """Yield the row of a span by its policy, or by every policy where they agree."""
    for profile in PROFILES if shared else PROFILES[number : number + 1]:
        yield MrrItemRow(
            account_id,
            profile,
            subscription_id,
            span.line.item_id,
            span.since,
            until,
            span.line.plan_id,
            span.line.product_line,
            span.currency,
            span.line.mrr,
            span.line.contract,
            span.line.quantity,
            span.rate_at,
            span.policy_version,
            span.event_id,
            is_test,
            span.ingested_at,
        )


def moved(moves: Sequence[Move]) -> Iterator[tuple[Key, Measure]]:
    """Yield the changes of monthly revenue by currency. A change of currency takes all of it out of the former one."""
    for move in moves:
        before, after = move.before, move.after
        total, now = before.total, after.total
        if total and after.currency != before.currency:
            yield ("mrr", before.currency, after.at, ""), (-total, 0, -total / ONE)
            total = 0
        if now != total:
            yield ("mrr", after.currency, after.at, ""), (now - total, 0, (now - total) / ONE)
