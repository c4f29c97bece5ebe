"""Facts that entities hand over, over random histories: what they add up to is what the rows say."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.billing.choices import PROFILES
from streams.core.events import SubscriptionChanged, SubscriptionEnded
from streams.core.health.facts import Happened, Level, day_of
from streams.core.limits import AHEAD
from streams.core.rows_receivable import InvoiceRow, ReceivableEntryRow
from streams.core.rows_refund import PaymentReturnRow
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rows_subscription import MrrMovementRow
from streams.core.rows_survey import FollowupCaseRow, ResponseRow
from streams.core.rows_ticket import TicketNextReplyRow, TicketRow, TouchRow
from streams.core.support.life import NOT_BACKLOG
from tests.streams.core.test_laws import FAR, WORLDS
from tests.support import billing, handed
from tests.support.histories import histories
from tests.support.histories_billing import INVOICES, SUBSCRIPTIONS, billing_histories
from tests.support.histories_support import chatter, crowded, ended, support_histories
from tests.support.levels import LEVELS
from tests.support.machine import Machine
from tests.support.tickets import rows

in_every_world = pytest.mark.parametrize("world", WORLDS)


@in_every_world
@given(st.data(), st.booleans())
def test_what_is_handed_over_is_what_a_plain_fold_says(world: str, data: st.DataObject, recode: bool) -> None:
    """Facts are edited event by event, from bytes; corrected, retracted or late, they must be those of the whole."""
    machine = handed.told(data.draw(WORLDS[world]), recode=recode, rules=LEVELS)
    assert handed.facts_of(machine) == handed.plainly(machine)
    machine.tick(FAR)
    assert handed.facts_of(machine) == handed.plainly(machine)


@in_every_world
@given(st.data(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_leaves_the_same_facts(world: str, data: st.DataObject, chance: Any) -> None:
    """Live and replay read topics in different orders, twice where they must: the account may not look different."""
    recorded_events = data.draw(WORLDS[world])
    shuffled = [*recorded_events, *recorded_events[:3]]
    chance.shuffle(shuffled)
    one, other = handed.told(recorded_events, rules=LEVELS), handed.told(shuffled, rules=LEVELS)
    for machine in (one, other):
        machine.tick(FAR)
    assert handed.facts_of(one) == handed.facts_of(other)


@in_every_world
@given(st.data())
def test_no_fact_lies_ahead_of_what_is_known(world: str, data: st.DataObject) -> None:
    """The account's ledger folds facts in order of time: one of next year would hide all that comes before it."""
    machine, now = Machine(rules=LEVELS, kinds=handed.KINDS), 0
    for recorded in data.draw(WORLDS[world]):
        if check(recorded.event, b"acme", recorded.ingested_at) is not None:
            continue  # what is told of the future is refused
        now = max(now, recorded.ingested_at)
        machine.tick(now)
        machine.feed(recorded)
        assert all(fact.at <= now + AHEAD for fact in handed.facts_of(machine))


@given(support_histories() | chatter() | crowded() | ended())
def test_tickets_add_up_to_those_that_are_open(recorded_events: Any) -> None:
    """Load is a sum of changes; one that is lost leaves an account under tickets that nobody has."""
    machine = _over(recorded_events)
    expected: defaultdict[str, defaultdict[tuple[int, str], int]] = defaultdict(lambda: defaultdict(int))
    for row in rows(machine, TicketRow):
        if row.opened_at is not None and not row.is_test and row.status not in NOT_BACKLOG:
            cell = day_of(row.opened_at), ""
            expected["tickets_open"][cell] += 1
            expected["tickets_urgent"][cell] += row.priority in ("urgent", "Urgent")
            expected["escalations_open"][cell] += row.escalations > 0
    for name in ("tickets_open", "tickets_urgent", "escalations_open"):
        assert handed.levels(machine, name) == {cell: each for cell, each in expected[name].items() if each}


@given(support_histories() | chatter() | crowded() | ended())
def test_what_happened_to_tickets_is_counted_once(recorded_events: Any) -> None:
    """Contacts, clocks and talks are shares of an account's score: each is one, whatever was told again."""
    machine = _over(recorded_events)
    tickets = [row for row in rows(machine, TicketRow) if not row.is_test]
    clocks = [row.state for row in rows(machine, SlaInstanceRow) if not row.is_test]
    assert handed.counted(machine, "ticket_opened")[0] == sum(
        row.opened_at is not None and row.removed_at is None for row in tickets
    )
    assert handed.counted(machine, "csat_answer") == (
        sum(row.csat_rated_at is not None and row.removed_at is None for row in tickets),
        sum(
            round(100 * (row.csat_score - 1) / 4)
            for row in tickets
            if row.csat_score is not None and row.removed_at is None
        ),
    )
    assert handed.counted(machine, "sla_kept")[0] == clocks.count("fulfilled")
    assert handed.counted(machine, "sla_breached")[0] == clocks.count("breached")
    replies = {
        (row.ticket_id, day_of(row.answered_at))
        for row in rows(machine, TicketNextReplyRow)
        if row.answered_at is not None and row.ended_by == "reply" and not row.is_test
    }
    touches = [row for row in rows(machine, TouchRow) if not row.is_test]
    assert handed.counted(machine, "touch")[0] == len(replies) + len(touches)


