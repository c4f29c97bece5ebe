"""Which reducer an event type belongs to. A new type is one line here and one case in its reducer."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from streams.core import histories, settings
from streams.core.billing import (
    credit,
    credit_parts,
    dispute,
    invoice,
    invoice_rows,
    ledger,
    payment,
    payment_measures,
    receipt,
    refund,
    steps,
    subscription,
    subscription_rows,
    whole,
)
from streams.core.billing import measures as money
from streams.core.events import (
    AccountUpserted,
    ActSigned,
    ContactUpserted,
    CreditApplied,
    CreditNoteIssued,
    DisputeClosed,
    DisputeOpened,
    DueDateChanged,
    DunningEnded,
    FollowupLogged,
    FxRateSet,
    HolidaySet,
    InvitationBounced,
    InvitationDelivered,
    InvitationOpened,
    InvitationSent,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceVoided,
    InvoiceWrittenOff,
    ManagerAssigned,
    MessageAdded,
    MessageChanged,
    PaymentReceived,
    PaymentRefunded,
    PaymentReturned,
    PayoutSettled,
    PlanSet,
    PolicySet,
    RefundFailed,
    ResponseCorrected,
    ResponseDeleted,
    ResponseSubmitted,
    ResponseTagged,
    ScheduleSet,
    SlaPolicySet,
    SlaTargetApplied,
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionStarted,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
    SurveyDefined,
    SurveyDisplayed,
    TaxonomySet,
    TicketAssigned,
    TicketCsatOffered,
    TicketCsatRated,
    TicketDeleted,
    TicketEscalated,
    TicketMarkedSpam,
    TicketMerged,
    TicketOpened,
    TicketPriorityChanged,
    TicketReopened,
    TicketRestored,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
    TouchLogged,
)
from streams.core.reducer import Gathered, Reducer
from streams.core.rollup import Hand, Rolled, RollUp, member_of
from streams.core.support import growth, sla, sla_rows, ticket, ticket_rows, touch
from streams.core.support import measures as ticket_measures
from streams.core.survey import case, definition, invitation, measures, response, response_rows

RESPONSE = Reducer(
    kind="response",
    prefix="r",
    identify=attrgetter("response_id"),
    fold=response.fold,
    rows=response_rows.rows,
    deadline=case.deadline,
    signals=case.signals,
    ruled=case.ruled,
    measures=measures.response_measures,
)
INVITATION = Reducer(
    kind="invitation",
    prefix="i",
    identify=attrgetter("invitation_id"),
    fold=invitation.fold,
    rows=invitation.rows,
    measures=measures.invitation_measures,
)
DEFINITION = Reducer(
    kind="survey_definition",
    prefix="d",
    identify=lambda event: f"{event.survey_id}/{event.version}",
    fold=definition.fold,
    rows=definition.rows,
    measures=definition.measures,
)
DISPLAY = Reducer(
    kind="survey_display",
    prefix="v",
    identify=attrgetter("display_id"),
    fold=definition.fold_display,
    rows=definition.display_rows,
    measures=measures.display_measures,
)
REFERENCE = Reducer(
    kind="reference",
    prefix="h",
    identify=histories.original,
    fold=histories.newest,
    rows=histories.reference_rows,
    measures=histories.reference_measures,
)
CONFIG = Reducer(
    kind="setting",
    prefix="c",
    identify=settings.identity,
    fold=histories.newest,
    rows=histories.config_rows,
    measures=histories.config_measures,
)
REFUND = Reducer(
    kind="refund",
    prefix="f",
    identify=attrgetter("refund_id"),
    fold=refund.fold,
    rows=refund.rows,
    measures=money.refund_measures,
    contribute=credit_parts.of_a_refund,
    standing=refund.everything,
)
DISPUTE = Reducer(
    kind="dispute",
    prefix="p",
    identify=attrgetter("dispute_id"),
    fold=dispute.fold,
    rows=dispute.rows,
    measures=money.dispute_measures,
    contribute=credit_parts.of_a_dispute,
)
PAYOUT = Reducer(
    kind="payout",
    prefix="o",
    identify=attrgetter("payout_id"),
    fold=histories.newest,
    rows=whole.payout_rows,
)
ACT = Reducer(
    kind="act",
    prefix="a",
    identify=attrgetter("act_id"),
    fold=histories.newest,
    rows=whole.act_rows,
)
INVOICE = Reducer(
    kind="invoice",
    prefix="b",
    identify=attrgetter("invoice_id"),
    fold=invoice.fold,
    rows=invoice_rows.rows,
    contribute=credit_parts.of_an_invoice,
    standing=invoice.everything,
    measures=money.invoice_measures,
)
RECEIPT = Reducer(
    kind="receipt",
    prefix="e",
    identify=attrgetter("payment_id"),
    fold=receipt.fold,
    rows=receipt.rows,
    contribute=credit_parts.of_a_receipt,
    standing=receipt.everything,
    measures=money.receipt_measures,
)

SUBSCRIPTION = Reducer(
    kind="subscription",
    prefix="s",
    identify=attrgetter("subscription_id"),
    fold=subscription.fold,
    rows=subscription_rows.rows,
    ruled=lambda _: True,
    contribute=steps.contribute,
    standing=subscription.everything,
    measures=money.subscription_measures,
)
TICKET = Reducer(
    kind="ticket",
    prefix="t",
    identify=attrgetter("ticket_id"),
    fold=ticket.fold,
    rows=ticket_rows.rows,
    deadline=sla.deadline,
    signals=sla_rows.signals,
    ruled=lambda _: True,
    absent=sla_rows.absent,
    standing=ticket.everything,
    gathered=Gathered(
        growth.EVENT_BYTES,
        growth.keep,
        ticket.tell,
        growth.stretches,
        ticket_rows.ever,
        ticket_rows.counting,
        ticket_measures.counts,
        ticket_measures.plain,
        ticket_measures.quiet,
    ),
    measures=ticket_measures.measures,
)
TOUCH = Reducer(
    kind="touch",
    prefix="w",
    identify=attrgetter("touch_id"),
    fold=histories.newest,
    rows=touch.rows,
)
MRR_LEDGER = RollUp("m", msgspec.msgpack.Decoder(Rolled[steps.Part]).decode, ledger.rows, ledger.touched)
CREDIT_LEDGER = RollUp("l", msgspec.msgpack.Decoder(Rolled[credit.Part]).decode, credit.rows, is_sparse=True)
PAYMENT = RollUp(
    "q",
    msgspec.msgpack.Decoder(Rolled[payment.Claims]).decode,
    payment.nothing,
    is_sparse=True,
    above=(CREDIT_LEDGER, payment.waiting),
    kind="payment",
    measures=payment_measures.payment_measures,
)

REDUCERS: dict[type, Reducer[Any]] = {
    SurveyDefined: DEFINITION,
    SurveyDisplayed: DISPLAY,
    InvitationSent: INVITATION,
    InvitationDelivered: INVITATION,
    InvitationBounced: INVITATION,
    InvitationOpened: INVITATION,
    ResponseSubmitted: RESPONSE,
    ResponseCorrected: RESPONSE,
    ResponseDeleted: RESPONSE,
    ResponseTagged: RESPONSE,
    FollowupLogged: RESPONSE,
    SubscriptionStarted: SUBSCRIPTION,
    SubscriptionChanged: SUBSCRIPTION,
    SubscriptionTrialStarted: SUBSCRIPTION,
    SubscriptionTrialConverted: SUBSCRIPTION,
    SubscriptionPaused: SUBSCRIPTION,
    SubscriptionResumed: SUBSCRIPTION,
    SubscriptionCancelScheduled: SUBSCRIPTION,
    SubscriptionCancelUnscheduled: SUBSCRIPTION,
    SubscriptionEnded: SUBSCRIPTION,
    AccountUpserted: REFERENCE,
    ContactUpserted: REFERENCE,
    ManagerAssigned: REFERENCE,
    FxRateSet: CONFIG,
    HolidaySet: CONFIG,
    PolicySet: CONFIG,
    ScheduleSet: CONFIG,
    SlaPolicySet: CONFIG,
    TaxonomySet: CONFIG,
    PlanSet: CONFIG,
    PaymentRefunded: REFUND,
    RefundFailed: REFUND,
    DisputeOpened: DISPUTE,
    DisputeClosed: DISPUTE,
    PayoutSettled: PAYOUT,
    ActSigned: ACT,
    PaymentReceived: RECEIPT,
    PaymentReturned: INVOICE,
    CreditApplied: INVOICE,
    InvoiceIssued: INVOICE,
    InvoicePaid: INVOICE,
    InvoicePaymentFailed: INVOICE,
    InvoiceVoided: INVOICE,
    InvoiceWrittenOff: INVOICE,
    CreditNoteIssued: INVOICE,
    DueDateChanged: INVOICE,
    DunningEnded: INVOICE,
    TicketOpened: TICKET,
    MessageAdded: TICKET,
    MessageChanged: TICKET,
    TicketStatusChanged: TICKET,
    TicketSolved: TICKET,
    TicketReopened: TICKET,
    TicketAssigned: TICKET,
    TicketPriorityChanged: TICKET,
    TicketTopicSet: TICKET,
    TicketEscalated: TICKET,
    TicketCsatOffered: TICKET,
    TicketCsatRated: TICKET,
    TicketMerged: TICKET,
    TicketDeleted: TICKET,
    TicketRestored: TICKET,
    TicketMarkedSpam: TICKET,
    SlaTargetApplied: TICKET,
    TouchLogged: TOUCH,
}
SHARED = frozenset(
    each.EVENT_TYPE
    for each in (SurveyDefined, FxRateSet, PlanSet, PolicySet, TaxonomySet, ScheduleSet, HolidaySet, SlaPolicySet)
)
"""Types of events that figures of every account depend on, whatever account they stand under."""
BY_PREFIX: dict[str, Reducer[Any]] = {reducer.prefix: reducer for reducer in REDUCERS.values()}
ROLL_UPS: dict[str, RollUp[Any]] = {each.prefix: each for each in (MRR_LEDGER, CREDIT_LEDGER, PAYMENT)}
"""By their own prefix."""


def reducer_of(event: Any) -> Reducer[Any]:
    """The reducer of an event: by its type, but for what came back of money that no invoice had."""
    if type(event) is PaymentReturned and event.invoice_id is None:
        return RECEIPT
    return REDUCERS[type(event)]


def handed(key: bytes, part: Any) -> Iterator[Hand]:
    """Where an entity's part goes, by the entity's state key."""
    _, identity = member_of(key)
    if not isinstance(part, credit_parts.Contribution):
        yield Hand(MRR_LEDGER, "", identity, part)
        return
    member = f"{chr(key[0])}{identity}"
    yield Hand(CREDIT_LEDGER, "", member, part.credit)
    for name, claims in part.claims.items():
        yield Hand(PAYMENT, name, member, claims)


def definition_key(account_id: str, survey_id: str, version: int) -> bytes:
    """State key of the definition that a response of this account refers to."""
    return f"{DEFINITION.prefix}{account_id}\0{survey_id}/{version}".encode()
