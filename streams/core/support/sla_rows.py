"""Service level clocks in rows and signals."""

from streams.core.algebra import Signal, derived_id
from streams.core.clock.timer import Timer
from streams.core.limits import NEVER
from streams.core.rows_sla import SlaInstanceRow
from streams.core.support.sla_clocks import Instance
from streams.core.support.sla_goals import Case
from streams.core.support.sla_policy import SECOND
from streams.core.support.ticket import Ticket

RECENT = 3600 * SECOND
"""Nobody is called about a breach that is older than this when the ticket's last event is stored."""


def row(case: Case, instance: Instance) -> SlaInstanceRow:
    """Return the row of a clock that has, or had, a target."""
    ticket, goal = case.ticket, instance.goal
    timer = Timer.resumed(instance.progress, case.hours)
    at_risk = timer.left_at(case.rules.at_risk_time(instance.start).value * SECOND) if timer.is_running else NEVER
    return SlaInstanceRow(
        ticket.account_id,
        ticket.ticket_id,
        instance.metric,
        instance.number,
        instance.state,
        instance.start,
        _moment(timer.due_at),
        _moment(at_risk),
        timer.running_since,
        timer.paused_since,
        instance.fulfilled_at,
        timer.breached_at,
        instance.cancelled_at,
        goal.duration,
        goal.is_business,
        timer.counted,
        goal.policy_id,
        goal.version,
        goal.schedule_id,
        instance.priority,
        ticket.channel,
        instance.assignee_id,
        ticket.is_test,
    )


def _moment(at: int) -> int | None:
    return None if at == NEVER else at


def is_told(ticket: Ticket, instance: Instance, passed: int) -> bool:
    """Return whether somebody is to be told that a clock ran out: as time passes, and not in the distant past."""
    assert ticket.last is not None
    is_recent = ticket.last.ingested_at <= passed + RECENT
    return is_recent and instance.progress.breached_at == passed and instance.cancelled_at is None


def signal(ticket: Ticket, instance: Instance, at: int) -> Signal:
    """Return what tells that a clock ran out."""
    goal = instance.goal
    assert ticket.opened is not None
    detail = {
        "metric": instance.metric,
        "instance_no": str(instance.number),
        "policy_id": goal.policy_id,
        "policy_version": goal.version,
        "priority": instance.priority,
        "channel": ticket.channel,
        "assignee_id": instance.assignee_id,
    }
    name = f"sla_breached/{instance.metric}/{instance.number}"
    named = derived_id(ticket.opened.event_id, name)
    return Signal(named, "sla_breached", ticket.account_id, ticket.ticket_id, at, detail)
