"""What a ticket says that later events may still change: as if its last moment were over."""

import msgspec

from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.support import sla, sla_rows, ticket_rows
from streams.core.support.business import business_of
from streams.core.support.measures import measures
from streams.core.support.moments import over
from streams.core.support.sla_clocks import Clock, Instance
from streams.core.support.sla_goals import Case, case_of
from streams.core.support.summary import summary
from streams.core.support.ticket import Ticket


def project(ticket: Ticket, scope: Scope, outputs: Outputs) -> None:
    """List what is open of a ticket."""
    if ticket.last is None:
        return
    ahead = _copied(ticket)
    over(ahead, scope, outputs)
    rules, life = scope.rules, ticket.life
    outputs.rows.append(summary(ahead, business_of(ahead, rules)))
    if ahead.talk.waiting is not None:
        outputs.rows.append(ticket_rows.wait_row(ahead, ahead.talk.waiting, rules))
    outputs.rows.extend(ticket_rows.solve_row(ahead, each) for each in (*life.earlier, life.solve) if each is not None)
    outputs.measures.update(measures(ahead))
    if ahead.opened is None:
        return
    outputs.rows.append(ticket_rows.span_row(ahead, ahead.spans.from_at, None, life.standing))
    if ahead.clocks.every:
        case, instances = _instances(ahead, scope)
        for each in instances:
            outputs.rows.append(sla_rows.row(case, each))
            if sla_rows.is_told(ticket, each, scope.passed):
                raised = sla_rows.signal(ticket, each, scope.passed)
                outputs.signals[raised.signal_id] = raised


def deadline(ticket: Ticket, scope: Scope) -> int:
    """When time alone changes a service level clock next."""
    if ticket.opened is None or not (scope.rules.sla or ticket.clocks.targets or ticket.clocks.fresh):
        return NEVER
    ahead = _copied(ticket)
    over(ahead, scope, Outputs())
    case, instances = _instances(ahead, scope)
    return sla.deadline(case, ahead.life.standing, instances, scope.passed)


def _instances(ahead: Ticket, scope: Scope) -> tuple[Case, list[Instance]]:
    """Return the clocks that may still change, driven as far as time is known to have gone."""
    case, held = case_of(ahead, scope.rules), ahead.life.standing
    sla.tell_policies(case, held, scope.passed)
    return case, list(sla.lasting(case, held, scope.passed))


def _copied(ticket: Ticket) -> Ticket:
    """Return a ticket of which moments can end without changing the other one. What became of it does not change."""
    replace = msgspec.structs.replace
    clocks = replace(ticket.clocks, every=[_clock(each) for each in ticket.clocks.every])
    return replace(ticket, talk=replace(ticket.talk), spans=replace(ticket.spans), clocks=clocks)


def _clock(clock: Clock) -> Clock:
    return msgspec.structs.replace(clock, progress=msgspec.structs.replace(clock.progress))
