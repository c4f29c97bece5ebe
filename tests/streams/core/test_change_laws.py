"""The law of changes: a figure as known at one moment less the same as known before is the sum of what changed between.

It is stated twice: of the measures that change rows are differences of, and of the rows that metrics count.
"""

from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from operator import attrgetter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.billing.choices import PROFILES
from streams.core.changes import FROM, LINKS, METRICS, ONE, SETTINGS, SLICES
from streams.core.columns import Row
from streams.core.events import (
    ContractSet,
    CreditApplied,
    DisputeClosed,
    DisputeOpened,
    DueDateChanged,
    DunningEnded,
    Event,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    OnboardingPlanned,
    PaymentReceived,
    PaymentRefunded,
    PaymentReturned,
    RefundFailed,
    SubscriptionEnded,
    SubscriptionStarted,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
)
from streams.core.routes import LEDGERS
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_onboarding import OnboardingRow
from streams.core.rows_receivable import InvoiceRow, PaymentAttemptRow, PaymentRow, ReceivableEntryRow
from streams.core.rows_refund import DisputeRow, PaymentReturnRow, ReceiptRow, RefundRow
from streams.core.rows_subscription import MrrMovementRow, SubscriptionRow
from streams.core.rows_success import RenewalRow
from streams.core.rows_survey import (
    AnswerRow,
    FollowupCaseRow,
    InvitationRow,
    ResponseRow,
    ResponseTopicRow,
    SurveyDisplayRow,
)
from streams.core.rows_ticket import TicketRow, TicketSolveRow
from streams.core.rows_work import CostEntryRow, MediaSpendRow, ProjectRow, ProjectStageRow, TaskRow, TimeEntryRow
from tests.streams.core.test_laws import FAR, entities_of
from tests.streams.core.test_laws import WORLDS as LAWFUL
from tests.support.histories import answers_of_one, displays_of_one, histories_of, tags_of_one
from tests.support.histories_billing import billing_histories
from tests.support.histories_success import CONTRACTS, ONBOARDINGS
from tests.support.histories_support import asked, ended
from tests.support.invoices import day
from tests.support.levels import LEVELS
from tests.support.machine import Machine, changes, run, sums_of
from tests.support.money import money_histories
from tests.support.oracle import logs_of

MONEY_BACK = (InvoicePaid, PaymentRefunded, RefundFailed, DisputeOpened, DisputeClosed)
COLLECTED = (InvoiceIssued, InvoicePaid, InvoicePaymentFailed, PaymentReturned, DunningEnded)
TRIALS = (SubscriptionStarted, SubscriptionTrialStarted, SubscriptionTrialConverted, SubscriptionEnded)
SHARED = (InvoiceIssued, InvoicePaid, PaymentReceived, PaymentReturned, CreditApplied)
ANSWERED = histories_of(st.one_of(answers_of_one, tags_of_one, displays_of_one), 6)
FEW = {"money_back": MONEY_BACK, "collected": COLLECTED, "trials": TRIALS, "shared": SHARED}
"""Kinds of events that histories of all kinds seldom put together."""
GIVEN_BACK = (InvoicePaid, InvoicePaid, PaymentReceived, *[PaymentRefunded] * 4, RefundFailed, DisputeOpened)
DUE = (InvoiceIssued, InvoiceIssued, InvoicePaid, InvoicePaid, InvoicePaid, DueDateChanged)
DENSE = {
    "dense": money_histories(),
    "given_back": money_histories(kinds=GIVEN_BACK),
    "due": money_histories(
        kinds=DUE,
        invoice_id=st.just("I1"),
        issued_at=st.integers(1, 5).map(day),
        total=st.just(50),
        amount=st.sampled_from([50, 50, 20]),
        is_test=st.just(False),
    ),
}
"""The same of few amounts and days."""
WORLDS = {
    **LAWFUL,
    "answered": ANSWERED,
    "ended": ended(),
    "asked": asked(),
    **{name: billing_histories(kinds) for name, kinds in FEW.items()},
    **DENSE,
}
in_every_world = pytest.mark.parametrize("world", WORLDS)
Sums = dict[tuple[object, ...], tuple[int, int]]
Counts = Iterator[tuple[tuple[object, ...], int, int]]
DAY = 86_400_000_000
KINDS = {"first", "late", "correction", "retraction", "displaced"}


