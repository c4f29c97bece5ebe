"""Open outputs of a ticket, which later events may still change: as if its last moment were over."""

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import TicketEvent
from streams.core.health.handing import hand_over
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rules import Rules
from streams.core.support import signs, sla, sla_rows, telling, ticket, ticket_rows
from streams.core.support.business import business_of
from streams.core.support.measures import measures
from streams.core.support.moments import Ahead, ahead_of
from streams.core.support.sla_clocks import Instance
from streams.core.support.sla_goals import Case, case_of
from streams.core.support.summary import summary
from streams.core.support.ticket import Ticket

_ROWS = "rows"


def project(ticket: Ticket, scope: Scope, outputs: Outputs) -> None:
    """List what is open of a ticket."""
    if ticket.last is None:
        return
    ahead, rules, life = ahead_of(ticket, scope), scope.rules, ticket.life
    over, rows = ahead.ticket, outputs.rows
    rows.append(summary(over, business_of(over, rules)))
    ahead.ended.behind(outputs)
    hand_over(signs.told(over), outputs)
    if over.talk.waiting is not None:
        rows.append(ticket_rows.wait_row(over, over.talk.waiting, rules))
    rows.extend(ticket_rows.solve_rows(over, (each for each in (*life.earlier, life.solve) if each is not None)))
    outputs.measures.update(measures(over))
    if over.opened is None:
        return
    rows.append(ticket_rows.span_row(over, over.spans.from_at, None, life.standing))
    for instance, row in _clocks(ticket, ahead):
        rows.append(row)
        if row.breached_at is not None:
            hand_over(signs.outcomes(ticket, (row,)), outputs)
        if sla_rows.is_told(ticket, instance, scope.passed):
            raised = sla_rows.signal(ticket, instance, scope.passed)
            outputs.signals[raised.signal_id] = raised


def deadline(ticket: Ticket, scope: Scope) -> int:
    """Return when time alone changes a service level clock next: one runs out, or policies set it another target."""
    if ticket.opened is None:
        return NEVER
    ahead = ahead_of(ticket, scope)
    due = [
        row.due_at
        for _, row in _clocks(ticket, ahead)
        if row.running_since is not None and row.breached_at is None and row.due_at is not None
    ]
    case = case_of(ahead.ticket, scope.rules)
    turns = sla.turns(case, ahead.ticket.life.standing, scope.passed)
    return min((at for at in (*due, *turns) if at > scope.passed), default=NEVER)


def _clocks(ticket: Ticket, ahead: Ahead) -> list[tuple[Instance, SlaInstanceRow]]:
    """Return the clocks that may still change and their rows, as far as time is known to have gone."""
    if ahead.lasting is None:
        ahead.lasting = list(_lasting(ticket, ahead.ticket, ahead.scope))
    return ahead.lasting


def _lasting(ticket: Ticket, over: Ticket, scope: Scope) -> Iterator[tuple[Instance, SlaInstanceRow]]:
    rules, passed, held = scope.rules, scope.passed, over.life.standing
    if not over.clocks.every or not (rules.sla or any(each.target is not None for each in over.clocks.every)):
        return
    if sla.has_news(over.clocks, rules, passed):
        over = msgspec.structs.replace(over, clocks=sla.copied(over.clocks))
    case, known = case_of(over, rules), ticket.__dict__.setdefault(_ROWS, {})
    sla.tell_policies(case, held, passed)
    for each in sla.lasting(case, held, passed):
        yield each, _row(known, case, each)


def _row(known: dict[object, tuple[Rules, Instance, SlaInstanceRow]], case: Case, instance: Instance) -> SlaInstanceRow:
    """Return the row of a clock; most events leave most clocks as they were, so that the last one is kept."""
    place = instance.metric, instance.number
    held = known.get(place)
    if held is not None and held[0] is case.rules and held[1] == instance:
        return held[2]
    made = sla_rows.row(case, instance)
    known[place] = case.rules, instance, made
    return made


TICKET = Reducer(
    kind="ticket",
    prefix=PREFIXES["ticket"],
    events=TicketEvent,
    identify=attrgetter("ticket_id"),
    accumulator=Ticket,
    apply=telling.apply,
    project=project,
    sort_key=ticket.sort_key,
    part_of=ticket.part_of,
    patch_of=ticket.patch_of,
    deadline=deadline,
    depends_on_rules=True,
)
