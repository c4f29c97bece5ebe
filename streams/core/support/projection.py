"""What a ticket says that later events may still change: as if its last moment were over."""

import msgspec

from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.support import sla, sla_rows, ticket_rows
from streams.core.support.business import business_of
from streams.core.support.measures import measures
from streams.core.support.moments import Ahead, ahead_of
from streams.core.support.sla_clocks import Instance
from streams.core.support.sla_goals import Case, case_of
from streams.core.support.summary import summary
from streams.core.support.ticket import Ticket


def project(ticket: Ticket, scope: Scope, outputs: Outputs) -> None:
    """List what is open of a ticket."""
    if ticket.last is None:
        return
    ahead, rules, life = ahead_of(ticket, scope), scope.rules, ticket.life
    over, rows = ahead.ticket, outputs.rows
    rows.append(summary(over, business_of(over, rules)))
    rows.extend(ahead.ended)
    if over.talk.waiting is not None:
        rows.append(ticket_rows.wait_row(over, over.talk.waiting, rules))
    rows.extend(ticket_rows.solve_row(over, each) for each in (*life.earlier, life.solve) if each is not None)
    outputs.measures.update(measures(over))
    if over.opened is None:
        return
    rows.append(ticket_rows.span_row(over, over.spans.from_at, None, life.standing))
    if over.clocks.every and _has_targets(over, scope):
        case, instances = _lasting(ahead)
        for each in instances:
            rows.append(sla_rows.row(case, each))
            if sla_rows.is_told(ticket, each, scope.passed):
                raised = sla_rows.signal(ticket, each, scope.passed)
                outputs.signals[raised.signal_id] = raised


def deadline(ticket: Ticket, scope: Scope) -> int:
    """When time alone changes a service level clock next."""
    if ticket.opened is None:
        return NEVER
    ahead = ahead_of(ticket, scope)
    over = ahead.ticket
    if not over.clocks.every or not _has_targets(over, scope):
        return NEVER
    case, instances = _lasting(ahead)
    return sla.deadline(case, over.life.standing, instances, scope.passed)


def _has_targets(over: Ticket, scope: Scope) -> bool:
    """Whether any clock may have, or have had, a target."""
    return bool(scope.rules.sla) or any(each.target is not None for each in over.clocks.every)


def _lasting(ahead: Ahead) -> tuple[Case, list[Instance]]:
    """Return the clocks that may still change, driven as far as time is known to have gone."""
    if ahead.lasting is None:
        case = _told(ahead.ticket, ahead.scope)
        ahead.lasting = case, list(sla.lasting(case, ahead.ticket.life.standing, ahead.scope.passed))
    return ahead.lasting


def _told(over: Ticket, scope: Scope) -> Case:
    """Return a case of which the clocks know all that policies have said by then."""
    if sla.has_news(over.clocks, scope.rules, scope.passed):
        over = msgspec.structs.replace(over, clocks=sla.copied(over.clocks))
    case = case_of(over, scope.rules)
    sla.tell_policies(case, over.life.standing, scope.passed)
    return case
