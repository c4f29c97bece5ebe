"""Facts that entities hand over, one example for each name: given what happened, this is what the account is told."""

from typing import Any

import msgspec
import pytest

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    AccountMerged,
    AccountUnmerged,
    AccountUpserted,
    Answer,
    FollowupLogged,
    ManagerAssigned,
    ManagerSentimentSet,
    MessageAdded,
    ResponseSubmitted,
    SlaTargetApplied,
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    TicketCsatRated,
    TicketDeleted,
    TicketEscalated,
    TicketOpened,
    TicketReopened,
    TicketSolved,
    TicketStatusChanged,
    TouchLogged,
    UsageReported,
)
from streams.core.health.facts import Level, day_of
from tests.support import billing, contracts, handed, invoices, onboardings
from tests.support.contracts import day, envelope
from tests.support.handed import counted, facts_of, levels, stated
from tests.support.machine import Machine

MICROS_OF_A_CENT = 10_000


def told(*events: Any, until: float = 0) -> Machine:
    """Return what holds when these have happened, each stored at once, and time has gone to a day."""
    machine = handed.told(
        each if isinstance(each, RecordedEvent) else RecordedEvent(each, each.occurred_at) for each in events
    )
    machine.tick(day(until))
    return machine


def at_days(machine: Machine, name: str) -> list[tuple[float, int]]:
    """Return when a level changed, in days, and by how much."""
    return [
        ((fact.at - day(0)) / (day(1) - day(0)), fact.number)
        for fact in facts_of(machine)
        if isinstance(fact, Level) and fact.name == name
    ]


def opened(at: float, **fields: Any) -> TicketOpened:
    return TicketOpened(**(envelope(at) | {"ticket_id": "t1", "channel": "email"} | fields))


def of_ticket(kind: Any, at: float, /, **fields: Any) -> Any:
    return kind(**(envelope(at) | {"ticket_id": "t1"} | fields))


def message(at: float, author: str, number: int, *, is_public: bool = True) -> MessageAdded:
    found: MessageAdded = of_ticket(MessageAdded, at, message_id=f"m{number}", author_type=author, is_public=is_public)
    return found


def test_a_ticket_is_open_until_it_is_solved_and_again_when_reopened() -> None:
    """What weighs on an account is what is open now, by the day since when it is."""
    events = (opened(1), of_ticket(TicketSolved, 3), of_ticket(TicketReopened, 5), of_ticket(TicketSolved, 8))
    assert at_days(told(*events), "tickets_open") == [(1, 1), (3, -1), (5, 1), (8, -1)]
    assert levels(told(*events[:3]), "tickets_open") == {(day_of(day(1)), ""): 1}
    assert counted(told(*events), "ticket_opened") == (1, 0)


def test_what_was_solved_and_reopened_at_once_was_never_done() -> None:
    """Within a moment only the last word counts, or a ticket would be told of twice for nothing."""
    events = (opened(1), of_ticket(TicketSolved, 3), of_ticket(TicketReopened, 3))
    assert at_days(told(*events), "tickets_open") == [(1, 1)]


def test_urgent_and_escalated_tickets_count_while_they_are_open() -> None:
    """They are named for as long as somebody has to act."""
    escalated = of_ticket(TicketEscalated, 2, kind="HIERARCHICAL")
    machine = told(opened(1, priority="Urgent"), escalated, of_ticket(TicketSolved, 3))
    assert at_days(machine, "tickets_urgent") == [(1, 1), (3, -1)]
    assert at_days(machine, "escalations_open") == [(2, 1), (3, -1)]
    by = [fact.event_id for fact in facts_of(machine) if isinstance(fact, Level) and fact.name == "escalations_open"]
    assert by[0] == escalated.event_id, "the evidence is what made it so"


def test_a_removed_ticket_was_no_contact_and_is_not_open() -> None:
    """Spam is nobody's trouble."""
    machine = told(opened(1), of_ticket(TicketDeleted, 2))
    assert counted(machine, "ticket_opened") == (0, 0)
    assert levels(machine, "tickets_open") == {}


