"""Payouts and acts: each event says everything about its subject, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import ActEvent, PayoutEvent
from streams.core.newest import Newest, projection_of, take_newest
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


PAYOUT = Reducer(
    kind="payout",
    prefix=PREFIXES["payout"],
    events=PayoutEvent,
    identify=attrgetter("payout_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(payout_rows),
)
ACT = Reducer(
    kind="act",
    prefix=PREFIXES["act"],
    events=ActEvent,
    identify=attrgetter("act_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(act_rows),
)
