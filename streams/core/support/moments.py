"""Moments of a ticket: what is decided once one is over.

Events of one moment come in fold order, and only the last word of each counts: waits end behind all messages of the
moment, spans and service level clocks go by how the ticket stands at its end.
"""

import msgspec

from streams.core.health.handing import hand_over
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.rows_sla import SlaInstanceRow
from streams.core.support import signs, sla, sla_rows, ticket_rows
from streams.core.support.business import business_of
from streams.core.support.sla_clocks import Instance
from streams.core.support.sla_goals import case_of
from streams.core.support.solving import decided
from streams.core.support.spans import shown
from streams.core.support.talking import end_wait
from streams.core.support.ticket import Ticket

_AHEAD = "ahead"


class Ahead(msgspec.Struct, gc=False):
    """A ticket as it stands if its last moment is over, and the rows and facts that ended with that.

    `lasting` are its clocks that may still change and their rows, once somebody has asked for them.
    """

    scope: Scope
    ticket: Ticket
    ended: Outputs
    lasting: list[tuple[Instance, SlaInstanceRow]] | None = None


def pass_to(ticket: Ticket, at: int, scope: Scope, sealed: Outputs | None) -> None:
    """Let time pass to the moment of the next event; seal what no event from then on can change."""
    ahead: Ahead | None = ticket.__dict__.pop(_AHEAD, None)
    for solve in decided(ticket.life, at) if ticket.life.earlier else ():
        if sealed is not None:
            sealed.rows.extend(ticket_rows.solve_rows(ticket, (solve,)))
    if ticket.opened is None or at <= ticket.spans.at:
        _end_waits(ticket, at, scope, sealed)
        return
    if ahead is None or ahead.scope is not scope:
        ahead = _over(ticket, scope)
    over = ahead.ticket
    ticket.talk, ticket.spans, ticket.clocks = over.talk, over.spans, over.clocks
    ticket.spans.at = at
    if sealed is not None:
        ahead.ended.behind(sealed)


def ahead_of(ticket: Ticket, scope: Scope) -> Ahead:
    """Return a ticket as if its last moment were over; worked out once between two events."""
    ahead: Ahead | None = ticket.__dict__.get(_AHEAD)
    if ahead is None or ahead.scope is not scope:
        ahead = ticket.__dict__[_AHEAD] = _over(_copied(ticket), scope)
    return ahead


def _over(ticket: Ticket, scope: Scope) -> Ahead:
    """Let the last moment of a ticket be over."""
    ended = Outputs()
    _end_waits(ticket, NEVER, scope, ended)
    if ticket.opened is not None:
        _end_moment(ticket, scope, ended)
    return Ahead(scope, ticket, ended)


def _copied(ticket: Ticket) -> Ticket:
    """Return a ticket of which moments can end without changing the other one. What became of it does not change."""
    replace = msgspec.structs.replace
    clocks = sla.copied(ticket.clocks)
    return replace(ticket, talk=replace(ticket.talk), spans=replace(ticket.spans), clocks=clocks)


def _end_waits(ticket: Ticket, at: int, scope: Scope, sealed: Outputs | None) -> None:
    """End the wait that lasts by what ended waits before a moment."""
    if not ticket.talk.endings:
        return
    for ending in ticket.talk.ended_before(at):
        if ticket.talk.waiting is not None:
            end_wait(ticket, ending, scope, sealed)


def _end_moment(ticket: Ticket, scope: Scope, sealed: Outputs) -> None:
    """Decide what the moment that lasts has changed."""
    hand_over(signs.turned(ticket), sealed)
    spans, now = ticket.spans, ticket.life.standing
    was = spans.held
    if was is None:
        spans.from_at = spans.status_from = spans.at
    elif was == now:
        if not spans.is_told:
            return
    else:
        if shown(was) != shown(now):
            sealed.rows.append(ticket_rows.span_row(ticket, spans.from_at, spans.at, was))
            spans.from_at = spans.at
        if was.status != now.status:
            _lasted(ticket, was.status, scope)
            spans.status_from = spans.at
    spans.held, spans.is_told = now, False
    case = case_of(ticket, scope.rules)
    ended = sla.settle(case, spans.at, was, now)
    rows = [sla_rows.row(case, each) for each in ended]
    sealed.rows.extend(rows)
    hand_over(signs.outcomes(ticket, rows), sealed)


def _lasted(ticket: Ticket, status: str, scope: Scope) -> None:
    """Add a status that has ended to the sum of its like."""
    spans = ticket.spans
    if status not in spans.SUMMED:
        return
    calendar, in_hours = spans.lasted.get(status, (0, 0))
    counted = business_of(ticket, scope.rules)(spans.status_from, spans.at)
    spans.lasted = {**spans.lasted, status: (calendar + spans.at - spans.status_from, in_hours + (counted or 0))}
