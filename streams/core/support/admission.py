"""Rules for support events beyond their types.

Only what one event says is judged here. What two events say of each other (solved before opened, a reply to a ticket
that nobody knows, a ring of merges) depends on which of them came first, so those are taken in and flagged.
"""

import math

from streams.core.events import (
    SlaTargetApplied,
    SupportEvent,
    TicketCsatRated,
    TicketMerged,
    TicketOpened,
    TicketStatusChanged,
    TouchLogged,
)
from streams.core.limits import Refusal

SLA_METRICS = ("first_reply", "next_reply", "resolution", "requester_wait", "agent_work")
_MOST_SECONDS = 10 * 366 * 86_400


def content(event: SupportEvent, _ingested_at: int) -> Refusal | None:
    """Return why the event cannot be taken, or None. Its one time is the envelope's, which is judged before."""
    match event:
        case TicketOpened():
            return _status("status", event.status)
        case TicketStatusChanged():
            return _status("to_status", event.to_status)
        case TicketMerged():
            if event.target_ticket_id == event.ticket_id:
                return "invalid_field", "a ticket cannot be merged into itself"
            return None
        case TicketCsatRated():
            return _rating(event)
        case SlaTargetApplied():
            return _target(event)
        case TouchLogged():
            if event.duration_s is not None and not 0 <= event.duration_s <= _MOST_SECONDS:
                return "invalid_field", "duration_s is below zero or longer than ten years"
            return None
        case _:
            return None


def _status(name: str, status: str) -> Refusal | None:
    if status != "UNKNOWN":
        return None
    return "invalid_field", f"{name} must be a base category: NEW, OPEN, PENDING, HOLD, SOLVED or CLOSED"


def _rating(event: TicketCsatRated) -> Refusal | None:
    numbers = (event.scale_min, event.positive_from, event.score, event.scale_max)
    if not all(map(math.isfinite, numbers)):
        return "invalid_field", "score and scale must be finite"
    if not event.scale_min < event.positive_from <= event.scale_max:
        return "invalid_field", "the scale must rise from scale_min over positive_from to scale_max"
    if not event.scale_min <= event.score <= event.scale_max:
        return "score_out_of_scale", f"{event.score:g} is not from {event.scale_min:g} to {event.scale_max:g}"
    return None


def _target(event: SlaTargetApplied) -> Refusal | None:
    if event.metric not in SLA_METRICS:
        return "invalid_field", f"metric {event.metric[:64]!r} is none of {', '.join(SLA_METRICS)}"
    if not 0 < event.target_s <= _MOST_SECONDS:
        return "invalid_field", "target_s must be above zero and at most ten years"
    if event.instance_no is not None and event.instance_no < 1:
        return "invalid_field", "instance_no counts from 1"
    return None
