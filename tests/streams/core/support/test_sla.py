"""Service levels of a ticket: which clocks run, what stops them, which target they go by."""

from typing import Any

import msgspec
import pytest

from streams.core.clock.schedule import Schedule
from streams.core.clock.worktime import Version
from streams.core.events import (
    Event,
    SlaTargetApplied,
    TicketAssigned,
    TicketDeleted,
    TicketMarkedSpam,
    TicketMerged,
    TicketPriorityChanged,
    TicketRestored,
)
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rules import Rules
from streams.core.support.sla_policy import Limit, SlaPolicy
from tests.support.machine import Machine
from tests.support.tickets import (
    HOUR,
    OFFICE,
    START,
    hidden,
    hours,
    made,
    opened,
    recorded_events,
    reopened,
    rows,
    said,
    told,
    turned,
)

WEEK = 168


def limit(metric: str, target: float, priority: str = "", *, business: bool = False) -> Limit:
    return Limit(metric, priority, int(target * HOUR), business)


def policy(*limits: Limit, named: str = "standard", position: int = 1, since: float = -WEEK, **more: Any) -> SlaPolicy:
    fields = {"version": "v1", "is_active": True, "schedule_id": "", "match": ((),) * 5} | more
    return SlaPolicy(position=position, policy_id=named, valid_from=START + int(since * HOUR), limits=limits, **fields)


def ruled(*policies: SlaPolicy, rules: Rules = OFFICE) -> Rules:
    return msgspec.structs.replace(rules, sla=tuple(sorted(policies)))


def clock(machine: Machine, metric: str, number: int = 1) -> SlaInstanceRow:
    return next(row for row in rows(machine, SlaInstanceRow) if (row.metric, row.instance_no) == (metric, number))


def states(machine: Machine) -> dict[tuple[str, int], str]:
    return {(row.metric, row.instance_no): row.state for row in rows(machine, SlaInstanceRow)}


def at(moment: int | None) -> float | None:
    """A moment in hours since the start."""
    return None if moment is None else hours(moment - START)


EVERY = policy(
    limit("first_reply", 2),
    limit("next_reply", 3),
    limit("resolution", 48),
    limit("requester_wait", 10),
    limit("agent_work", 5),
)


def test_each_clock_starts_and_ends_with_what_it_waits_for() -> None:
    """One ticket through a whole life, in calendar time; the numbers are counted by hand."""
    story = told(
        opened(),
        said(0, "REQUESTER"),
        said(1, "AGENT"),
        said(3, "REQUESTER"),
        turned(4, "PENDING"),
        said(7, "AGENT"),
        turned(9, "HOLD"),
        turned(11, "OPEN"),
        turned(12, "SOLVED"),
        rules=ruled(EVERY),
    )
    story.tick(START + WEEK * HOUR)
    assert states(story) == {
        ("first_reply", 1): "fulfilled",
        ("next_reply", 1): "breached",
        ("resolution", 1): "fulfilled",
        ("requester_wait", 1): "fulfilled",
        ("agent_work", 1): "fulfilled",
    }
    late = clock(story, "next_reply")
    assert (at(late.activated_at), at(late.breached_at), at(late.fulfilled_at)) == (3, 6, 7)
    assert hours(clock(story, "requester_wait").elapsed_us) == 4 + 2 + 1
    assert hours(clock(story, "agent_work").elapsed_us) == 4 + 1
    assert hours(clock(story, "resolution").elapsed_us) == 12


def test_a_paused_clock_has_no_due_time_until_it_runs_again() -> None:
    """Pending is the requester's turn: on-call must not be called, and the time must not be lost either."""
    rules = ruled(policy(limit("requester_wait", 10)))
    paused = told(opened(), turned(4, "PENDING"), rules=rules)
    paused.tick(START + WEEK * HOUR)
    row = clock(paused, "requester_wait")
    assert (row.state, row.due_at, row.at_risk_at, at(row.paused_since)) == ("paused", None, None, 4)
    resumed = told(opened(), turned(4, "PENDING"), turned(20, "OPEN"), rules=rules)
    row = clock(resumed, "requester_wait")
    assert (row.state, at(row.due_at), at(row.at_risk_at), at(row.running_since)) == ("running", 26, 25, 20)
    resumed.tick(START + 26 * HOUR - 1)
    assert clock(resumed, "requester_wait").state == "running"
    resumed.tick(START + 26 * HOUR)
    row = clock(resumed, "requester_wait")
    assert (row.state, at(row.breached_at)) == ("breached", 26)


