"""Causes of changes: of which kind a change is, and in which words the log of changes gives its reason."""

from typing import get_args

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    CostEntry,
    CreditApplied,
    Event,
    InvoiceIssued,
    InvoicePaid,
    ManagerAssigned,
    MediaSpendReported,
    MessageChanged,
    PaymentReceived,
    PaymentRefunded,
    PaymentReturned,
    RefundFailed,
    ResponseCorrected,
    ResponseDeleted,
    ResponseSubmitted,
    ResponseTagged,
    SubscriptionEvent,
    TaskCompleted,
    TicketCsatRated,
    TicketDeleted,
    TicketMarkedSpam,
    TicketMerged,
    TicketReopened,
    TicketRestored,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
    TimeEntry,
)

LATE_AFTER = 14 * 86_400_000_000
"""Microseconds: what is first noted later than this after it happened changes figures that were published as final."""
FIRST, LATE, CORRECTION, RETRACTION, DISPLACED = "first", "late", "correction", "retraction", "displaced"
_REVISIONS: dict[type, tuple[str, str]] = {
    ResponseCorrected: (CORRECTION, "corrected"),
    ResponseDeleted: (RETRACTION, "deleted"),
    MessageChanged: (CORRECTION, "message changed"),
    RefundFailed: (CORRECTION, "refund failed"),
    TicketDeleted: (RETRACTION, "deleted"),
    TicketMarkedSpam: (RETRACTION, "marked as spam"),
    TicketMerged: (RETRACTION, "merged"),
    TicketRestored: (CORRECTION, "restored"),
}
"""Kind and reason of events that change what was said before by their nature."""
_TAKES_PLACE: dict[type, str] = {
    ResponseSubmitted: "submitted again",
    InvoiceIssued: "issued again",
    TicketReopened: "reopened",
    TicketSolved: "solved again",
    TicketCsatRated: "rated again",
    ResponseTagged: "tagged again",
    TicketTopicSet: "topic set again",
    TimeEntry: "entered again",
    CostEntry: "entered again",
    MediaSpendReported: "reported again",
}
_RETRACTED, _CORRECTED, _TEST, _LATE = "retracted", "corrected", "marked as test", "late"
_SOLVED_AGAIN, _REOPENED, _REPLACED = "solved again", "reopened", "replaced"
OWN_REASONS: frozenset[str] = frozenset(
    {
        "",
        *(_RETRACTED, _CORRECTED, _TEST, _LATE, _SOLVED_AGAIN, _REOPENED, _REPLACED),
        *(reason for _, reason in _REVISIONS.values()),
        *_TAKES_PLACE.values(),
    }
)
"""Reasons of change rows that are words of this module; all others are words that somebody wrote."""
_SOLVED = frozenset({"SOLVED", "CLOSED"})
_MOMENTS: dict[type, str] = {
    ResponseSubmitted: "submitted_at",
    InvoiceIssued: "issued_at",
    InvoicePaid: "paid_at",
    PaymentReceived: "received_at",
    PaymentReturned: "returned_at",
    CreditApplied: "applied_at",
    PaymentRefunded: "refunded_at",
    ManagerAssigned: "valid_from",
    TaskCompleted: "completed_at",
    TimeEntry: "worked_at",
    CostEntry: "incurred_at",
    MediaSpendReported: "spent_at",
    **dict.fromkeys(get_args(SubscriptionEvent), "effective_at"),
}


def cause_of(recorded: RecordedEvent, *, takes: bool) -> tuple[str, str]:
    """Return (kind, reason) of the change that an event made.

    `takes` says that it changes what had counted in a window that has begun.
    """
    event = recorded.event
    if event.is_retraction:
        return RETRACTION, _RETRACTED
    if event.corrects_event_id is not None:
        return CORRECTION, _CORRECTED
    revision = _REVISIONS.get(type(event))
    if revision is not None:
        return revision[0], getattr(event, "reason", None) or revision[1]
    if event.is_test and takes:
        return CORRECTION, _TEST
    if recorded.is_load:
        return FIRST, ""
    if recorded.ingested_at - _moment(event) > LATE_AFTER:
        return LATE, _LATE
    return (DISPLACED, _displacement(event)) if takes else (FIRST, "")


def _displacement(event: Event) -> str:
    """Return what a later fact did to the one that it took the place of."""
    if isinstance(event, TicketStatusChanged):
        return _SOLVED_AGAIN if event.to_status in _SOLVED else _REOPENED
    return _TAKES_PLACE.get(type(event), _REPLACED)


def _moment(event: Event) -> int:
    """Return when the event happened to the figures, microseconds."""
    name = _MOMENTS.get(type(event))
    moment: int = event.occurred_at if name is None else getattr(event, name)
    return moment
