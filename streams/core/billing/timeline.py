"""The subscription as the machine folds it: phases that pass, and the one that lasts with what is agreed to follow."""

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from streams.core.algebra import EventKey, RecordedEvent, fold_order
from streams.core.billing import revenue, subscription_signs
from streams.core.billing.choices import PROFILES
from streams.core.billing.revenue import Passage, Posting, Stream
from streams.core.billing.subscription import NO_PLACE, Phase, agreed_until, phases_of, sort_key
from streams.core.billing.subscription_rows import history_row, odd_in, subscription_row, trial_end
from streams.core.changes import ONE
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import SubscriptionEvent
from streams.core.health.facts import Fact
from streams.core.health.handing import hand_over
from streams.core.limits import NEVER
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows_subscription import MrrItemRow

LEDGER = PREFIXES["recurring_revenue"]
"""Prefix of the ledger of recurring revenue."""
_NO_EVENT = ("", "", 0, 0)


class Timeline(msgspec.Struct, array_like=True, gc=False):
    """A subscription up to a point of its timeline. Times are microseconds; None where nothing is known.

    `phase` lasts and may still be replaced by an event of the same moment; all before it have passed. `streams` are
    revenue by policy up to it: one where all policies agree, otherwise one for each of PROFILES; `counted` is revenue
    by the shipped policy where that is none of them. `last` is the active event that is last in fold order: source,
    id, when it happened and when it was stored. `converted_at` is when revenue followed on a trial, by the first
    policy; `has_converted` says so by the shipped one.

    `stored_at` is when the last of its events was stored. `signs` are facts of the account's health that are dated
    later than what was known, `leaves_on` is the day of the end that was agreed, `has_left` says that it has ended.
    """

    is_test: bool = False
    account_id: str = ""
    subscription_id: str = ""
    phase: Phase | None = None
    streams: list[Stream] = msgspec.field(default_factory=lambda: [Stream()])
    counted: Stream | None = None
    last_order: EventKey = NO_PLACE
    last: tuple[str, str, int, int] = _NO_EVENT
    corrections: int = 0
    flags: tuple[str, ...] = ()
    started_at: int | None = None
    trial_at: int | None = None
    trial_ended_at: int | None = None
    converted_at: int | None = None
    has_converted: bool = False
    stored_at: int = 0
    signs: list[Fact] = []
    leaves_on: int | None = None
    has_left: bool = False


def apply(timeline: Timeline, recorded: RecordedEvent, scope: Scope, sealed: Outputs | None) -> None:
    """Let an event take effect; phases that end with it are sealed."""
    event = recorded.event
    if timeline.phase is None:
        timeline.account_id, timeline.subscription_id = event.account_id, event.subscription_id  # type: ignore[union-attr] # every event of this entity names it
        if revenue.needs_own_stream(scope.rules):
            timeline.counted = timeline.counted or Stream()
    order = fold_order(recorded)
    if order > timeline.last_order:
        timeline.last_order = order
        timeline.last = (event.source, event.event_id, event.occurred_at, recorded.ingested_at)
    timeline.corrections += event.corrects_event_id is not None
    timeline.stored_at = recorded.ingested_at
    phases, is_odd = phases_of(timeline.phase, recorded)
    if is_odd:
        _flag(timeline, ("ended_before_start",))
    for phase in phases:
        if timeline.phase is not None and timeline.phase.at != phase.at:
            _pass(timeline, timeline.phase, phase.at, scope, sealed)
        timeline.phase = phase
    if timeline.signs:
        _hand_signs(timeline, timeline.stored_at, sealed)


def project(timeline: Timeline, scope: Scope, outputs: Outputs) -> None:
    """List the phase that lasts, what is agreed to follow, and the subscription as a whole."""
    if timeline.phase is None:
        return
    ahead, last = _to_the_end(timeline, timeline.phase, scope, outputs)
    _hand_signs(ahead, max(timeline.stored_at, scope.passed), outputs)
    outputs.rows.append(subscription_row(ahead, last))
    for number, stream in enumerate(ahead.streams):
        for span in stream.spans.values():
            outputs.rows.extend(_span_rows(ahead, span, None, number))
    _tried(ahead, last, outputs)


def deadline(timeline: Timeline, scope: Scope) -> int:
    """Return when the next fact of the account's health comes to hold by itself."""
    known, phase = max(timeline.stored_at, scope.passed), timeline.phase
    if phase is None or not (timeline.signs or subscription_signs.may_turn(phase, known)):
        return NEVER
    ahead, _ = _to_the_end(timeline, phase, scope, None)
    return min((fact.at for fact in ahead.signs if fact.at > known), default=NEVER)