@given(billing_histories(INVOICES, max_size=12))
def test_receivables_add_up_to_postings_by_due_day(recorded_events: Any) -> None:
    """What is overdue is read off these cells: they must hold what the books hold, on the day that it is due."""
    machine = _over(recorded_events)
    due = {row.invoice_id: row.due_at for row in rows(machine, InvoiceRow)}
    expected: defaultdict[tuple[int, str], int] = defaultdict(int)
    for row in rows(machine, ReceivableEntryRow):
        if row.book == "receivable" and not row.is_test:
            at = due[row.invoice_id]
            expected[0 if at is None else day_of(at), row.currency] += row.amount_micros
    assert handed.levels(machine, "receivable") == {cell: amount for cell, amount in expected.items() if amount}


@given(billing_histories(INVOICES, max_size=12))
def test_payments_fail_while_something_is_open(recorded_events: Any) -> None:
    """A failure that was made good long ago, or an invoice that nobody owes, must not weigh on an account."""
    machine = _over(recorded_events)
    back = {row.invoice_id for row in rows(machine, PaymentReturnRow)}
    failing = [
        row
        for row in rows(machine, InvoiceRow)
        if row.open_micros and not row.is_test and (row.failed_attempts or row.invoice_id in back)
    ]
    assert sum(handed.levels(machine, "payments_failing").values()) == len(failing)
    dunned = [row for row in failing if not row.dunning_outcome]
    assert sum(handed.levels(machine, "dunning_open").values()) == len(dunned)


@given(billing_histories(SUBSCRIPTIONS))
def test_recurring_revenue_adds_up_to_its_movements(recorded_events: Any) -> None:
    """Revenue at risk is the sum of these changes: it must be what the ledger of recurring revenue says."""
    machine = _over(recorded_events)
    expected: defaultdict[tuple[int, str], int] = defaultdict(int)
    for row in rows(machine, MrrMovementRow):
        if row.policy == PROFILES[0] and not row.is_test:
            expected[0, row.currency] += row.amount_micros
    assert handed.levels(machine, "mrr") == {cell: amount for cell, amount in expected.items() if amount}
    assert not handed.levels(machine, "cancels_scheduled"), "all that was agreed has come by then"


MICROS_OF_A_CENT = 10_000


@st.composite
def switches(draw: st.DrawFn) -> tuple[list[RecordedEvent], dict[tuple[int, str], int]]:
    """Draw subscriptions that change price and currency, told late or not, and what each pays in the end."""
    story, pays = billing.Story(), dict[str, tuple[str, int]]()
    for subscription in ("s1", "s2"):
        at = 0
        for number in range(draw(st.integers(1, 4))):
            at += draw(st.integers(1, 40))
            money = {"currency": draw(st.sampled_from(["EUR", "USD", "GBP"])), "exponent": 2}
            cents = 100 * draw(st.integers(1, 9))
            kind = {"kind": SubscriptionChanged, "change_kind": "PRICE"} if number else {}
            story.state(
                at, billing.item(cents), subscription=subscription, until=2_000, stored=at + draw(st.integers(0, 50)),
                **kind, **money,
            )  # fmt: skip
            pays[subscription] = money["currency"], cents * MICROS_OF_A_CENT
        if draw(st.booleans()):
            story.tell(SubscriptionEnded, at + 1, subscription, reason="VOLUNTARY", ends_at=billing.day(at + 1))
            del pays[subscription]
    expected: defaultdict[tuple[int, str], int] = defaultdict(int)
    for currency, micros in pays.values():
        expected[0, currency] += micros
    return sorted(story.recorded_events, key=lambda each: each.ingested_at), dict(expected)


@given(switches())
def test_who_changes_currency_pays_in_the_new_one_alone(drawn: Any) -> None:
    """Revenue in a currency that nobody pays any more would make an account look richer, and its trend flat."""
    recorded_events, expected = drawn
    machine = handed.told(recorded_events, rules=LEVELS)
    machine.tick(billing.day(400))
    assert handed.levels(machine, "mrr") == expected


@given(histories(12))
def test_answers_and_waiting_detractors_are_those_of_the_rows(recorded_events: Any) -> None:
    """A score that was corrected, or a detractor who was called, must not go on weighing."""
    machine = _over(recorded_events)
    scores = [
        row.nps
        for row in rows(machine, ResponseRow)
        if row.nps is not None and row.status == "submitted" and not row.is_test
    ]
    assert handed.counted(machine, "nps_answer") == (len(scores), int(sum(scores)))
    waiting = [row for row in rows(machine, FollowupCaseRow) if row.state == "waiting" and not row.is_test]
    assert sum(handed.levels(machine, "detractors_open").values()) == len(waiting)


def _over(recorded_events: Any) -> Machine:
    """Return what holds once time has gone on for long."""
    machine = handed.told(recorded_events, rules=LEVELS)
    machine.tick(FAR)
    return machine


@in_every_world
@given(st.data())
def test_levels_never_count_below_nothing(world: str, data: st.DataObject) -> None:
    """A cell below zero is a change that was taken back twice; revenue alone may be negative, as rebates are."""
    sums: defaultdict[tuple[str, int, str], int] = defaultdict(int)
    for fact in handed.facts_of(_over(data.draw(WORLDS[world]))):
        if isinstance(fact, Level) and fact.name != "mrr":
            sums[fact.name, fact.day, fact.unit] += fact.number
            assert sums[fact.name, fact.day, fact.unit] >= 0 or fact.name == "receivable"
        assert not isinstance(fact, Happened) or fact.number > 0
