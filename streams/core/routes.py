"""Which reducer an event type belongs to. A new type is one line here and one case in its reducer."""

from operator import attrgetter
from typing import Any

from streams.core import histories, machine, settings
from streams.core.billing import (
    collection,
    credit,
    dispute,
    invoice,
    invoice_fold,
    ledger,
    payment,
    payment_entries,
    receipt,
    refund,
    subscription,
    timeline,
    whole,
)
from streams.core.declarations import Kinds
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
from streams.core.newest import Newest, projection_of, take_newest
from streams.core.support import projection, telling, ticket, touch
from streams.core.survey import case, definition, invitation, invitation_rows, measures, response, response_rows

RESPONSE = machine.Reducer(
    kind="response",
    prefix="r",
    identify=attrgetter("response_id"),
    accumulator=response.Response,
    apply=response.apply,
    project=response_rows.project,
    part_of=response.part_of,
    deadline=case.deadline,
    depends_on_rules=True,
)
INVITATION = machine.Reducer(
    kind="invitation",
    prefix="i",
    identify=attrgetter("invitation_id"),
    accumulator=invitation.Invitation,
    apply=invitation.apply,
    project=invitation_rows.project,
)
DEFINITION = machine.Reducer(
    kind="survey_definition",
    prefix="d",
    identify=lambda event: f"{event.survey_id}/{event.version}",
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(definition.rows, definition.measures),
)
DISPLAY = machine.Reducer(
    kind="survey_display",
    prefix="v",
    identify=attrgetter("display_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(definition.display_rows, measures.display_measures),
)
REFERENCE = machine.Reducer(
    kind="reference",
    prefix="h",
    identify=histories.original,
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(histories.reference_rows, histories.reference_measures),
)
CONFIG = machine.Reducer(
    kind="setting",
    prefix="c",
    identify=settings.identity,
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(histories.config_rows, histories.config_measures),
)
REFUND = machine.Reducer(
    kind="refund",
    prefix="f",
    identify=attrgetter("refund_id"),
    accumulator=refund.Refund,
    apply=refund.apply,
    project=refund.project,
)
DISPUTE = machine.Reducer(
    kind="dispute",
    prefix="p",
    identify=attrgetter("dispute_id"),
    accumulator=dispute.Dispute,
    apply=dispute.apply,
    project=dispute.project,
)
PAYOUT = machine.Reducer(
    kind="payout",
    prefix="o",
    identify=attrgetter("payout_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(whole.payout_rows),
)
ACT = machine.Reducer(
    kind="act",
    prefix="a",
    identify=attrgetter("act_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(whole.act_rows),
)
INVOICE = machine.Reducer(
    kind="invoice",
    prefix="b",
    identify=attrgetter("invoice_id"),
    accumulator=invoice.Invoice,
    apply=invoice_fold.apply,
    project=invoice_fold.project,
    sort_key=invoice_fold.sort_key,
    part_of=invoice_fold.part_of,
)
RECEIPT = machine.Reducer(
    kind="receipt",
    prefix="e",
    identify=attrgetter("payment_id"),
    accumulator=receipt.Receipt,
    apply=receipt.apply,
    project=receipt.project,
    part_of=receipt.part_of,
)

SUBSCRIPTION = machine.Reducer(
    kind="subscription",
    prefix="s",
    identify=attrgetter("subscription_id"),
    accumulator=timeline.Timeline,
    apply=timeline.apply,
    project=timeline.project,
    sort_key=subscription.sort_key,
    depends_on_rules=True,
)
TICKET = machine.Reducer(
    kind="ticket",
    prefix="t",
    identify=attrgetter("ticket_id"),
    accumulator=ticket.Ticket,
    apply=telling.apply,
    project=projection.project,
    sort_key=ticket.sort_key,
    part_of=ticket.part_of,
    patch_of=ticket.patch_of,
    deadline=projection.deadline,
    depends_on_rules=True,
)
TOUCH = machine.Reducer(
    kind="touch",
    prefix="w",
    identify=attrgetter("touch_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(touch.rows),
)
PAYMENT = machine.Ledger(
    kind="payment",
    prefix=payment_entries.PREFIX,
    entry=payment_entries.PaymentEntry,
    accumulator=payment.Payment,
    apply=payment.apply,
    project=payment.project,
    sort_key=payment_entries.sort_key,
    start=payment.Payment,
)
COLLECTION = machine.Ledger(
    prefix=collection.PREFIX,
    entry=collection.CollectionEntry,
    accumulator=collection.Collection,
    apply=collection.apply,
    project=collection.project,
    sort_key=collection.sort_key,
    start=lambda _account, _name: collection.Collection(),
    kind=INVOICE.kind,
)
CREDIT_LEDGER = machine.Ledger(
    prefix=credit.PREFIX,
    entry=credit.Move,
    accumulator=credit.Account,
    apply=credit.apply,
    project=credit.project,
    sort_key=credit.sort_key,
    start=lambda account, _name: credit.Account(account),
)

REDUCERS: dict[type, machine.Reducer[Any]] = {
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
_LEDGERS: tuple[machine.Ledger[Any, Any], ...] = (ledger.MRR_LEDGER, PAYMENT, COLLECTION, CREDIT_LEDGER)
LEDGERS: dict[str, machine.Ledger[Any, Any]] = {each.prefix: each for each in _LEDGERS}
"""By their own prefix; each hands over to later ones only."""
BY_PREFIX: dict[str, machine.Reducer[Any]] = {each.prefix: each for each in REDUCERS.values()}


def _check_prefixes() -> None:
    """Raise ValueError where two kinds of entities or ledgers would share records."""
    kinds: dict[str, object] = {}
    every: list[machine.Reducer[Any] | machine.Ledger[Any, Any]] = [*REDUCERS.values(), *LEDGERS.values()]
    for each in every:
        if kinds.setdefault(each.prefix, each) is not each:
            raise ValueError(f"prefix {each.prefix!r} stands for two kinds")
    if len(LEDGERS) < len(_LEDGERS):
        raise ValueError("two ledgers have one prefix")


_check_prefixes()


def reducer_of(event: Any) -> machine.Reducer[Any]:
    """The reducer of an event: by its type, but for what came back of money that no invoice had."""
    if type(event) is PaymentReturned and event.invoice_id is None:
        return RECEIPT
    return REDUCERS[type(event)]


KINDS = Kinds(BY_PREFIX, LEDGERS, reducer_of)
"""All that the product folds."""


def definition_key(account_id: str, survey_id: str, version: int) -> bytes:
    """State key of the definition that a response of this account refers to."""
    return f"{DEFINITION.prefix}{account_id}\0{survey_id}/{version}".encode()