def added(pairs: list[tuple[tuple[object, ...], int, int]]) -> Sums:
    """Sums that are not zero."""
    sums: defaultdict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0])
    for key, numerator, denominator in pairs:
        sums[key][0] += numerator
        sums[key][1] += denominator
    return {key: (one, other) for key, (one, other) in sums.items() if one or other}


def measured_in(machine: Machine) -> Sums:
    """What the entities' events say, by entity and measure."""
    found = []
    for kind, identity, outputs in logs_of(entities_of(machine), LEDGERS, machine.rules):
        for name, (numerator, denominator, _) in outputs.measures.items():
            found.append(((kind, identity, *name), numerator, denominator))
    return added(found)


@in_every_world
@given(st.data())
def test_changes_known_by_a_moment_add_up_to_what_was_known_then(world: str, data: st.DataObject) -> None:
    """Whoever compares a figure with last week's slide finds every step between them, whatever came in which order."""
    recorded_events: list[RecordedEvent] = sorted(data.draw(WORLDS[world]), key=attrgetter("ingested_at"))
    log = changes(run(recorded_events, until=FAR, rules=LEVELS))
    moment = data.draw(st.sampled_from([recorded.ingested_at for recorded in recorded_events]))
    then = run([recorded for recorded in recorded_events if recorded.ingested_at <= moment], until=FAR, rules=LEVELS)
    assert sums_of(row for row in log if row.ingested_at <= moment) == measured_in(then)
    assert {row.kind for row in log} <= KINDS
    assert {row.metric for row in log} <= METRICS | SLICES | LINKS | SETTINGS
    assert all(row.reason for row in log if row.kind != "first")


def answered(row: Row) -> list[tuple[tuple[object, ...], int, int]]:
    """What a row adds to the metrics of surveys."""
    match row:
        case ResponseRow(status="submitted", is_test=False):
            return list(response_counts(row))
        case ResponseTopicRow(is_test=False, submitted_at=int(at)):
            return list(topic_counts(row, at))
        case InvitationRow(is_test=False, sent_at=int(at)):
            return [(("invitation", "", at) if row.status == "bounced" else ("response_rate", at), 0, ONE)]
        case SurveyDisplayRow(is_test=False):
            return [(("display", "", row.displayed_at), 0, ONE)]
        case AnswerRow(kind="CSAT", is_test=False):
            return [(("csat", row.submitted_at), round(row.number * ONE), ONE)]
        case _:
            return []


