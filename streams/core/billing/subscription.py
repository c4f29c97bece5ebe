"""The subscription: its timeline out of events that state all of it, and of events that change a part of it.

The timeline follows business time (`effective_at`); events of the same time follow their fold order.
"""

from collections.abc import Iterator
from typing import assert_never

import msgspec

from streams.core.algebra import EventKey, RecordedEvent, SortKey, fold_order
from streams.core.events import (
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionEvent,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionStarted,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
)

FullState = SubscriptionStarted | SubscriptionChanged
UNPAID = frozenset({"PAST_DUE", "UNPAID"})
NO_PLACE: EventKey = (-(2**63), -(2**63), "", "")
"""Before every place in fold order."""


class Cause(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The event that brought something about, as far as rows name it. Times are microseconds."""

    event_id: str
    occurred_at: int
    ingested_at: int
    change_kind: str
    is_correction: bool


def cause_of(recorded: RecordedEvent) -> Cause:
    """Return what rows say of an event; `change_kind` is its type where it states no kind of change."""
    event = recorded.event
    kind = event.change_kind if isinstance(event, SubscriptionChanged) else event.EVENT_TYPE
    is_correction = event.corrects_event_id is not None
    return Cause(event.event_id, event.occurred_at, recorded.ingested_at, kind, is_correction)


class Phase(msgspec.Struct, array_like=True, gc=False):
    """The state of a subscription from `at` on, until the next phase.

    `status` is the last one that an event gave, whether it has ended or not. `due_since` is when it was first not paid,
    `service_end` until when an ended one was paid for. `on_trial` holds from a trial on until it is ACTIVE: nothing was
    paid for by then. `cancel_order` and `ended_order` are places in fold order: an event from before an end does not
    undo it, whenever it was to take effect. Times are in microseconds; None where nothing is known.
    """

    at: int
    cause: Cause
    full: FullState | None = None
    status: str = "UNKNOWN"
    before_pause: str = "ACTIVE"
    on_trial: bool = False
    due_since: int | None = None
    trial_ends_at: int | None = None
    pause_ends_at: int | None = None
    cancel_at: int | None = None
    cancel_order: EventKey = NO_PLACE
    cancel_cause: Cause | None = None
    requested_at: int | None = None
    reason: str = ""
    ended: bool = False
    ended_order: EventKey = NO_PLACE
    service_end: int = 0
    purchased_at: int = 0


def sort_key(recorded: RecordedEvent) -> SortKey:
    """Return the position of an event in the timeline: when it takes effect, then fold order."""
    return recorded.event.effective_at, *fold_order(recorded)  # type: ignore[union-attr] # every event of this entity has it


def phases_of(phase: Phase | None, recorded: RecordedEvent) -> tuple[list[Phase], bool]:
    """Return the phases that an event adds to the one before it, and whether it came before a start but after an end.

    First come those that were agreed to begin by then. There is none of the event's own where it changes a part of a
    subscription that has ended.
    """
    event: SubscriptionEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    at = event.effective_at
    found = list(agreed_until(phase, at))
    before = found[-1] if found else phase
    cause = cause_of(recorded)
    now = Phase(at, cause) if before is None else msgspec.structs.replace(before, at=at, cause=cause)
    is_odd = _apply(now, event, fold_order(recorded), cause)
    if before is None or not (before.ended and now.ended and not isinstance(event, SubscriptionEnded)):
        found.append(now)
    return found, is_odd


def agreed_until(phase: Phase | None, until: int | None) -> Iterator[Phase]:
    """Yield the phases that come about by themselves up to a moment; None for all to come."""
    while phase is not None and (following := _agreed(phase, until)) is not None:
        phase = following
        yield phase


def _agreed(phase: Phase, until: int | None) -> Phase | None:
    """The next phase that comes about by itself before `until`: a pause that ends, a cancellation that takes effect."""
    moments = [at for at in (phase.pause_ends_at, phase.cancel_at) if at is not None]
    if phase.ended or not moments or (until is not None and min(moments) > until):
        return None
    at = max(min(moments), phase.at)
    if phase.cancel_at is not None and phase.cancel_at <= at:
        assert phase.cancel_cause is not None
        ended = msgspec.structs.replace(phase, at=at, cause=phase.cancel_cause, ended=True, service_end=at)
        ended.ended_order, ended.cancel_at, ended.pause_ends_at = phase.cancel_order, None, None
        return ended
    resumed = msgspec.structs.replace(phase, at=at, pause_ends_at=None)
    _stand(resumed, phase.before_pause)
    return resumed


def _apply(phase: Phase, event: SubscriptionEvent, order: EventKey, cause: Cause) -> bool:
    """Change a phase by an event; return whether the event would start what has ended before."""
    match event:
        case SubscriptionStarted() | SubscriptionChanged():
            if phase.ended and order < phase.ended_order:
                return phase.full is None
            _restate(phase, event)
        case SubscriptionTrialStarted():
            _stand(phase, "TRIALING")
            phase.trial_ends_at, phase.pause_ends_at = event.ends_at, None
        case SubscriptionTrialConverted():
            _stand(phase, "ACTIVE")
            phase.pause_ends_at = None
        case SubscriptionPaused():
            if phase.status != "PAUSED":
                phase.before_pause = "ACTIVE" if phase.full is None else phase.status
            _stand(phase, "PAUSED")
            phase.pause_ends_at = event.ends_at
        case SubscriptionResumed():
            if phase.status == "PAUSED":
                _stand(phase, phase.before_pause)
            phase.pause_ends_at = None
        case SubscriptionCancelScheduled():
            phase.cancel_at, phase.cancel_order, phase.cancel_cause = event.ends_at, order, cause
            phase.requested_at, phase.reason = event.effective_at, event.reason
        case SubscriptionCancelUnscheduled():
            phase.cancel_at, phase.requested_at, phase.reason = None, None, ""
        case SubscriptionEnded():
            _end(phase, event, order)
        case _:
            assert_never(event)
    return False


def _restate(phase: Phase, event: FullState) -> None:
    """Everything anew; a cancellation that is still to come stands, for such events do not speak of one."""
    renewed = isinstance(event, SubscriptionChanged) and event.change_kind == "RENEWAL"
    if phase.full is None or phase.ended or not renewed:
        phase.purchased_at = event.effective_at
    if phase.ended:
        phase.ended, phase.requested_at, phase.reason, phase.cancel_at = False, None, "", None
    phase.full = event
    _stand(phase, event.status)
    phase.trial_ends_at = event.trial_ends_at
    if event.status != "PAUSED":
        phase.pause_ends_at, phase.before_pause = None, event.status


def _stand(phase: Phase, status: str) -> None:
    phase.status = status
    phase.on_trial = status == "TRIALING" or (phase.on_trial and status != "ACTIVE")
    if status not in UNPAID:
        phase.due_since = None
    elif phase.due_since is None:
        phase.due_since = phase.at


def _end(phase: Phase, event: SubscriptionEnded, order: EventKey) -> None:
    """An end; the service ends with it, unless the event says that it was paid for beyond that.

    One that is told again when the service is over brings none of it back.
    """
    lapsed = phase.ended and phase.service_end < event.effective_at
    if not lapsed:
        phase.service_end = max(event.effective_at, event.ends_at or event.effective_at)
    phase.ended, phase.ended_order = True, order
    phase.reason = phase.reason if event.reason == "UNKNOWN" and phase.reason else event.reason
    phase.cancel_at = phase.pause_ends_at = None
