"""Rows of a subscription: itself and its history."""

from typing import TYPE_CHECKING

from streams.core.billing.mrr import line
from streams.core.billing.subscription import Phase
from streams.core.rows_subscription import SubscriptionHistoryRow, SubscriptionRow

if TYPE_CHECKING:
    from streams.core.billing.timeline import Timeline


def subscription_row(timeline: "Timeline", last: Phase) -> SubscriptionRow:
    """Return the row of the subscription as a whole; `last` is the last phase that is agreed."""
    source, event_id, occurred_at, ingested_at = timeline.last
    full = last.full
    return SubscriptionRow(
        timeline.account_id,
        timeline.subscription_id,
        timeline.started_at,
        timeline.trial_at,
        trial_end(timeline, last),
        timeline.converted_at,
        last.requested_at,
        last.at if last.ended else None,
        last.reason if last.ended else "",
        None if full is None else full.term_ends_at,
        "UNKNOWN" if full is None else full.collection_method,
        "" if full is None else full.currency,
        min(timeline.corrections, 2**16 - 1),
        _flags(timeline),
        timeline.is_test,
        source,
        event_id,
        occurred_at,
        ingested_at,
    )


def trial_end(timeline: "Timeline", last: Phase) -> int | None:
    """Return when the trial ended or is to end; None without a trial or an end."""
    if timeline.trial_at is None or timeline.trial_ended_at is not None:
        return timeline.trial_ended_at
    return None if last.trial_ends_at is None else max(last.trial_ends_at, timeline.trial_at)


def history_row(timeline: "Timeline", phase: Phase, until: int | None) -> SubscriptionHistoryRow:
    """Return the row of a phase that lasts until a moment; None for no end."""
    cause, full = phase.cause, phase.full
    return SubscriptionHistoryRow(
        timeline.account_id,
        timeline.subscription_id,
        phase.at,
        until,
        "ENDED" if phase.ended else phase.status,
        () if full is None else tuple(sorted({item.plan_id for item in full.items})),
        0 if full is None else min(sum(item.quantity for item in full.items), 2**63 - 1),
        "" if full is None else full.currency,
        _contract(phase),
        None if full is None else full.period_start,
        None if full is None else full.period_end,
        phase.trial_ends_at,
        phase.pause_ends_at,
        phase.cancel_at,
        phase.service_end if phase.ended else None,
        phase.reason,
        cause.change_kind,
        timeline.is_test,
        cause.event_id,
        cause.occurred_at,
        cause.ingested_at,
    )


def _contract(phase: Phase) -> int:
    if phase.full is None:
        return 0
    contract, exponent = 0, phase.full.exponent
    for item in phase.full.items:
        one = line(item, exponent, (False,) * len(item.discounts))
        contract += 0 if one is None else one.contract
    return contract


def _flags(timeline: "Timeline") -> tuple[str, ...]:
    if timeline.started_at is None and "ended_before_start" not in timeline.flags:
        return tuple(sorted((*timeline.flags, "never_started")))
    return timeline.flags


def odd_in(phase: Phase) -> tuple[str, ...]:
    """Return what is odd about a phase, by the names of flags."""
    full = phase.full
    if full is None:
        return ()
    found = set()
    if phase.status == "UNKNOWN":
        found.add("unknown_status")
    for item in full.items:
        if item.interval == "UNKNOWN":
            found.add("unknown_interval")
        if any("UNKNOWN" in (each.kind, each.duration) for each in item.discounts):
            found.add("unknown_discount")
    if full.period_end <= full.period_start:
        found.add("empty_period")
    if _contract(phase) < 0:
        found.add("negative_amount")
    return tuple(found)