def counted(row: Row) -> list[tuple[tuple[object, ...], int, int]]:  # noqa: C901, PLR0911, PLR0912 - a case for each table
    """What a row adds to the metrics that are counted in it."""
    match row:
        case RefundRow(is_test=False, refunded_at=int()):
            return list(refund_counts(row))
        case DisputeRow(is_test=False, is_chargeback=True, opened_at=int(at)):
            return [(("chargeback_rate", row.currency, at), ONE, 0)]
        case PaymentReturnRow(is_test=False):
            return [(("collections", row.currency, row.returned_at), -row.amount_micros, 0)]
        case ReceivableEntryRow(is_test=False, book="receivable"):
            return [(("receivable", row.currency, row.at), row.amount_micros, 0)]
        case MrrMovementRow(is_test=False, policy=policy) if policy == PROFILES[0]:
            return [(("mrr", row.currency), row.amount_micros, 0)]
        case FollowupCaseRow(is_test=False) if row.state != "voided":
            waited = (
                ""
                if row.first_contact_at is None
                else str(max(ceil((row.first_contact_at - row.submitted_at) / ONE), 0))
            )
            return [(("closed_loop_rate", waited, row.submitted_at), ONE * bool(waited), ONE)]
        case InvoiceRow(is_test=False, issued_at=int(at)) if (
            row.status not in ("void", "credit") and row.total_micros > 0
        ):
            ending = "/terms" if row.due_at is None else ""
            item = f"{row.currency}/{'' if row.closed_at is None else row.closed_at}{ending}"
            return [(("late_payment_rate", item, at + 30 * DAY if row.due_at is None else row.due_at), 0, ONE)]
        case SubscriptionRow(is_test=False, trial_started_at=int(), trial_ended_at=int(at)):
            return [(("trial_conversion", at), ONE * (row.converted_at is not None), ONE)]
        case TicketRow(is_test=False, removed_at=None):
            return list(ticket_counts(row))
        case (
            ProjectRow(is_test=False)
            | ProjectStageRow(is_test=False, is_counted=True)
            | TaskRow(is_test=False)
            | TimeEntryRow(is_test=False)
            | CostEntryRow(is_test=False)
            | MediaSpendRow(is_test=False)
        ):
            return list(work_counts(row))
        case RenewalRow(is_test=False):
            return list(renewal_counts(row))
        case OnboardingRow(is_test=False, starts_at=int()):
            return list(onboarding_counts(row))
        case _:
            return answered(row)


def points(score: float) -> int:
    return ONE * (score >= 9) - ONE * (score <= 6)


def response_counts(row: ResponseRow) -> Counts:
    at = row.submitted_at
    yield ("verbatim_rate", at), ONE * row.has_text, ONE
    if row.nps is not None:
        yield ("nps", at), points(row.nps), ONE
    if row.invitation_id:
        yield ("invitation", row.invitation_id, at), 0, ONE
    if row.display_id:
        yield ("display", row.display_id, at), ONE * row.finished, ONE


def topic_counts(row: ResponseTopicRow, at: int) -> Counts:
    yield ("topic_share", row.topic_id, at), ONE, 0
    if row.nps is not None:
        yield ("topic_nps", row.topic_id, at), points(row.nps), ONE


def tagged(machine: Machine) -> Counts:
    """Responses that have a topic, however many."""
    rows = [row for row in machine.tables.values() if isinstance(row, ResponseTopicRow)]
    told = {(row.response_id, row.submitted_at) for row in rows if not row.is_test and row.submitted_at is not None}
    for _, at in told:
        yield ("topic_share", "", at), 0, ONE


def refund_counts(row: RefundRow) -> Counts:
    is_failed, at = row.status == "failed", row.refunded_at
    yield ("refund_failure_rate", at), ONE * is_failed, ONE
    if not is_failed and at is not None:
        yield ("refunded", row.currency, at), row.amount_micros, ONE
        yield ("refund_rate", row.currency, at), row.amount_micros, 0
        if row.requested_at is not None and row.requested_at <= at:
            yield ("refund_turnaround", at), at - row.requested_at, ONE


def received(machine: Machine) -> Counts:
    """What came in, as the view of whole payments has it: one of a known whole at once, with what nobody has of it."""
    given_back = {
        (row.payment_id, row.currency)
        for row in machine.tables.values()
        if isinstance(row, RefundRow) and row.status == "refunded" and not row.is_test and row.amount_micros
    }
    told: defaultdict[tuple[str, str], list[PaymentRow | ReceiptRow]] = defaultdict(list)
    for row in machine.tables.values():
        if isinstance(row, PaymentRow | ReceiptRow) and not row.is_test:
            told[row.payment_id, row.currency].append(row)
    for (payment_id, currency), rows in told.items():
        shares = [row for row in rows if isinstance(row, PaymentRow)]
        receipt = next((row for row in rows if isinstance(row, ReceiptRow)), None)
        whole = receipt.amount_micros if receipt else max(row.payment_micros or 0 for row in shares)
        at = receipt.received_at if receipt else min(row.paid_at for row in shares)
        for row in shares:
            yield ("collections", currency, at if whole else row.paid_at), row.amount_micros, ONE
        parts = sum(row.amount_micros for row in shares)
        if whole > parts:
            yield ("collections", currency, at), whole - parts, ONE
        yield ("refund_rate", currency, at), 0, max(whole, parts)
        yield ("chargeback_rate", currency, at), 0, ONE
        yield ("refund_rate_cohort", currency, at), ONE * ((payment_id, currency) in given_back), ONE