@pytest.mark.parametrize("status", ["SOLVED", "CLOSED"])
def test_what_is_done_is_not_open(status: str) -> None:
    """A ticket may be closed without being solved first, or be told of only when it was done."""
    assert levels(told(opened(1, status=status)), "tickets_open") == {}
    turned = of_ticket(TicketStatusChanged, 2, to_status=status)
    assert at_days(told(opened(1), turned), "tickets_open") == [(1, 1), (2, -1)]


def test_test_tickets_say_nothing() -> None:
    """Whoever tries a form out must not turn an account red."""
    assert facts_of(told(opened(1, is_test=True))) == []


def test_a_rating_is_a_share_of_its_scale() -> None:
    """Scales differ: 4 of 1 to 5 is 75 of 100."""
    scale = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}
    rated = of_ticket(TicketCsatRated, 4, score=4.0, **scale)
    assert counted(told(opened(1), rated), "csat_answer") == (1, 75)
    assert counted(told(opened(1), rated, of_ticket(TicketCsatRated, 5, score=1.0, **scale)), "csat_answer") == (1, 0)


def test_clocks_are_kept_or_breached_when_that_is_known() -> None:
    """A breach comes by time, on the moment when the target was used up."""
    applied = of_ticket(SlaTargetApplied, 1, metric="resolution", target_s=2 * 86_400, business_hours=False)
    kept = told(opened(1), applied, of_ticket(TicketSolved, 2))
    assert (counted(kept, "sla_kept"), counted(kept, "sla_breached")) == ((1, 0), (0, 0))
    late = told(opened(1), applied, until=2)
    assert counted(late, "sla_breached") == (0, 0)
    late.tick(day(4))
    assert counted(late, "sla_breached") == (1, 0)
    assert [fact.at for fact in facts_of(late) if fact.name == "sla_breached"] == [day(3)]


def test_a_reply_to_who_waits_is_a_touch_once_a_day() -> None:
    """Both have spoken when the second one does; more words on the same day make nobody closer."""
    chat = [message(1 + number / 10, ("REQUESTER", "AGENT")[number % 2], number) for number in range(8)]
    machine = told(opened(1), *chat)
    assert [fact.at for fact in facts_of(machine) if fact.name == "touch"] == [chat[1].occurred_at]
    later = told(opened(1), *chat, message(3, "REQUESTER", 20), message(4, "AGENT", 21, is_public=False))
    assert counted(later, "touch") == (1, 0), "a note reaches nobody"
    assert counted(told(opened(1), message(2, "AGENT", 1)), "touch") == (0, 0), "nobody had asked"


def test_a_logged_talk_is_a_touch() -> None:
    """Calls and meetings are where relationships are kept."""
    call = TouchLogged(**envelope(2), touch_id="w1", kind="call", direction="OUTBOUND")
    assert counted(told(call), "touch") == (1, 0)


def test_an_answer_counts_and_a_detractor_is_open_until_somebody_calls() -> None:
    """A detractor nobody called is a risk; one who was called is a score."""
    answered = ResponseSubmitted(
        **envelope(1),
        response_id="r1",
        survey_id="s1",
        survey_version=1,
        submitted_at=day(1),
        answers=(Answer(question_id="q", kind="NPS", number=3.0),),
    )
    called = FollowupLogged(**envelope(4), response_id="r1", followup_id="f1", kind="call", closed=False)
    machine = told(answered)
    assert counted(machine, "nps_answer") == (1, 3)
    assert levels(machine, "detractors_open") == {(day_of(day(1)), ""): 1}
    assert at_days(told(answered, called), "detractors_open") == [(1, 1), (4, -1)]