def test_business_targets_go_by_the_hours_of_the_schedule() -> None:
    """Eight working hours from Monday eight o'clock, nine to five: due at five, at risk an hour before."""
    row = clock(told(opened(), rules=ruled(policy(limit("first_reply", 8, business=True)))), "first_reply")
    assert (at(row.due_at), at(row.at_risk_at), row.is_business, row.schedule_id) == (9, 8, True, "default")


def test_without_known_hours_a_business_target_is_not_guessed_and_a_calendar_target_runs() -> None:
    """A deployment that never told its hours must not get breaches counted by somebody else's."""
    targets = policy(limit("first_reply", 8, business=True), limit("resolution", 8))
    assert states(told(opened(), rules=ruled(targets, rules=Rules()))) == {("resolution", 1): "running"}


def test_a_priority_that_changes_gives_the_same_clock_another_target() -> None:
    """The time that was spent stays spent: an urgent ticket that has waited long is due at once, and not before."""
    targets = policy(limit("first_reply", 8), limit("first_reply", 1, "urgent"))
    urgent = made(TicketPriorityChanged, 3, priority="urgent")
    story = told(opened(), urgent, rules=ruled(targets))
    row = clock(story, "first_reply")
    assert (at(row.activated_at), at(row.due_at), row.priority) == (0, 3, "urgent")
    story.tick(START + 3 * HOUR)
    assert at(clock(story, "first_reply").breached_at) == 3
    back = made(TicketPriorityChanged, 4, priority="low", number=7)
    relaxed = told(opened(), urgent, back, said(5, "AGENT"), rules=ruled(targets))
    row = clock(relaxed, "first_reply")
    assert (row.state, at(row.breached_at), at(row.fulfilled_at)) == ("breached", 3, 5)


def test_a_policy_that_changes_holds_for_running_clocks_from_its_time_on() -> None:
    """Neither earlier, which would break kept promises afterwards, nor only when something happens to the ticket."""
    first, second = policy(limit("resolution", 48)), policy(limit("resolution", 24), since=10, version="v2")
    story = told(opened(), rules=ruled(first, second))
    assert (clock(story, "resolution").policy_version, at(clock(story, "resolution").due_at)) == ("v1", 48)
    story.tick(START + 10 * HOUR)
    assert (clock(story, "resolution").policy_version, at(clock(story, "resolution").due_at)) == ("v2", 24)
    kept = told(opened(), turned(9, "SOLVED"), rules=ruled(first, second))
    kept.tick(START + WEEK * HOUR)
    assert clock(kept, "resolution").policy_version == "v1"


def test_a_policy_that_begins_later_sets_its_target_to_what_already_runs() -> None:
    """No policy was in force when the ticket came; its clock has run all the same."""
    story = told(opened(), turned(3, "PENDING"), rules=ruled(policy(limit("resolution", 10), since=2)))
    row = clock(story, "resolution")
    assert (row.state, at(row.activated_at), at(row.due_at)) == ("running", 0, 10)


def test_the_lowest_position_that_matches_decides_alone() -> None:
    """A policy for some accounts must win over the one for all, also where it sets no target."""
    ours = policy(limit("first_reply", 1), named="ours", match=(("acme",), (), (), (), ()))
    theirs = policy(limit("first_reply", 1), named="theirs", match=(("globex",), (), (), (), ()), position=0)
    everybody = policy(limit("first_reply", 9), limit("resolution", 9), named="all", position=2)
    story = told(opened(), rules=ruled(everybody, ours, theirs))
    assert [(row.policy_id, row.metric) for row in rows(story, SlaInstanceRow)] == [("ours", "first_reply")]
    off = policy(named="ours", since=-1, is_active=False)
    assert set(states(told(opened(), rules=ruled(everybody, ours, off)))) == {("first_reply", 1), ("resolution", 1)}


def test_what_other_tickets_were_told_changes_nothing() -> None:
    """Policies are asked once for tickets that are alike; one that they can tell apart must get its own answer."""
    every = [
        policy(limit("first_reply", 4, business=True), match=(("globex",), (), (), (), ()), position=0),
        policy(limit("resolution", 5, business=True), match=((), ("phone",), (), (), ()), named="1", position=1),
        policy(limit("agent_work", 6, business=True), match=((), (), ("second",), (), ()), named="2", position=2),
        policy(limit("requester_wait", 7), match=((), (), (), ("high",), ()), named="3", position=3),
        policy(limit("next_reply", 8, business=True), match=((), (), (), (), ("bill",)), named="4", position=4),
        policy(limit("resolution", 9, business=True), since=2, named="5", position=5),
    ]
    night = Schedule("night", (Version(0, "UTC", (((0, 6 * HOUR),),) * 7),))
    rules = ruled(*every, rules=msgspec.structs.replace(OFFICE, schedules=(*OFFICE.schedules, night)))
    fields: list[dict[str, Any]] = [{}, {"channel": "phone"}, {"schedule_id": "night"}, {"group_id": "second"},
                                    {"priority": "high"}, {"topic": "bill"}, {"account_id": "globex"}]  # fmt: skip
    for each in fields:
        account = {key: value for key, value in each.items() if key == "account_id"}
        story: tuple[Event, ...] = (opened(**each), said(1, "AGENT", **account), said(3, "REQUESTER", **account))
        alone = told(*story, rules=msgspec.structs.replace(rules))
        assert rows(told(*story, rules=rules), SlaInstanceRow) == rows(alone, SlaInstanceRow)
    assert len(rules.sla_goals) == 2 * len(fields)