def work_counts(row: ProjectRow | ProjectStageRow | TaskRow | TimeEntryRow | CostEntryRow | MediaSpendRow) -> Counts:
    match row:
        case TimeEntryRow():
            item = f"hours/{row.kind}/{row.project_id}"
            yield ("account_margin", item, row.worked_at), row.minutes * 60 * ONE, 0
        case MediaSpendRow():
            yield ("media_variance", f"{row.currency}/{row.plan_id}", row.spent_at), row.amount_micros, 0
        case CostEntryRow():
            item = f"cost/{row.kind}/{row.currency}/{row.project_id}"
            yield ("account_margin", item, row.incurred_at), row.amount_micros, 0
        case ProjectRow(first_due_at=int(due)) if row.status not in ("cancelled", "ended"):
            yield ("on_time_rate", "project", due), *kept(due, row.ended_at)
        case TaskRow(first_due_at=int(due), is_counted=True):
            yield ("on_time_rate", "task", due), *kept(due, row.completed_at)
        case ProjectStageRow():
            if row.first_due_at is not None:
                item = f"stage/{row.stage_no}"
                yield ("on_time_rate", item, row.first_due_at), *kept(row.first_due_at, row.until_at)
            if row.until_at is not None:
                item = f"{row.stage}/{row.stage_no}"
                yield ("stage_duration", item, row.until_at), row.until_at - row.from_at, ONE


def renewal_counts(row: RenewalRow) -> Counts:
    """What the view `renewal_fact` has of a renewal once all time has passed, by currency and policy."""
    is_decided, before = row.status not in ("open", "overdue", "unknown"), row.target_micros
    if is_decided and row.final_micros is None:
        return
    for metric in ("renewal_rate_gross", "renewal_rate_net"):
        yield (metric, row.currency, "closed_date", row.due_at), 0, before
        if is_decided and row.final_micros is not None:
            after = row.final_micros if metric == "renewal_rate_net" else min(row.final_micros, before)
            yield (metric, row.currency, "due_date", row.due_at), after, before
            yield (metric, row.currency, "first_due_date", row.first_due_at), after, before
            yield (metric, row.currency, "closed_date", row.decided_at), after, 0


def onboarding_counts(row: OnboardingRow, now: int = FAR) -> Counts:
    """What the views of onboardings have of one at a moment; its clock may rest."""
    since, spent = row.starts_at, row.first_value_us
    assert since is not None
    yield ("onboarding_completion", since), ONE * (row.completed_at is not None), ONE
    if spent is not None:
        yield ("time_to_value", since), spent, ONE
    rests = 0 if row.paused_since is None else now - row.paused_since
    for days in (30, 60, 90):
        if now - since - row.paused_us - rests >= days * DAY:
            yield ("value_reached_share", str(days), since), ONE * (spent is not None and spent <= days * DAY), ONE


def kept(due_at: int, done_at: int | None) -> tuple[int, int]:
    return ONE * (done_at is not None and done_at <= due_at), ONE