def test_what_is_receivable_stands_on_its_due_day_and_moves_with_it() -> None:
    """Overdue is read off these days; a date that was put off moves what is still open, and no more."""
    events = (
        invoices.issued(1, 100, due_at=invoices.day(10)),
        invoices.paid(3, 40),
        invoices.put_off(5, 20),
        invoices.paid(6, 25, "P2"),
    )
    after = [day_of(invoices.day(10)), day_of(invoices.day(20))]
    assert levels(told(*events[:2]), "receivable") == {(after[0], "USD"): 60 * MICROS_OF_A_CENT}
    assert levels(told(*events), "receivable") == {(after[1], "USD"): 35 * MICROS_OF_A_CENT}
    assert levels(told(*events, invoices.voided(8)), "receivable") == {}


def test_a_payment_fails_until_the_invoice_is_paid() -> None:
    """Dunning may be given up before that; what is owed still fails."""
    failed, given_up, paid = invoices.failed(4, 100), invoices.given_up(9), invoices.paid(12, 100)
    issued = invoices.issued(1, 100)
    machine = told(issued, failed, given_up)
    cell = {(day_of(invoices.day(4)), ""): 1}
    assert (levels(machine, "payments_failing"), levels(machine, "dunning_open")) == (cell, {})
    assert levels(told(issued, failed), "dunning_open") == cell
    assert levels(told(issued, failed, given_up, paid), "payments_failing") == {}
    assert counted(machine, "payment_failed") == (1, 0)


def test_revenue_moves_when_the_end_comes_and_not_when_it_is_agreed() -> None:
    """Whoever has cancelled for the end of the month pays until then: that is the time in which to talk."""
    story = billing.Story()
    story.state(0, billing.item(10_00))
    story.tell(SubscriptionCancelScheduled, 5, ends_at=billing.day(30), reason="VOLUNTARY")
    machine = handed.told(story.recorded_events)
    assert levels(machine, "mrr") == {(0, "USD"): 1_000 * MICROS_OF_A_CENT}
    assert levels(machine, "cancels_scheduled") == {(day_of(billing.day(30)), ""): 1}
    assert stated(machine, "started") == [(billing.day(0), day_of(billing.day(0)))]
    assert counted(machine, "churned") == (0, 0)
    machine.tick(billing.day(30) - 1)
    assert levels(machine, "mrr")
    machine.tick(billing.day(30))
    assert (levels(machine, "mrr"), levels(machine, "cancels_scheduled")) == ({}, {})
    assert counted(machine, "churned") == (1, 0)


def test_an_end_that_is_taken_back_is_none() -> None:
    """Who was won back is not leaving."""
    story = billing.Story()
    story.state(0, billing.item(10_00))
    story.tell(SubscriptionCancelScheduled, 5, ends_at=billing.day(30), reason="VOLUNTARY")
    story.tell(SubscriptionCancelUnscheduled, 8)
    machine = handed.told(story.recorded_events)
    machine.tick(billing.day(100))
    assert (levels(machine, "cancels_scheduled"), counted(machine, "churned")) == ({}, (0, 0))


def test_a_judgement_holds_from_when_it_was_made() -> None:
    """Who judged is part of it: a handover ends it."""
    judged = ManagerSentimentSet(**envelope(5), sentiment_id="j1", manager_id="m1", sentiment=-2, set_at=day(4))
    machine = told(judged)
    assert stated(machine, "sentiment") == [(day(4), -2)]
    assert stated(machine, "sentiment_by") == [(day(4), "m1")]


def test_which_account_it_counts_as_is_told_from_moment_to_moment() -> None:
    """Nobody reads the rules of a merged account: whose merge is over, or was never there, has them read again."""
    begun, over = AccountMerged(**envelope(2), survivor_id="b"), AccountUnmerged(**envelope(5), survivor_id="b")
    again, other = AccountMerged(**envelope(5), survivor_id="b"), AccountMerged(**envelope(7), survivor_id="c")
    assert stated(told(begun, over, again), "merged") == [(day(2), "b"), (day(5), "b")], "one word of a moment"
    assert stated(told(over, begun), "merged") == [(day(2), "b"), (day(5), None)]
    assert stated(told(begun, other), "merged") == [(day(2), "b"), (day(7), "c")]
    assert stated(told(over), "merged") == []
    never = AccountMerged(**envelope(9), survivor_id="b", corrects_event_id=begun.event_id, is_retraction=True)
    assert facts_of(told(begun, never)) == []
    assert facts_of(told(msgspec.structs.replace(begun, is_test=True))) == []


