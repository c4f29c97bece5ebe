"""Goals of a service level clock at a moment, and their origin. Times are microseconds."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streams.core.clock.timer import Hours
from streams.core.events import SlaTargetApplied
from streams.core.limits import NEVER
from streams.core.rules import Rules
from streams.core.support.life import Standing
from streams.core.support.sla_clocks import FIRST_REPLY, NEXT_REPLY, Clock, Clocks, Goal
from streams.core.support.sla_policy import METRICS, SECOND, Subject, chosen
from streams.core.support.ticket import Ticket

MOST_SAID = 10_000
"""Answers that rules keep: groups and topics may be many."""


class Case(NamedTuple):
    """A ticket under its rules; `likeness` is all that policies may see of it beside its standing.

    `hours` are the schedules that targets of the ticket may go by.
    """

    ticket: Ticket
    rules: Rules
    likeness: tuple[str, str, str]
    hours: Hours


def case_of(ticket: Ticket, rules: Rules) -> Case:
    schedule = ticket.schedule_id
    likeness = (ticket.channel, schedule, ticket.account_id if rules.sla_names_accounts else "")
    return Case(ticket, rules, likeness, _hours(schedule, rules))


def _hours(schedule_id: str, rules: Rules) -> Hours:
    """Return the ticket's own schedule and those that policies name, as far as they are known."""
    if not rules.schedules:
        return {}
    found = rules.sla_hours.get(schedule_id)
    if found is None:
        named = {schedule_id, *(policy.schedule_id for policy in rules.sla)}
        found = {name: rules.calendars[name] for name in sorted(named) if name in rules.calendars}
        rules.sla_hours[schedule_id] = found
    return found


def goal_at(clock: Clock, case: Case, held: Standing, at: int) -> Goal | None:
    """Return the goal of a clock as of a moment: the one that the source applied last, otherwise the policy's.

    None where nothing is set, or business time is wanted whose hours are not known when the clock starts.
    """
    goal = _applied(clock, case.ticket)
    if goal is None and case.rules.sla:
        goal = _said(case, held, at).get(clock.metric)
    if goal is None or not goal.is_business:
        return goal
    return None if case.rules.calendar(goal.schedule_id, clock.start) is None else goal


def _applied(clock: Clock, ticket: Ticket) -> Goal | None:
    for each in reversed(ticket.clocks.targets):
        if each.metric == clock.metric and each.instance_no in (None, clock.number):
            schedule = ticket.schedule_id if each.business_hours else ""
            return Goal(each.policy_id or "", "", each.target_s * SECOND, each.business_hours, schedule)
    return None


def apply_fresh(clocks: Clocks) -> None:
    """Let targets of a moment that is over hold, and forget those that no clock can go by any more."""
    for new in clocks.fresh:
        clocks.targets = [
            each
            for each in clocks.targets
            if each.metric != new.metric or (new.instance_no is not None and each.instance_no != new.instance_no)
        ]
        clocks.targets.append(new)
    clocks.fresh = []


def forget_past(clocks: Clocks) -> None:
    """Forget targets of single clocks that have ended."""
    if any(each.instance_no is not None for each in clocks.targets):
        running = {(clock.metric, clock.number) for clock in clocks.every}
        clocks.targets = [each for each in clocks.targets if _may_come(each, clocks, running)]


def _may_come(target: SlaTargetApplied, clocks: Clocks, running: set[tuple[str, int]]) -> bool:
    if target.instance_no is None or (target.metric, target.instance_no) in running:
        return True
    only = NEVER if clocks.runs else 0
    started = {FIRST_REPLY: only, NEXT_REPLY: clocks.later}.get(target.metric, clocks.runs)
    return target.instance_no > started


def _said(case: Case, held: Standing, at: int) -> Mapping[str, Goal]:
    """Return the goals by metric, shared by all tickets that the policies cannot tell apart."""
    said: dict[tuple[object, ...], dict[str, Goal]] = case.rules.sla_goals
    version = bisect_right(case.rules.sla_moments, at)
    key = (version, held.group_id, held.priority, held.topic, case.likeness)
    found = said.get(key)
    if found is None:
        if len(said) >= MOST_SAID:
            said.clear()
        found = said[key] = dict(_decided(case, held, at))
    return found


def _decided(case: Case, held: Standing, at: int) -> Iterator[tuple[str, Goal]]:
    """Return what the one policy that decides says."""
    ticket = case.ticket
    subject = Subject(ticket.account_id, case.likeness[0], held.group_id, held.priority, held.topic)
    policy = chosen(case.rules.sla_policies(at), subject)
    if policy is None:
        return
    for metric in METRICS:
        limit = policy.limit(metric, held.priority)
        if limit is not None:
            schedule = (policy.schedule_id or ticket.schedule_id) if limit.is_business else ""
            yield metric, Goal(policy.policy_id, policy.version, limit.duration, limit.is_business, schedule)