def ticket_counts(row: TicketRow) -> Counts:
    if row.csat_rated_at is not None or row.csat_offered_at is not None:
        at = row.csat_rated_at if row.csat_offered_at is None else row.csat_offered_at
        yield ("ticket_csat_response_rate", at), ONE * (row.csat_rated_at is not None), ONE
    if row.csat_score is not None and row.csat_positive_from is not None:
        yield ("ticket_csat", row.csat_rated_at), ONE * (row.csat_score >= row.csat_positive_from), ONE
    if row.opened_at is None:
        return
    yield ("channel_mix", row.channel, row.opened_at), ONE, ONE
    yield ("topic_volume", row.topic, row.opened_at), ONE * bool(row.topic), ONE
    if row.first_reply_us is not None:
        yield ("first_reply", row.opened_at), row.first_reply_us, ONE
    if row.last_solved_us is not None and row.status in ("solved", "closed"):
        yield ("full_resolution", row.last_solved_at), row.last_solved_us, ONE


def reopened(machine: Machine) -> Counts:
    """Tickets that were solved, by the days of the least horizon within which they were opened again.

    Another ticket that asks the same again is not in what a ticket says itself.
    """
    rows = list(machine.tables.values())
    for row in rows:
        if isinstance(row, TicketRow) and row.first_solved_at is not None and row.opened_at is not None:
            if row.is_test or row.removed_at is not None:
                continue
            solves = [each for each in rows if isinstance(each, TicketSolveRow) and each.ticket_id == row.ticket_id]
            again = [each.reopened_at for each in solves if each.reopened_at is not None]
            days = str(ceil((min(again) - row.first_solved_at) / DAY)) if again else ""
            yield ("reopen_rate", days, row.first_solved_at), ONE * bool(again), ONE
            once = row.requester_messages <= 1
            yield ("fcr", "", row.first_solved_at), ONE * once, ONE
            if once and again:
                yield ("fcr", days, row.first_solved_at), -ONE, 0


def tried(machine: Machine) -> Counts:
    """First attempts, and what came of invoices whose collection failed, as the views count them in their tables."""
    rows = list(machine.tables.values())
    for row in rows:
        if isinstance(row, InvoiceRow) and not row.is_test:
            tries = [one for one in rows if isinstance(one, PaymentAttemptRow) and one.invoice_id == row.invoice_id]
            yield from first_tries(row, tries)
            failed = [one for one in tries if one.outcome == "failed"]
            if failed:
                first = min(failed, key=attrgetter("at", "attempt_no", "attempt_id"))
                yield from dunned(row, first, later(rows, first))


def first_tries(invoice: InvoiceRow, tries: list[PaymentAttemptRow]) -> Counts:
    if invoice.is_recurring and invoice.billing_reason != "TRIAL_END" and invoice.collection_method != "SEND_INVOICE":
        for one in tries:
            if one.is_first:
                yield (
                    ("payment_failure_rate", one.currency, one.at),
                    one.amount_micros * (one.outcome != "succeeded"),
                    one.amount_micros,
                )


def later(rows: list[Row], failed: PaymentAttemptRow) -> int:
    """What was paid since an attempt failed, less what came back of it, micros."""
    paid = {
        one.payment_id: one
        for one in rows
        if isinstance(one, PaymentRow) and one.invoice_id == failed.invoice_id and one.paid_at >= failed.at
    }
    back = [one for one in rows if isinstance(one, PaymentReturnRow) and one.invoice_id == failed.invoice_id]
    return sum(one.amount_micros for one in paid.values() if one.currency == failed.currency) - sum(
        one.amount_micros for one in back if one.payment_id in paid and one.currency == failed.currency
    )


def dunned(invoice: InvoiceRow, failed: PaymentAttemptRow, paid: int) -> Counts:
    amount = failed.amount_micros
    yield ("recovery_rate", failed.currency, failed.at), min(amount, max(paid, 0)), amount
    ended_by = ""
    if paid >= amount or invoice.status == "paid":
        ended_by = "paid"
    elif invoice.status in ("void", "written_off", "credited"):
        ended_by = "void" if invoice.status == "void" else "written_off"
    elif invoice.dunning_outcome == "EXHAUSTED":
        ended_by = "exhausted"
    yield ("dunning_outcome", ended_by, failed.at), ONE * bool(ended_by), ONE


