"""Service level clocks in rows and signals."""

from collections.abc import Sequence

from streams.core.algebra import Signal, derived_id
from streams.core.limits import NEVER
from streams.core.rows import SlaInstanceRow
from streams.core.rules import Rules
from streams.core.support.sla import Instance, instances
from streams.core.support.sla_clocks import Clock, clocks
from streams.core.support.sla_policy import SECOND
from streams.core.support.ticket import Ticket

RECENT = 3600 * SECOND
"""Nobody is called about a breach that is older than this when the ticket's last event is stored."""


def rows(ticket: Ticket, rules: Rules, passed: int) -> Sequence[SlaInstanceRow]:
    """One row per clock that has, or had, a target."""
    return [_row(ticket, each, rules) for each in instances(ticket, rules, passed)]


def _row(ticket: Ticket, instance: Instance, rules: Rules) -> SlaInstanceRow:
    clock, timer, goal = instance.clock, instance.timer, instance.goal
    at_risk = timer.left_at(rules.at_risk_time(clock.start).value * SECOND) if timer.is_running else NEVER
    assert ticket.opened is not None
    return SlaInstanceRow(
        ticket.account_id,
        ticket.ticket_id,
        clock.metric,
        clock.number,
        instance.state,
        clock.start,
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
        ticket.opened.channel,
        instance.assignee_id,
        ticket.is_test,
    )


def _moment(at: int) -> int | None:
    return None if at == NEVER else at


def absent(ticket: Ticket | None, rules: Rules, passed: int) -> Sequence[SlaInstanceRow]:
    """Rows that other rules may have written for clocks that these set no target for; only their keys mean anything."""
    if ticket is None or not ticket.stands:
        return ()
    present = {(each.clock.metric, each.clock.number) for each in instances(ticket, rules, passed)}
    return [_nothing(ticket, clock) for clock in clocks(ticket) if (clock.metric, clock.number) not in present]


def _nothing(ticket: Ticket, clock: Clock) -> SlaInstanceRow:
    nothing = (None,) * 7
    return SlaInstanceRow(
        ticket.account_id, ticket.ticket_id, clock.metric, clock.number, "cancelled", clock.start,
        *nothing, 0, False, 0, "", "", "", "", "", "", ticket.is_test,
    )  # fmt: skip


def signals(before: Ticket | None, after: Ticket | None, rules: Rules, passed: int) -> Sequence[Signal]:
    """A signal for each clock that runs out as time passes; none for the distant past."""
    if before is not after or after is None or after.last.ingested_at > passed + RECENT:
        return ()
    return [
        _signal(after, each, passed)
        for each in instances(after, rules, passed)
        if each.timer.breached_at == passed and each.cancelled_at is None
    ]


def _signal(ticket: Ticket, instance: Instance, at: int) -> Signal:
    clock, goal = instance.clock, instance.goal
    assert ticket.opened is not None
    detail = {
        "metric": clock.metric,
        "instance_no": str(clock.number),
        "policy_id": goal.policy_id,
        "policy_version": goal.version,
        "priority": instance.priority,
        "channel": ticket.opened.channel,
        "assignee_id": instance.assignee_id,
    }
    name = f"sla_breached/{clock.metric}/{clock.number}"
    named = derived_id(ticket.opened.event_id, name)
    return Signal(named, "sla_breached", ticket.account_id, ticket.ticket_id, at, detail)
