"""Which reducer an event type belongs to. A new type is one line here and one case in its reducer."""

from operator import attrgetter
from typing import Any

import msgspec

from streams.core import histories, settings
from streams.core.billing import (
    dispute,
    invoice,
    invoice_rows,
    ledger,
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
    PaymentRefunded,
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
from streams.core.rollup import Rolled, RollUp
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
)
DISPLAY = Reducer(
    kind="survey_display",
    prefix="v",
    identify=attrgetter("display_id"),
    fold=definition.fold_display,
    rows=definition.display_rows,
)
REFERENCE = Reducer(
    kind="reference",
    prefix="h",
    identify=histories.original,
    fold=histories.newest,
    rows=histories.reference_rows,
)
CONFIG = Reducer(
    kind="setting",
    prefix="c",
    identify=settings.identity,
    fold=histories.newest,
    rows=histories.config_rows,
)
REFUND = Reducer(
    kind="refund",
    prefix="f",
    identify=attrgetter("refund_id"),
    fold=refund.fold,
    rows=refund.rows,
    measures=money.refund_measures,
)
DISPUTE = Reducer(
    kind="dispute",
    prefix="p",
    identify=attrgetter("dispute_id"),
    fold=dispute.fold,
    rows=dispute.rows,
    measures=money.dispute_measures,
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
    standing=invoice.everything,
    measures=money.invoice_measures,
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
ROLL_UPS: dict[str, RollUp[Any]] = {SUBSCRIPTION.prefix: MRR_LEDGER}
"""By prefix of the entities that contribute: what they are rolled up into."""


def definition_key(account_id: str, survey_id: str, version: int) -> bytes:
    """State key of the definition that a response of this account refers to."""
    return f"{DEFINITION.prefix}{account_id}\0{survey_id}/{version}".encode()