def lateness(at: int, due_at: int) -> bool:
    """Days are those of UTC here."""
    return at // DAY > due_at // DAY


def late(machine: Machine, now: int) -> Counts:
    """Invoices settled after their due day, or open after it, as the view `due_invoice` has them at a moment."""
    for row in machine.tables.values():
        if isinstance(row, InvoiceRow):
            for (metric, item, due_at), _, one in counted(row):
                if metric == "late_payment_rate":
                    closed_at = now if row.closed_at is None else row.closed_at
                    yield (
                        ("late", str(item).partition("/")[0], due_at),
                        one * lateness(closed_at, int(str(due_at))),
                        one,
                    )


def late_in_log(log: list[MetricChangeRow], now: int) -> Counts:
    """The same as `change_log` and `deadline_change` work it out of rows known by a moment: what waits becomes late."""
    waiting: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    for row in log:
        if row.metric == "late_payment_rate":
            currency, _, closed_at = row.item.removesuffix("/terms").partition("/")
            at = int(closed_at) if closed_at else row.ingested_at
            one = row.denominator_micros
            yield ("late", currency, row.window_at), one * lateness(at, row.window_at), one
            if not closed_at and not lateness(at, row.window_at):
                waiting[row.entity_id, currency, row.window_at] += one
    for (_, currency, due_at), left in waiting.items():
        yield ("late", currency, due_at), left * lateness(now, due_at), 0


TICKETS = {"first_reply", "full_resolution", "ticket_csat", "ticket_csat_response_rate"}
BY_ITEM = {
    "reopen_rate",
    "payment_failure_rate",
    "recovery_rate",
    "dunning_outcome",
    "closed_loop_rate",
    "late_payment_rate",
    "invitation",
    "display",
    "topic_share",
    "topic_nps",
    "chargeback_rate",
    "refund_rate",
    "refund_rate_cohort",
    "channel_mix",
    "topic_volume",
    "fcr",
    "on_time_rate",
    "stage_duration",
    "account_margin",
    "media_variance",
}
BY_CURRENCY = {"collections", "receivable", "refunded"}
"""Items of these begin with the currency, and have more behind a slash than figures are told apart by."""
AT_ONCE = TICKETS | {
    "nps",
    "verbatim_rate",
    "response_rate",
    "csat",
    "refund_failure_rate",
    "refund_turnaround",
    "mrr",
    "onboarding_completion",
    "time_to_value",
    "trial_conversion",
}
RENEWED = {"renewal_rate_gross", "renewal_rate_net"}
COUNTED = AT_ONCE | BY_CURRENCY | BY_ITEM | RENEWED | {"value_reached_share"}


def facts_of(machine: Machine) -> Sums:
    rows = [each for row in machine.tables.values() for each in counted(row)]
    return added([*rows, *received(machine), *tagged(machine), *reopened(machine), *tried(machine)])


def window(row: MetricChangeRow) -> tuple[object, ...]:
    """Movements of revenue are the account's, so that only their sum by currency is that of its subscriptions."""
    if row.metric in RENEWED:
        currency, policy, _ = row.item.partition(FROM)[0].split("/")
        return row.metric, currency, policy, row.window_at
    if row.metric == "value_reached_share":
        return row.metric, row.item.partition(FROM)[0], row.window_at
    if row.metric in BY_ITEM:
        return row.metric, row.item, row.window_at
    if row.metric in BY_CURRENCY:
        return row.metric, row.item.partition("/")[0], row.window_at
    return row.metric, row.item if row.metric == "mrr" else row.window_at