def test_usage_is_a_level_of_a_limit_at_a_moment() -> None:
    """Levels are whole millionths, so that what is taken away leaves what was; a huge one stays a number that fits."""
    reported = UsageReported(**envelope(3), meter="seats", measured_at=day(3), value=7.5, limit=10.0)
    machine = told(reported)
    assert (stated(machine, "used"), stated(machine, "limit")) == ([(day(3), 7_500_000)], [(day(3), 10_000_000)])
    assert counted(machine, "usage") == (1, 7_500_000)
    huge = UsageReported(**envelope(3), meter="bytes", measured_at=day(3), value=1e15)
    assert (stated(told(huge), "used"), stated(told(huge), "limit")) == ([(day(3), 2**63 - 1)], [(day(3), None)])


def test_an_owner_who_is_planned_takes_over_on_the_day() -> None:
    """A judgement ends with a handover, and that is when somebody else takes over, not when it is announced."""
    announced = ManagerAssigned(**envelope(1), manager_id="m2", role="OWNER", valid_from=day(10), valid_to=day(20))
    machine = told(announced, until=9)
    assert stated(machine, "owner") == []
    machine.tick(day(10))
    assert stated(machine, "owner") == [(day(10), "m2")]
    trainee = ManagerAssigned(**envelope(1), manager_id="m3", role="TRAINEE", valid_from=day(1))
    assert stated(told(trainee), "owner") == [], "trainees take nothing over"


def test_a_segment_holds_from_when_it_is_told() -> None:
    """Models differ by segment: the account's score of a day goes by the segment of that day."""
    upserted = AccountUpserted(**envelope(3), name="Acme", segment="enterprise")
    assert stated(told(upserted), "segment") == [(day(3), "enterprise")]


def test_a_renewal_is_due_until_it_is_decided() -> None:
    """After a decision nothing is due; whether it was kept or lost counts on the day of the decision."""
    stated_first = contracts.contract(0, notice_days=10)
    machine = told(stated_first)
    due = day_of(stated_first.ends_at or 0)
    assert stated(machine, "renewal_due") == [(day(0), due)]
    assert stated(machine, "notice_by") == [(day(0), due - 10)]
    assert stated(machine, "renewal_value") == [(day(0), 100_00 * MICROS_OF_A_CENT)]
    assert stated(machine, "started") == [(day(0), day_of(day(0)))]
    lost = told(stated_first, contracts.decided(50, "LOST"))
    assert stated(lost, "renewal_due") == [(day(0), due), (day(50), None)]
    assert (counted(lost, "churned"), counted(lost, "renewed")) == ((1, 0), (0, 0))


def test_a_contract_that_renews_itself_is_renewed_when_notice_has_passed() -> None:
    """Nobody tells of that: it comes by time."""
    machine = told(contracts.contract(0, notice_days=10, auto_renew=True), until=89)
    assert counted(machine, "renewed") == (0, 0)
    machine.tick(day(90))
    assert counted(machine, "renewed") == (1, 0)
    assert stated(machine, "renewal_due")[-1] == (day(90), None)


def test_milestones_are_open_by_their_day_and_rest_in_a_pause() -> None:
    """A customer who asked for a pause is not late; what was planned falls due so much later."""
    plan = onboardings.planned()
    cells = {code: day_of(day(at)) for code, at in (("kickoff", 10), ("value", 30))}
    assert levels(told(plan), "milestones_open") == {(cells["kickoff"], ""): 1, (cells["value"], ""): 1}
    reached = onboardings.reached(5, "kickoff")
    assert levels(told(plan, reached), "milestones_open") == {(cells["value"], ""): 1}
    paused = onboardings.paused(8)
    assert levels(told(plan, reached, paused), "milestones_open") == {}
    again = told(plan, reached, paused, onboardings.resumed(12))
    assert levels(again, "milestones_open") == {(cells["value"] + 4, ""): 1}