def _to_the_end(timeline: Timeline, phase: Phase, scope: Scope, outputs: Outputs | None) -> tuple[Timeline, Phase]:
    """Let what lasts and what is agreed pass; return the timeline after that, and its last phase."""
    ahead = msgspec.structs.replace(
        timeline,
        streams=[stream.copy() for stream in timeline.streams],
        counted=None if timeline.counted is None else timeline.counted.copy(),
        signs=list(timeline.signs),
    )
    last = phase
    for following in agreed_until(phase, None):
        if following.at != last.at:
            _pass(ahead, last, following.at, scope, outputs)
        last = following
    _pass(ahead, last, None, scope, outputs)
    return ahead, last


def _hand_signs(timeline: Timeline, known: int, outputs: Outputs | None) -> None:
    """Hand over the facts that hold by a moment; those after it stay."""
    if outputs is not None:
        hand_over((fact for fact in timeline.signs if fact.at <= known), outputs)
    timeline.signs = [fact for fact in timeline.signs if fact.at > known]


def _pass(timeline: Timeline, phase: Phase, until: int | None, scope: Scope, outputs: Outputs | None) -> None:
    """Let a phase pass that lasts until a moment."""
    if timeline.started_at is None and phase.full is not None:
        timeline.started_at = phase.at
    if timeline.trial_at is None and phase.status == "TRIALING":
        timeline.trial_at = phase.at
    if timeline.trial_at is not None and timeline.trial_ended_at is None:
        timeline.trial_ended_at = phase.at if phase.status != "TRIALING" or phase.ended else None
    _flag(timeline, odd_in(phase))
    passage = revenue.pass_phase(timeline.streams, timeline.counted, phase, until, scope.rules)
    if timeline.trial_at is not None:
        _convert(timeline, passage)
    if not timeline.is_test:
        timeline.signs.extend(subscription_signs.of_phase(timeline, phase))
        timeline.signs.extend(subscription_signs.of_moves(timeline.subscription_id, passage))
    if outputs is not None:
        outputs.rows.append(history_row(timeline, phase, until))
        _hand_over(timeline, passage, outputs)


def _convert(timeline: Timeline, passage: Passage) -> None:
    """Note the first revenue after a trial."""
    if timeline.converted_at is None:
        first = (at for at, moves in passage.moves.items() if moves[0] is not None and moves[0].after.total > 0)
        timeline.converted_at = next(first, None)
    timeline.has_converted = timeline.has_converted or any(move.after.total > 0 for move in passage.counted)


def _hand_over(timeline: Timeline, passage: Passage, outputs: Outputs) -> None:
    for at, moves in passage.moves.items():
        posting = Posting(at, timeline.subscription_id, timeline.is_test, tuple(moves))
        outputs.entries[Handover(LEDGER, "", (at, 1, timeline.subscription_id))] = posting
    for number, _, span, until in passage.ended:
        outputs.rows.extend(_span_rows(timeline, span, until, number))
    if not timeline.is_test:
        outputs.measures.update(revenue.moved(passage.counted))


def _span_rows(timeline: Timeline, span: revenue.OpenSpan, until: int | None, number: int) -> Iterator[MrrItemRow]:
    is_shared = len(timeline.streams) < len(PROFILES)
    return revenue.span_rows(
        timeline.account_id, timeline.subscription_id, span, until, number, is_shared, timeline.is_test
    )


def _tried(timeline: Timeline, last: Phase, outputs: Outputs) -> None:
    """Count a trial in the window of its end."""
    ended = trial_end(timeline, last)
    if ended is not None and not timeline.is_test:
        converted = timeline.has_converted
        outputs.measures["trial_conversion", "", ended, ""] = (ONE * converted, ONE, float(converted))


def _flag(timeline: Timeline, flags: tuple[str, ...]) -> None:
    if flags and not set(flags) <= set(timeline.flags):
        timeline.flags = tuple(sorted({*timeline.flags, *flags}))


SUBSCRIPTION = Reducer(
    kind="subscription",
    prefix=PREFIXES["subscription"],
    events=SubscriptionEvent,
    identify=attrgetter("subscription_id"),
    accumulator=Timeline,
    apply=apply,
    project=project,
    sort_key=sort_key,
    deadline=deadline,
    depends_on_rules=True,
)
