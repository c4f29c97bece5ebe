"""What a service level clock is to keep at a moment, and whose word that is. Times are microseconds."""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from typing import NamedTuple

from streams.core.rules import Rules
from streams.core.support.life import Standing
from streams.core.support.sla_clocks import Clock
from streams.core.support.sla_policy import METRICS, SECOND, Subject, chosen
from streams.core.support.ticket import Ticket


class Goal(NamedTuple):
    """A target as it is set, and by whom; `schedule_id` is empty for calendar time."""

    policy_id: str
    version: str
    duration: int
    is_business: bool
    schedule_id: str


MOST_SAID = 10_000
"""Answers that rules keep: groups and topics may be many."""


class Case(NamedTuple):
    """A ticket under its rules; `likeness` is all that policies may see of it beside its standing."""

    ticket: Ticket
    rules: Rules
    likeness: tuple[str, str, str]


def case_of(ticket: Ticket, rules: Rules) -> Case:
    channel = "" if ticket.opened is None else ticket.opened.channel
    return Case(ticket, rules, (channel, ticket.schedule_id, ticket.account_id if rules.sla_names_accounts else ""))


def goal_at(clock: Clock, case: Case, held: Standing, at: int) -> Goal | None:
    """What a clock is to keep as of a moment: what the source applied last, otherwise what the policy in force says.

    None where nothing is set, or business time is wanted whose hours are not known when the clock starts.
    """
    goal = _applied(clock, case.ticket, at) or _said(case, held, at).get(clock.metric)
    if goal is None or not goal.is_business:
        return goal
    return None if case.rules.calendar(goal.schedule_id, clock.start) is None else goal


def _applied(clock: Clock, ticket: Ticket, at: int) -> Goal | None:
    if not ticket.life.targets:
        return None
    for each in reversed(ticket.life.targets):
        if each.metric == clock.metric and each.occurred_at <= at and each.instance_no in (None, clock.number):
            schedule = ticket.schedule_id if each.business_hours else ""
            return Goal(each.policy_id or "", "", each.target_s * SECOND, each.business_hours, schedule)
    return None


def asked_of(case: Case, known: int) -> Collection[str]:
    """Metrics that anybody set a target for while the ticket lived up to a moment; clocks of others are none.

    A policy may name more of them than there are clocks for; every clock that ever has a target is among them.
    """
    if case.ticket.life.targets:
        return METRICS
    spans, moments = case.ticket.life.spans, case.rules.sla_moments
    turns = moments[bisect_right(moments, spans[0].from_at) : bisect_right(moments, known)] if spans else ()
    found: set[str] = set()
    for span in spans:
        for at in (spans[0].from_at, *turns):
            found.update(_said(case, span.standing, at))
    return found


def _said(case: Case, held: Standing, at: int) -> dict[str, Goal]:
    """What policies say, by metric: the same to all tickets that they cannot tell apart, and most are like others."""
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
    """What the one policy that decides says."""
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
