"""Hypothesis strategies: short histories of a few subscriptions, invoices, payments and refunds of one account.

Few identities, amounts and moments, so that events meet: partial and repeated payments, ends before starts, ties.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    ActSigned,
    CreditApplied,
    CreditNoteIssued,
    Discount,
    DisputeClosed,
    DisputeOpened,
    DueDateChanged,
    DunningEnded,
    Event,
    InvoiceIssued,
    InvoiceLine,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentReceived,
    PaymentRefunded,
    PaymentReturned,
    PayoutSettled,
    RefundFailed,
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionItem,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionStarted,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
)
from tests.support.histories import ENVELOPE, HOUR, START, histories_of

DAY = 24 * HOUR
MONTH = 30 * DAY

Strategy = st.SearchStrategy[Any]

days = st.integers(0, 120).map(lambda number: START + number * DAY)
"""Midnights, so that independent draws meet; some months of them, so that periods, trials and terms end."""
maybe_day = st.none() | days
money: Strategy = st.sampled_from([("USD", 2), ("USD", 2), ("USD", 2), ("KRW", 0), ("USD", 3)])
amounts = st.sampled_from([1, 2_500, 5_000, 10_000, 10_000, 25_000])

discounts: Strategy = st.sampled_from(
    [
        (),
        (),
        (Discount(kind="PERCENT", value=2_500, duration="FOREVER"),),
        (Discount(kind="PERCENT", value=10_000, duration="ONCE"),),
        (Discount(kind="AMOUNT", value=2**63 - 1, duration="FOREVER"),),
        (Discount(kind="AMOUNT", value=333, duration="REPEATING", ends_at=START + 2 * MONTH),),
        (
            Discount(kind="AMOUNT", value=5_000, duration="FOREVER", ends_at=START + MONTH),
            Discount(kind="UNKNOWN", value=1, duration="UNKNOWN"),
        ),
    ]
)
_item = st.builds(
    SubscriptionItem,
    item_id=st.just(""),
    plan_id=st.sampled_from(["basic", "pro"]),
    product_line=st.sampled_from([None, "polls", "panels"]),
    quantity=st.integers(0, 3),
    unit_amount=st.sampled_from([-500, 0, 1_000, 3_333, 200_000]),
    interval=st.sampled_from(["MONTH", "MONTH", "YEAR", "WEEK", "DAY", "UNKNOWN"]),
    interval_count=st.sampled_from([1, 1, 1, 3]),
    is_metered=st.sampled_from([False, False, True]),
    discounts=discounts,
)
items = st.lists(_item, max_size=3).map(
    lambda drawn: tuple(msgspec.structs.replace(item, item_id=f"it{at}") for at, item in enumerate(drawn))
)


def _with_money(built: Strategy) -> Strategy:
    """Events with a currency and the exponent that goes with it."""
    return st.tuples(built, money).map(
        lambda pair: msgspec.structs.replace(pair[0], currency=pair[1][0], exponent=pair[1][1])
    )


def _happened(built: Strategy, *names: str) -> Strategy:
    """Events whose `names` are times at or before the event, as times of what has happened are."""
    return st.tuples(built, st.integers(0, 72)).map(
        lambda pair: msgspec.structs.replace(pair[0], **dict.fromkeys(names, pair[0].occurred_at - pair[1] * HOUR))
    )


_MONEY: dict[str, Any] = {"currency": st.just(""), "exponent": st.just(0)}
_SUBSCRIPTION: dict[str, Any] = ENVELOPE | {
    "subscription_id": st.sampled_from(["s1", "s1", "s2"]),
    "effective_at": days,
}
_STATE: dict[str, Any] = {
    "status": st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "TRIALING", "PAST_DUE", "UNPAID", "PAUSED", "UNKNOWN"]),
    "items": items,
    "period_start": days,
    "period_end": st.just(START + 300 * DAY),
    "trial_ends_at": st.none() | st.none() | days,
    "term_ends_at": st.none() | st.just(START + 300 * DAY),
}
_ENDS: dict[str, Any] = {
    "reason": st.sampled_from(["VOLUNTARY", "PAYMENT_FAILURE", "FRAUD", "TAX", "OTHER", "UNKNOWN"]),
    "reason_text": st.none() | st.just("too dear"),
}
_LATER = st.just(START + 150 * DAY)
SUBSCRIPTIONS: dict[type[Event], Strategy] = {
    SubscriptionStarted: _with_money(st.builds(SubscriptionStarted, **_SUBSCRIPTION, **_STATE, **_MONEY)),
    SubscriptionChanged: _with_money(
        st.builds(
            SubscriptionChanged,
            **_SUBSCRIPTION,
            **_STATE,
            **_MONEY,
            change_kind=st.sampled_from(["PLAN", "QUANTITY", "PRICE", "DISCOUNT", "TERM", "STATUS", "RENEWAL"]),
        )
    ),
    SubscriptionTrialStarted: st.builds(SubscriptionTrialStarted, **_SUBSCRIPTION, ends_at=_LATER),
    SubscriptionTrialConverted: st.builds(SubscriptionTrialConverted, **_SUBSCRIPTION),
    SubscriptionPaused: st.builds(SubscriptionPaused, **_SUBSCRIPTION, ends_at=st.none() | _LATER),
    SubscriptionResumed: st.builds(SubscriptionResumed, **_SUBSCRIPTION),
    SubscriptionCancelScheduled: st.builds(SubscriptionCancelScheduled, **_SUBSCRIPTION, **_ENDS, ends_at=_LATER),
    SubscriptionCancelUnscheduled: st.builds(SubscriptionCancelUnscheduled, **_SUBSCRIPTION),
    SubscriptionEnded: st.builds(SubscriptionEnded, **_SUBSCRIPTION, **_ENDS, ends_at=maybe_day),
}

_INVOICE: dict[str, Any] = ENVELOPE | {"invoice_id": st.sampled_from(["n1", "n1", "n2"])}
_PAYMENT_ID = st.sampled_from(["p1", "p2", "p3"])
_line = st.builds(
    InvoiceLine,
    line_id=st.just(""),
    subscription_id=st.sampled_from([None, "s1", "s2"]),
    item_id=st.sampled_from([None, "it0"]),
    amount=st.sampled_from([-5_000, 0, 2_500, 10_000, 25_000]),
    tax=st.sampled_from([0, 400]),
    discount=st.sampled_from([0, 100]),
    period_start=maybe_day,
    is_proration=st.booleans(),
    kind=st.sampled_from(["SUBSCRIPTION", "USAGE", "ONE_OFF", "CREDIT", "UNKNOWN"]),
)


def _issued(event: InvoiceIssued, lines: list[InvoiceLine], credit: int) -> InvoiceIssued:
    named = tuple(msgspec.structs.replace(line, line_id=f"l{at}") for at, line in enumerate(lines))
    total = sum(line.amount for line in named) if named else event.total
    return msgspec.structs.replace(event, lines=named, total=total, credit_applied=max(0, min(credit, total)))


INVOICES: dict[type[Event], Strategy] = {
    InvoiceIssued: _with_money(
        st.builds(
            _issued,
            st.builds(
                InvoiceIssued,
                **_INVOICE,
                **_MONEY,
                number=st.none() | st.just("2026-001"),
                issued_at=days,
                due_at=maybe_day,
                total=st.sampled_from([-5_000, 0, 10_000, 10_000, 25_000]),
                collection_method=st.sampled_from(["CHARGE_AUTOMATICALLY", "SEND_INVOICE", "UNKNOWN"]),
                billing_reason=st.sampled_from(["SUBSCRIPTION_START", "TRIAL_END", "RENEWAL", "MANUAL", "UNKNOWN"]),
            ),
            st.just([]) | st.lists(_line, max_size=3),
            st.sampled_from([0, 0, 0, 2_500]),
        )
    ),
    InvoicePaid: _happened(
        _with_money(
            st.builds(
                InvoicePaid,
                **_INVOICE,
                **_MONEY,
                payment_id=_PAYMENT_ID,
                amount=amounts,
                paid_at=st.just(0),
                method=st.sampled_from([None, "card", "bank_transfer"]),
                attempt_no=st.integers(1, 3),
                is_partial=st.booleans(),
                payment_amount=st.none() | st.none() | st.just(25_000),
            )
        ),
        "paid_at",
    ),
    InvoicePaymentFailed: _with_money(
        st.builds(
            InvoicePaymentFailed,
            **_INVOICE,
            **_MONEY,
            payment_id=st.none() | _PAYMENT_ID,
            attempt_no=st.integers(1, 3),
            amount=amounts,
            failure_code=st.none() | st.just("insufficient_funds"),
            failure_kind=st.sampled_from(["HARD", "SOFT", "UNKNOWN"]),
            next_retry_at=maybe_day,
        )
    ),
    DunningEnded: st.builds(DunningEnded, **_INVOICE, outcome=st.sampled_from(["RECOVERED", "EXHAUSTED", "UNKNOWN"])),
    InvoiceVoided: st.builds(InvoiceVoided, **_INVOICE, reason=st.none() | st.just("wrong customer")),
    InvoiceWrittenOff: st.builds(InvoiceWrittenOff, **_INVOICE)
    | _with_money(st.builds(InvoiceWrittenOff, **_INVOICE, amount=amounts)),
    CreditNoteIssued: _with_money(
        st.builds(CreditNoteIssued, **_INVOICE, **_MONEY, credit_note_id=st.sampled_from(["c1", "c2"]), amount=amounts)
    ),
    DueDateChanged: st.builds(DueDateChanged, **_INVOICE, due_at=days, old_due_at=maybe_day),
    PaymentReturned: _happened(
        _with_money(
            st.builds(
                PaymentReturned,
                **ENVELOPE,
                **_MONEY,
                invoice_id=st.sampled_from(["n1", "n1", "n2", None]),
                return_id=st.sampled_from(["x1", "x2"]),
                payment_id=_PAYMENT_ID,
                amount=amounts,
                returned_at=st.just(0),
                return_code=st.none() | st.just("R01"),
            )
        ),
        "returned_at",
    ),
    CreditApplied: _happened(
        _with_money(
            st.builds(
                CreditApplied,
                **_INVOICE,
                **_MONEY,
                application_id=st.sampled_from(["u1", "u2"]),
                amount=amounts,
                applied_at=st.just(0),
                credit_invoice_id=st.sampled_from([None, None, "n2"]),
                payment_id=st.none() | st.none() | _PAYMENT_ID,
            )
        ),
        "applied_at",
    ),
}

_DISPUTE: dict[str, Any] = ENVELOPE | {"dispute_id": st.sampled_from(["d1", "d2"])}
RETURNS: dict[type[Event], Strategy] = {
    ActSigned: _happened(
        _with_money(
            st.builds(
                ActSigned,
                **ENVELOPE,
                **_MONEY,
                act_id=st.sampled_from(["a1", "a2"]),
                invoice_id=st.sampled_from([None, "n1"]),
                amount=st.just(-100) | amounts,
                signed_at=st.just(0),
                period_start=st.none() | st.just(START),
                period_end=maybe_day,
            )
        ),
        "signed_at",
    ),
    PaymentReceived: _happened(
        _with_money(
            st.builds(
                PaymentReceived,
                **ENVELOPE,
                **_MONEY,
                payment_id=_PAYMENT_ID,
                amount=amounts,
                received_at=st.just(0),
                method=st.none() | st.just("bank_transfer"),
            )
        ),
        "received_at",
    ),
    PaymentRefunded: _happened(
        _with_money(
            st.builds(
                PaymentRefunded,
                **ENVELOPE,
                **_MONEY,
                refund_id=st.sampled_from(["f1", "f2"]),
                payment_id=_PAYMENT_ID,
                invoice_id=st.sampled_from([None, "n1"]),
                amount=amounts,
                refunded_at=st.just(0),
                requested_at=st.none() | st.just(START),
                reason=st.none() | st.just("duplicate"),
                ticket_id=st.none() | st.just("t1"),
            )
        ),
        "refunded_at",
    ),
    RefundFailed: st.builds(
        RefundFailed,
        **ENVELOPE,
        refund_id=st.sampled_from(["f1", "f2"]),
        failure_code=st.none() | st.just("account_closed"),
    ),
    DisputeOpened: _with_money(
        st.builds(
            DisputeOpened,
            **_DISPUTE,
            **_MONEY,
            invoice_id=st.sampled_from([None, "n1"]),
            payment_id=st.none() | _PAYMENT_ID,
            amount=amounts,
            fee=st.sampled_from([0, 1_500]),
            reason=st.none() | st.just("fraudulent"),
        )
    ),
    DisputeClosed: st.builds(
        DisputeClosed, **_DISPUTE, outcome=st.sampled_from(["WON", "LOST", "WITHDRAWN", "UNKNOWN"])
    ),
    PayoutSettled: _happened(
        _with_money(
            st.builds(
                PayoutSettled,
                **ENVELOPE,
                **_MONEY,
                payout_id=st.sampled_from(["o1", "o2"]),
                amount=st.just(-100) | amounts,
                fees=st.sampled_from([0, 30]),
                balance_change=st.sampled_from([-50, 0, 50]),
                period_start=st.just(START),
                period_end=days,
                settled_at=st.just(0),
            )
        ),
        "settled_at",
    ),
}
MONEY: dict[type[Event], Strategy] = INVOICES | {kind: each for kind, each in RETURNS.items() if kind is not ActSigned}
BILLING: dict[type[Event], Strategy] = SUBSCRIPTIONS | INVOICES | RETURNS
"""A strategy for each event type of the billing topic."""


def billing_histories(
    kinds: Iterable[type[Event]] = BILLING, max_size: int = 9
) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories as in `histories`, of billing events of the given kinds."""
    return histories_of(st.one_of(*(BILLING[kind] for kind in kinds)), max_size)
