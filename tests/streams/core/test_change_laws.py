"""The law of changes: a figure as known at one moment less the same as known before is the sum of what changed between.

It is stated twice: of the measures that change rows are differences of, and of the rows that metrics count.
"""

from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import Note
from streams.core.billing.choices import PROFILES
from streams.core.changes import LINKS, METRICS, ONE, SLICES
from streams.core.events import (
    DisputeClosed,
    DisputeOpened,
    DunningEnded,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    PaymentRefunded,
    PaymentReturned,
    RefundFailed,
    SubscriptionEnded,
    SubscriptionStarted,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
)
from streams.core.routes import BY_PREFIX, LEDGERS
from streams.core.rows import (
    AnswerRow,
    FollowupCaseRow,
    InvitationRow,
    InvoiceRow,
    MetricChangeRow,
    MrrMovementRow,
    PaymentAttemptRow,
    PaymentReturnRow,
    PaymentRow,
    ReceivableEntryRow,
    RefundRow,
    ResponseRow,
    ResponseTopicRow,
    Row,
    SubscriptionRow,
    SurveyDisplayRow,
    TicketRow,
    TicketSolveRow,
)
from tests.streams.core.test_laws import FAR, entities_of
from tests.streams.core.test_laws import WORLDS as LAWFUL
from tests.support.histories_billing import billing_histories
from tests.support.levels import LEVELS
from tests.support.machine import Machine, changes, run, sums_of
from tests.support.oracle import logs_of

MONEY_BACK = (PaymentRefunded, RefundFailed, DisputeOpened, DisputeClosed)
COLLECTED = (InvoiceIssued, InvoicePaid, InvoicePaymentFailed, PaymentReturned, DunningEnded)
TRIALS = (SubscriptionStarted, SubscriptionTrialStarted, SubscriptionTrialConverted, SubscriptionEnded)
FEW = {"money_back": MONEY_BACK, "collected": COLLECTED, "trials": TRIALS}
"""Kinds of events that histories of all kinds seldom put together."""
WORLDS = {**LAWFUL, **{name: billing_histories(kinds) for name, kinds in FEW.items()}}
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
    for key, state in machine.states.items():
        reducer = BY_PREFIX[chr(key[0])]
        if reducer.measures is not None:
            for name, (numerator, denominator, _) in reducer.measures(reducer.view(state)).items():
                found.append(((reducer.kind, key[1:].decode().split("\0")[1], *name), numerator, denominator))
    for kind, identity, outputs in logs_of(entities_of(machine), LEDGERS, machine.rules):
        for name, (numerator, denominator, _) in outputs.measures.items():
            found.append(((kind, identity, *name), numerator, denominator))
    return added(found)


@in_every_world
@given(st.data())
def test_changes_known_by_a_moment_add_up_to_what_was_known_then(world: str, data: st.DataObject) -> None:
    """Whoever compares a figure with last week's slide finds every step between them, whatever came in which order."""
    notes: list[Note] = sorted(data.draw(WORLDS[world]), key=attrgetter("ingested_at"))
    log = changes(run(notes, until=FAR, rules=LEVELS))
    moment = data.draw(st.sampled_from([note.ingested_at for note in notes]))
    then = run([note for note in notes if note.ingested_at <= moment], until=FAR, rules=LEVELS)
    assert sums_of(row for row in log if row.ingested_at <= moment) == measured_in(then)
    assert {row.kind for row in log} <= KINDS
    assert {row.metric for row in log} <= METRICS | SLICES | LINKS
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


def counted(row: Row) -> list[tuple[tuple[object, ...], int, int]]:  # noqa: PLR0911 - a case for each table
    """What a row adds to the metrics that are counted in it."""
    match row:
        case RefundRow(status="refunded", is_test=False):
            return [(("refunded", row.refunded_at), row.amount_micros, ONE)]
        case PaymentRow(is_test=False):
            return [(("collections", row.paid_at), row.amount_micros, ONE)]
        case PaymentReturnRow(is_test=False):
            return [(("collections", row.returned_at), -row.amount_micros, 0)]
        case ReceivableEntryRow(is_test=False):
            return [(("receivable", row.at), row.amount_micros, 0)]
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
            item = f"{row.currency}/{'' if row.closed_at is None else row.closed_at}"
            return [(("late_payment_rate", item, at + 30 * DAY if row.due_at is None else row.due_at), 0, ONE)]
        case SubscriptionRow(is_test=False, trial_started_at=int(), trial_ended_at=int(at)):
            return [(("trial_conversion", at), ONE * (row.converted_at is not None), ONE)]
        case TicketRow(is_test=False, removed_at=None, opened_at=int()):
            return list(ticket_counts(row))
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


def ticket_counts(row: TicketRow) -> list[tuple[tuple[object, ...], int, int]]:
    found: list[tuple[tuple[object, ...], int, int]] = []
    if row.first_reply_us is not None:
        found.append((("first_reply", row.opened_at), row.first_reply_us, ONE))
    if row.last_solved_us is not None and row.status in ("solved", "closed"):
        found.append((("full_resolution", row.last_solved_at), row.last_solved_us, ONE))
    if row.csat_score is not None and row.csat_positive_from is not None:
        found.append((("ticket_csat", row.csat_rated_at), ONE * (row.csat_score >= row.csat_positive_from), ONE))
    return found


def reopened(machine: Machine) -> Counts:
    """Tickets that were solved, by the days of the least horizon within which they were opened again."""
    rows = list(machine.tables.values())
    for row in rows:
        if isinstance(row, TicketRow) and row.first_solved_at is not None and row.opened_at is not None:
            if row.is_test or row.removed_at is not None:
                continue
            solves = [each for each in rows if isinstance(each, TicketSolveRow) and each.ticket_id == row.ticket_id]
            again = [each.reopened_at for each in solves if each.reopened_at is not None]
            days = str(ceil((min(again) - row.first_solved_at) / DAY)) if again else ""
            yield ("reopen_rate", days, row.first_solved_at), ONE * bool(again), ONE


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


TICKETS = {"first_reply", "full_resolution", "ticket_csat"}
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
}
COUNTED = (
    {
        "nps",
        "verbatim_rate",
        "response_rate",
        "csat",
        "refunded",
        "collections",
        "receivable",
        "mrr",
        "trial_conversion",
    }
    | TICKETS
    | BY_ITEM
)


def facts_of(machine: Machine) -> Sums:
    rows = [each for row in machine.tables.values() for each in counted(row)]
    return added([*rows, *tagged(machine), *reopened(machine), *tried(machine)])


def window(row: MetricChangeRow) -> tuple[object, ...]:
    """Movements of revenue are the account's, so that only their sum by currency is that of its subscriptions."""
    if row.metric in BY_ITEM:
        return row.metric, row.item, row.window_at
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