def logged(machine: Machine) -> Sums:
    return added(
        [
            (window(row), row.numerator_micros, row.denominator_micros)
            for row in changes(machine)
            if row.metric in COUNTED
        ]
    )


@in_every_world
@given(st.data())
def test_changes_add_up_to_what_metrics_count(world: str, data: st.DataObject) -> None:
    """The log is of use only if it tells of the figures themselves: rows are counted here as the metrics count them."""
    machine = run(data.draw(WORLDS[world]), until=FAR, rules=LEVELS)
    assert logged(machine) == facts_of(machine)


@pytest.mark.parametrize("world", ["due", "collected", "shared", "invoices", "money", "dense"])
@given(st.data())
def test_late_payments_known_by_a_moment_add_up_too(world: str, data: st.DataObject) -> None:
    """Whether an invoice is late is nowhere in a row: events and time that passed must come to the figure together."""
    recorded_events: list[RecordedEvent] = sorted(data.draw(WORLDS[world]), key=attrgetter("ingested_at"))
    log = changes(run(recorded_events, until=FAR, rules=LEVELS))
    now = data.draw(st.sampled_from([recorded.ingested_at for recorded in recorded_events])) + data.draw(
        st.sampled_from([0, 0, 40 * DAY])
    )
    then = run([recorded for recorded in recorded_events if recorded.ingested_at <= now], until=now, rules=LEVELS)
    assert added(list(late_in_log([row for row in log if row.ingested_at <= now], now))) == added(list(late(then, now)))


def ripe(machine: Machine, now: int) -> Counts:
    """Renewals and horizons of onboardings as the views have them at a moment."""
    for row in machine.tables.values():
        if isinstance(row, RenewalRow) and not row.is_test:
            yield from renewal_counts(row)
        elif isinstance(row, OnboardingRow) and not row.is_test and row.starts_at is not None:
            yield from onboarding_counts(row, now)


def ripe_in_log(log: list[MetricChangeRow], now: int) -> Counts:
    """The same as the view `ripened_change` has it of rows known by a moment, without what waits for a later one."""
    for row in log:
        _, _, since = row.item.partition(FROM)
        if int(since or 0) <= now:
            yield window(row), row.numerator_micros, row.denominator_micros


def _dated(kinds: dict[type[Event], st.SearchStrategy[Any]], *often: type[Event]) -> st.SearchStrategy[Any]:
    """Histories in which most is counted: no tests, no contracts without an end, and some kinds of events often."""
    events = [kinds[kind] for kind in (*kinds, *often)]
    counted = [each.filter(lambda event: getattr(event, "ends_at", 0) is not None) for each in events]
    return histories_of(st.one_of(*counted).map(lambda event: msgspec.structs.replace(event, is_test=False)), 6)


RIPENING = {
    "contracts": _dated(CONTRACTS, ContractSet, ContractSet),
    "onboardings": _dated(ONBOARDINGS, OnboardingPlanned, OnboardingPlanned),
}


@pytest.mark.parametrize("world", RIPENING)
@given(st.data())
def test_what_counts_from_a_moment_on_adds_up_too(world: str, data: st.DataObject) -> None:
    """Contracts renew themselves and a cohort's days are over without an event: both must come to the figure."""
    recorded_events: list[RecordedEvent] = sorted(data.draw(RIPENING[world]), key=attrgetter("ingested_at"))
    log = changes(run(recorded_events, until=FAR, rules=LEVELS))
    last = data.draw(st.sampled_from([recorded.ingested_at for recorded in recorded_events]))
    now = last + data.draw(st.sampled_from([0, 20 * DAY, 35 * DAY, 70 * DAY, 100 * DAY, 400 * DAY]))
    then = run([recorded for recorded in recorded_events if recorded.ingested_at <= now], until=now, rules=LEVELS)
    assert added(list(ripe_in_log([row for row in log if row.ingested_at <= now], now))) == added(list(ripe(then, now)))