def test_a_group_without_a_policy_drops_the_clock_and_coming_back_takes_it_up() -> None:
    """Moved to a team without service levels nobody owes anything; moved back, the clock has run all along."""
    ours = policy(limit("resolution", 10), match=((), (), ("first",), (), ()))
    away = made(TicketAssigned, 4, group_id="second")
    story = told(opened(group_id="first"), away, rules=ruled(ours))
    assert (clock(story, "resolution").state, at(clock(story, "resolution").cancelled_at)) == ("cancelled", 4)
    story.tick(START + WEEK * HOUR)
    assert clock(story, "resolution").breached_at is None
    back = made(TicketAssigned, 6, group_id="first", number=8)
    again = clock(told(opened(group_id="first"), away, back, rules=ruled(ours)), "resolution")
    assert (again.state, at(again.due_at), again.cancelled_at) == ("running", 10, None)


@pytest.mark.parametrize("removal", [TicketDeleted, TicketMerged])
def test_a_removed_ticket_cancels_what_runs_and_keeps_what_was_breached(removal: Any) -> None:
    """A merged ticket is answered elsewhere; it must neither breach later nor wash earlier breaches away."""
    fields = {"target_ticket_id": "T2"} if removal is TicketMerged else {}
    targets = policy(limit("first_reply", 1), limit("resolution", 10))
    story = told(opened(), made(removal, 4, **fields), rules=ruled(targets))
    story.tick(START + WEEK * HOUR)
    assert states(story) == {("first_reply", 1): "breached", ("resolution", 1): "cancelled"}


def test_a_cancelled_clock_ends_when_the_ticket_was_removed_whatever_becomes_of_it_then() -> None:
    """Desks close, mark and hand round what they have merged or deleted: no clock was waited for until then."""
    after = (made(TicketPriorityChanged, 6, priority="low"), made(TicketMarkedSpam, 7), said(5, "AGENT"))
    targets = ruled(policy(limit("first_reply", 9), limit("resolution", 9)))
    story = told(opened(), made(TicketDeleted, 4), *after, rules=targets)
    for row in rows(story, SlaInstanceRow):
        assert (row.state, at(row.cancelled_at), hours(row.elapsed_us)) == ("cancelled", 4, 4)


def test_a_clock_that_lost_its_target_stands_still_and_counts_no_further() -> None:
    """A row that is cancelled and runs would be shown as waiting; its time is that of the target which it had."""
    for_first = {"match": ((), (), ("first",), (), ())}
    ours = policy(limit("resolution", 10), limit("agent_work", 10, business=True), **for_first)
    events = (opened(group_id="first"), made(TicketAssigned, 4, group_id="second"), turned(6, "PENDING"))
    ends = (turned(9, "SOLVED", number=9),)
    for story in (told(*events, rules=ruled(ours)), told(*events, *ends, rules=ruled(ours))):
        for metric, spent in (("resolution", 4), ("agent_work", 3)):
            row = clock(story, metric)
            assert (row.state, at(row.cancelled_at), row.fulfilled_at) == ("cancelled", 4, None)
            assert (row.running_since, row.paused_since, hours(row.elapsed_us)) == (None, None, spent)


def test_a_restored_ticket_goes_on_where_it_was_removed() -> None:
    """Restoring undoes the removal: what was cancelled runs again, without the time in between."""
    story = told(
        opened(), made(TicketDeleted, 4), made(TicketRestored, 14), rules=ruled(policy(limit("resolution", 10)))
    )
    row = clock(story, "resolution")
    assert (row.state, at(row.due_at), row.cancelled_at) == ("running", 20, None)


def test_a_solve_without_a_reply_fulfils_and_a_reopening_starts_anew() -> None:
    """Solved is answered, as in Zendesk; what is reopened is resolved a second time, with a target of its own."""
    story = told(
        opened(),
        turned(1, "SOLVED"),
        reopened(30),
        rules=ruled(policy(limit("first_reply", 2), limit("resolution", 8))),
    )
    assert states(story) == {
        ("first_reply", 1): "fulfilled",
        ("resolution", 1): "fulfilled",
        ("resolution", 2): "running",
    }
    assert at(clock(story, "resolution", 2).due_at) == 38


