"""What a service level clock is to keep at a moment, and whose word that is. Times are microseconds."""

from bisect import bisect_right
from typing import NamedTuple

from streams.core.rules import Rules
from streams.core.support.life import Standing
from streams.core.support.sla_clocks import Clock
from streams.core.support.sla_policy import SECOND, Subject, chosen
from streams.core.support.ticket import Ticket


class Goal(NamedTuple):
    """A target as it is set, and by whom; `schedule_id` is empty for calendar time."""

    policy_id: str
    version: str
    duration: int
    is_business: bool
    schedule_id: str


class Case(NamedTuple):
    """A ticket under its rules; `goals` remembers what policies say of the same standing at the same time."""

    ticket: Ticket
    rules: Rules
    goals: dict[tuple[object, ...], Goal | None]


def goal_at(clock: Clock, case: Case, held: Standing, at: int) -> Goal | None:
    """What a clock is to keep as of a moment: what the source applied last, otherwise what the policy in force says.

    None where nothing is set, or business time is wanted whose hours are not known when the clock starts.
    """
    goal = _applied(clock, case.ticket, at) or _policy(clock.metric, case, held, at)
    if goal is None or not goal.is_business:
        return goal
    return None if case.rules.calendar(goal.schedule_id, clock.start) is None else goal


def _applied(clock: Clock, ticket: Ticket, at: int) -> Goal | None:
    for each in reversed(ticket.life.targets):
        if each.metric == clock.metric and each.occurred_at <= at and each.instance_no in (None, clock.number):
            schedule = ticket.schedule_id if each.business_hours else ""
            return Goal(each.policy_id or "", "", each.target_s * SECOND, each.business_hours, schedule)
    return None


def _policy(metric: str, case: Case, held: Standing, at: int) -> Goal | None:
    version = bisect_right(case.rules.sla_moments, at)
    key = (metric, version, held.group_id, held.priority, held.topic)
    if key not in case.goals:
        case.goals[key] = _said(metric, case, held, at)
    return case.goals[key]


def _said(metric: str, case: Case, held: Standing, at: int) -> Goal | None:
    """What the one policy that decides says."""
    ticket = case.ticket
    channel = "" if ticket.opened is None else ticket.opened.channel
    policy = chosen(
        case.rules.sla_policies(at), Subject(ticket.account_id, channel, held.group_id, held.priority, held.topic)
    )
    limit = None if policy is None else policy.limit(metric, held.priority)
    if policy is None or limit is None:
        return None
    schedule = (policy.schedule_id or ticket.schedule_id) if limit.is_business else ""
    return Goal(policy.policy_id, policy.version, limit.duration, limit.is_business, schedule)
