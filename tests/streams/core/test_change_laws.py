"""The law of changes: a figure as known at one moment less the same as known before is the sum of what changed between.

It is stated twice: of the measures that change rows are differences of, and of the rows that metrics count.
"""

from collections import defaultdict
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import Note
from streams.core.billing.choices import PROFILES
from streams.core.changes import METRICS, ONE, SLICES
from streams.core.events import DisputeClosed, DisputeOpened, PaymentRefunded, RefundFailed
from streams.core.routes import BY_PREFIX
from streams.core.rows import (
    AnswerRow,
    MetricChangeRow,
    MrrMovementRow,
    PaymentReturnRow,
    PaymentRow,
    ReceivableEntryRow,
    RefundRow,
    ResponseRow,
    Row,
    TicketRow,
)
from tests.streams.core.test_laws import FAR
from tests.streams.core.test_laws import WORLDS as LAWFUL
from tests.support.histories_billing import billing_histories
from tests.support.levels import LEVELS
from tests.support.machine import Machine, changes, run, sums_of

MONEY_BACK = (PaymentRefunded, RefundFailed, DisputeOpened, DisputeClosed)
WORLDS = {**LAWFUL, "money_back": billing_histories(MONEY_BACK)}
in_every_world = pytest.mark.parametrize("world", WORLDS)
Sums = dict[tuple[object, ...], tuple[int, int]]
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
    assert {row.metric for row in log} <= METRICS | SLICES
    assert all(row.reason for row in log if row.kind != "first")


def counted(row: Row) -> list[tuple[tuple[object, ...], int, int]]:  # noqa: PLR0911 - a case for each table
    """What a row adds to the metrics that are counted in it."""
    match row:
        case ResponseRow(status="submitted", is_test=False, nps=float(score)):
            return [(("nps", row.submitted_at), ONE * (score >= 9) - ONE * (score <= 6), ONE)]
        case AnswerRow(kind="CSAT", is_test=False):
            return [(("csat", row.submitted_at), round(row.number * ONE), ONE)]
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
        case TicketRow(is_test=False, removed_at=None, opened_at=int()):
            return list(ticket_counts(row))
        case _:
            return []


def ticket_counts(row: TicketRow) -> list[tuple[tuple[object, ...], int, int]]:
    found: list[tuple[tuple[object, ...], int, int]] = []
    if row.first_reply_us is not None:
        found.append((("first_reply", row.opened_at), row.first_reply_us, ONE))
    if row.last_solved_us is not None and row.status in ("solved", "closed"):
        found.append((("full_resolution", row.last_solved_at), row.last_solved_us, ONE))
    if row.csat_score is not None and row.csat_positive_from is not None:
        found.append((("ticket_csat", row.csat_rated_at), ONE * (row.csat_score >= row.csat_positive_from), ONE))
    return found


TICKETS = {"first_reply", "full_resolution", "ticket_csat"}
COUNTED = {"nps", "csat", "refunded", "collections", "receivable", "mrr"} | TICKETS


def facts_of(machine: Machine) -> Sums:
    return added([each for row in machine.tables.values() for each in counted(row)])


def window(row: MetricChangeRow) -> tuple[object, ...]:
    """Movements of revenue are the account's, so that only their sum by currency is that of its subscriptions."""
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
