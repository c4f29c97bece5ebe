"""Payouts and acts: each event says everything about its subject, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros
from streams.core.events import ActEvent, PayoutEvent
from streams.core.newest import newest_of
from streams.core.rows_refund import ActRow, PayoutRow


def payout_rows(recorded: RecordedEvent) -> Sequence[PayoutRow]:
    event: PayoutEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        PayoutRow(
            event.account_id,
            event.payout_id,
            micros(event.amount, event.exponent),
            micros(event.fees, event.exponent),
            micros(event.balance_change, event.exponent),
            event.currency,
            event.period_start,
            event.period_end,
            event.settled_at,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def act_rows(recorded: RecordedEvent) -> Sequence[ActRow]:
    event: ActEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        ActRow(
            event.account_id,
            event.act_id,
            event.invoice_id or "",
            event.contract_id or "",
            micros(event.amount, event.exponent),
            event.currency,
            event.signed_at,
            event.period_start,
            event.period_end,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


PAYOUT = newest_of("payout", PayoutEvent, attrgetter("payout_id"), payout_rows)
ACT = newest_of("act", ActEvent, attrgetter("act_id"), act_rows)