@pytest.mark.parametrize("removal", [TicketDeleted, TicketMerged])
def test_a_removal_of_what_is_solved_starts_nothing(removal: Any) -> None:
    """Cleaning up solved tickets must not leave second clocks that ran for no time and were cancelled."""
    fields = {"target_ticket_id": "T2"} if removal is TicketMerged else {}
    events = (opened(), turned(1, "SOLVED"), made(removal, 4, **fields))
    targets = ruled(policy(limit("first_reply", 2), limit("resolution", 8)))
    kept = {("first_reply", 1): "fulfilled", ("resolution", 1): "fulfilled"}
    assert states(told(*events, rules=targets)) == kept


def test_what_is_solved_removed_and_restored_waits_again_once_it_is_reopened() -> None:
    """A restored ticket is as solved as before; its second resolution is counted from when it was reopened."""
    events = (opened(), turned(1, "SOLVED"), made(TicketDeleted, 4), made(TicketRestored, 6))
    targets = ruled(policy(limit("resolution", 8)))
    assert states(told(*events, rules=targets)) == {("resolution", 1): "fulfilled"}
    again = clock(told(*events, reopened(30), rules=targets), "resolution", 2)
    assert (again.state, at(again.activated_at)) == ("running", 30)


def test_a_reply_to_what_was_solved_from_the_start_comes_before_the_clock() -> None:
    """Calls are logged as solved: a reply before such a ticket is reopened is the first, and nobody waited for it."""
    events = (opened(), turned(0, "SOLVED"), said(1, "AGENT"), reopened(30))
    story = told(*events, rules=ruled(policy(limit("first_reply", 2), limit("resolution", 8))))
    assert states(story) == {("first_reply", 1): "fulfilled", ("resolution", 1): "running"}
    first = clock(story, "first_reply")
    assert (at(first.activated_at), at(first.fulfilled_at), first.elapsed_us) == (30, 30, 0)


def test_a_target_that_the_source_applied_overrides_policies_from_its_time_on() -> None:
    """Where the help desk decides itself, its word counts; a target for one instance does not touch the others."""
    applied = made(SlaTargetApplied, 2, metric="first_reply", target_s=5 * 3600, policy_id="zendesk")
    other = made(SlaTargetApplied, 2, metric="first_reply", target_s=60, instance_no=2, number=9)
    row = clock(told(opened(), applied, other, rules=ruled(EVERY)), "first_reply")
    assert (at(row.due_at), row.policy_id, row.policy_version) == (5, "zendesk", "")
    assert states(told(opened(), applied)) == {("first_reply", 1): "running"}


def test_rules_that_come_later_take_back_what_others_had_set() -> None:
    """A policy that is withdrawn leaves no rows behind: they are taken away when rules are settled."""
    story = told(opened(), rules=ruled(EVERY))
    assert len(states(story)) == 4
    story.settle(ruled(policy(limit("resolution", 1))))
    assert states(story) == {("resolution", 1): "running"}
    story.settle(OFFICE)
    assert states(story) == {}


def test_a_breach_is_told_when_time_reaches_it_and_not_years_later() -> None:
    """On-call wants to know now; nobody wants a call for every ticket of an import."""
    rules = ruled(policy(limit("first_reply", 2), limit("resolution", 10)))
    story = told(opened(), rules=rules)
    story.tick(START + WEEK * HOUR)
    assert [(each.kind, at(each.at), each.detail["metric"]) for each in story.signals] == [
        ("sla_breached", 2, "first_reply"),
        ("sla_breached", 10, "resolution"),
    ]
    assert len({each.signal_id for each in story.signals}) == 2
    imported = told(opened(), rules=rules, delay=24 * HOUR)
    imported.tick(START + WEEK * HOUR)
    assert imported.signals == []


def test_a_message_made_private_takes_the_fulfilment_back() -> None:
    """What the requester cannot see was no reply, so the breach that it hid shows."""
    reply = said(1, "AGENT")
    rules = ruled(policy(limit("first_reply", 2)))
    story = told(opened(), reply, rules=rules)
    assert clock(story, "first_reply").state == "fulfilled"
    for recorded in recorded_events(hidden(50, reply)):
        story.feed(recorded)
    story.tick(START + WEEK * HOUR)
    assert (clock(story, "first_reply").state, at(clock(story, "first_reply").breached_at)) == ("breached", 2)
