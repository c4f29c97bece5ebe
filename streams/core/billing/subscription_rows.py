"""What a subscription says in rows: itself and its history."""

from collections.abc import Iterator, Sequence

from streams.core.billing.choices import PROFILES
from streams.core.billing.mrr import line
from streams.core.billing.steps import steps_of
from streams.core.billing.subscription import Phase, Subscription
from streams.core.events import SubscriptionChanged
from streams.core.rows import Row, SubscriptionHistoryRow, SubscriptionRow
from streams.core.rules import Rules


def rows(subscription: Subscription | None, rules: Rules, _passed: int) -> Sequence[Row]:
    if subscription is None:
        return ()
    written: list[Row] = []
    phases = subscription.phases
    if phases:
        written.append(_subscription(subscription, rules))
        written.extend(_history(subscription))
    return written


def _subscription(subscription: Subscription, rules: Rules) -> SubscriptionRow:
    phases, last = subscription.phases, subscription.phases[-1]
    event, full = subscription.last.event, last.full
    trial = trial_of(phases)
    started = next((phase.at for phase in phases if phase.full is not None), None)
    tried = () if trial is None else phases[trial:]
    return SubscriptionRow(
        event.account_id,
        event.subscription_id,  # type: ignore[union-attr] # every event of this entity names it
        started,
        None if trial is None else phases[trial].at,
        trial_end(tried),
        _converted(tried, rules),
        last.requested_at,
        last.at if last.ended else None,
        last.reason if last.ended else "",
        None if full is None else full.term_ends_at,
        "UNKNOWN" if full is None else full.collection_method,
        "" if full is None else full.currency,
        min(sum(note.event.corrects_event_id is not None for note in subscription.notes), 2**16 - 1),
        _flags(subscription),
        subscription.is_test,
        event.source,
        event.event_id,
        event.occurred_at,
        subscription.last.ingested_at,
    )


def trial_of(phases: Sequence[Phase]) -> int | None:
    """Return the place of the first phase on trial; None without one."""
    return next((number for number, phase in enumerate(phases) if phase.status == "TRIALING"), None)


def trial_end(phases: Sequence[Phase]) -> int | None:
    """When the trial that the first phase begins ended or is to end; None without a trial or an end."""
    if not phases:
        return None
    after = next((phase for phase in phases if phase.status != "TRIALING" or phase.ended), None)
    if after is not None:
        return after.at
    planned = phases[-1].trial_ends_at
    return None if planned is None else max(planned, phases[0].at)


def _converted(phases: Sequence[Phase], rules: Rules) -> int | None:
    """When revenue began after the trial that the first phase begins, as the ledger of the default policy has it."""
    if not phases:
        return None
    return next((step.at for step in steps_of(phases, rules.mrr_policies(PROFILES[0])) if step.total > 0), None)


def _history(subscription: Subscription) -> Iterator[SubscriptionHistoryRow]:
    phases, is_test = subscription.phases, subscription.is_test
    for number, phase in enumerate(phases):
        event, full = phase.note.event, phase.full
        yield SubscriptionHistoryRow(
            event.account_id,
            event.subscription_id,  # type: ignore[union-attr] # every event of this entity names it
            phase.at,
            phases[number + 1].at if number + 1 < len(phases) else None,
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
            event.change_kind if isinstance(event, SubscriptionChanged) else event.EVENT_TYPE,
            is_test,
            event.event_id,
            event.occurred_at,
            phase.note.ingested_at,
        )


def _contract(phase: Phase) -> int:
    if phase.full is None:
        return 0
    contract, exponent = 0, phase.full.exponent
    for item in phase.full.items:
        one = line(item, exponent, (False,) * len(item.discounts))
        contract += 0 if one is None else one.contract
    return contract


def _flags(subscription: Subscription) -> tuple[str, ...]:
    flags = set(subscription.flags)
    for phase in subscription.phases:
        flags |= _odd(phase)
    if "ended_before_start" not in flags and all(phase.full is None for phase in subscription.phases):
        flags.add("never_started")
    return tuple(sorted(flags))


def _odd(phase: Phase) -> set[str]:
    full = phase.full
    if full is None:
        return set()
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
    return found
