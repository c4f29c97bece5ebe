"""Service level clocks of a ticket: how each of them runs, and when the next one runs out.

A clock exists by what happened to the ticket; a policy, or the source itself, gives it a target. Whatever changes the
ticket's policy gives the same clock another target. Times are microseconds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from streams.core.clock.timer import Target, Timer
from streams.core.limits import NEVER
from streams.core.rules import Rules
from streams.core.support.life import Span, Standing
from streams.core.support.sla_clocks import GONE, Clock, clocks
from streams.core.support.sla_goals import Case, Goal, asked_of, case_of, goal_at
from streams.core.support.ticket import Ticket

_STOPPED = {
    "first_reply": GONE,
    "next_reply": GONE,
    "resolution": GONE,
    "requester_wait": GONE | {"pending"},
    "agent_work": GONE | {"pending", "hold"},
}
"""By metric: statuses in which its clocks stand still."""
_FROM = attrgetter("from_at")


class Instance(NamedTuple):
    """A clock that has, or had, a target: the last one, and the priority of the ticket when it was set.

    `dropped_at` is when it lost that target without getting another, None while it has one.
    """

    clock: Clock
    timer: Timer
    goal: Goal
    priority: str
    dropped_at: int | None
    assignee_id: str

    @property
    def state(self) -> str:
        if self.timer.breached_at is not None:
            return "breached"
        if self.cancelled_at is not None:
            return "cancelled"
        if self.clock.end is not None:
            return "fulfilled"
        return "running" if self.timer.is_running else "paused"

    @property
    def fulfilled_at(self) -> int | None:
        return self.clock.end if self.clock.is_kept and self.dropped_at is None else None

    @property
    def cancelled_at(self) -> int | None:
        return self.dropped_at if self.dropped_at is not None or self.clock.is_kept else self.clock.end


def instances(ticket: Ticket | None, rules: Rules, passed: int) -> Sequence[Instance]:
    """Clocks with a target, each driven as far as is known: to `passed`, or to the newest event of the ticket.

    A ticket remembers them: rows, deadline and signals of one change all ask for the same.
    """
    if ticket is None or not (rules.sla or ticket.life.targets):
        return ()
    held = ticket.driven
    if held is not None and held[0] is rules and held[1] == passed:
        return held[2]
    case, known = case_of(ticket, rules), known_to(ticket, passed)
    asked = asked_of(case, known)
    driven = (_driven(clock, case, known, passed) for clock in clocks(ticket) if clock.metric in asked) if asked else ()
    found = [instance for instance in driven if instance is not None]
    ticket.driven = rules, passed, found
    return found


def known_to(ticket: Ticket, passed: int) -> int:
    """Up to when the ticket's story is told: what policies change later than that has not come yet."""
    moments = [span.from_at for span in ticket.life.spans[-1:]]
    moments += [message.sent_at for message in ticket.messages[-1:]]
    moments += [target.occurred_at for target in ticket.life.targets[-1:]]
    return max([passed, *moments])


def _driven(clock: Clock, case: Case, known: int, passed: int) -> Instance | None:
    """Run one clock through everything that happened to it; None where no target was ever set."""
    spans = _within(case.ticket.life.spans, clock)
    until = known if clock.end is None else clock.end
    told = _told(clock, case, spans, until)
    if all(goal is None for _, _, goal in told):
        return None
    dropped = _dropped(told)
    timer = Timer(clock.start, None)
    now: Goal | None = None
    latest, priority = now, ""
    for at, held, goal in told:
        if at == dropped:
            break
        if goal != now:
            timer.retarget(at, _target(goal, clock, case.rules))
            latest, priority = (latest, priority) if goal is None else (goal, held.priority)
            now = goal
        if held.status in _STOPPED[clock.metric]:
            timer.pause(at)
        else:
            timer.resume(at)
    end = clock.end if dropped is None else dropped
    if end is not None:
        timer.end(end)
    timer.pass_to(passed)
    assert latest is not None
    return Instance(clock, timer, latest, priority, dropped, spans[-1].standing.assignee_id)


def _dropped(told: Sequence[tuple[int, Standing, Goal | None]]) -> int | None:
    """When a clock lost its target for good: there its story ends. None where it has one, or never had."""
    dropped = None
    for at, _, goal in reversed(told):
        if goal is not None:
            return dropped
        dropped = at
    return None


def _told(clock: Clock, case: Case, spans: Sequence[Span], until: int) -> list[tuple[int, Standing, Goal | None]]:
    """(moment, how the ticket stands, what the clock is to keep) for each moment at which anything may change."""
    told, place, last = [], 0, len(spans) - 1
    for at in _moments(clock, case, spans, until):
        while place < last and spans[place + 1].from_at <= at:
            place += 1
        held = spans[place].standing
        told.append((at, held, goal_at(clock, case, held, at)))
    return told


def _moments(clock: Clock, case: Case, spans: Sequence[Span], until: int) -> list[int]:
    """When anything may change for a clock: its start, the ticket, what the source applied, the policies."""
    targets, policies = case.ticket.life.targets, case.rules.sla_moments
    turns = policies[bisect_right(policies, clock.start) : bisect_right(policies, until)]
    if len(spans) == 1 and not targets and not turns:
        return [clock.start]
    moments = {clock.start, *(span.from_at for span in spans[1:]), *turns}
    moments.update(each.occurred_at for each in targets if clock.start < each.occurred_at <= until)
    return sorted(moments)


def _within(spans: Sequence[Span], clock: Clock) -> Sequence[Span]:
    """The span in which a clock starts, and those that begin up to its end.

    What changes at its very end counts, so that an event of the same moment never takes away a target that was set.
    """
    first = max(0, bisect_right(spans, clock.start, key=_FROM) - 1)
    return spans[first : len(spans) if clock.end is None else bisect_right(spans, clock.end, key=_FROM)]


def _target(goal: Goal | None, clock: Clock, rules: Rules) -> Target | None:
    if goal is None:
        return None
    return Target(goal.duration, rules.calendar(goal.schedule_id, clock.start) if goal.is_business else None)


def deadline(ticket: Ticket | None, rules: Rules, passed: int) -> int:
    """When time alone changes a clock next: one runs out, or policies set it another target; NEVER if none."""
    if ticket is None or not (rules.sla or ticket.life.targets):
        return NEVER
    due = (each.timer.due_at for each in instances(ticket, rules, passed) if _is_open(each))
    return min((at for at in (*due, *_turns(ticket, rules, passed)) if at > passed), default=NEVER)


def _turns(ticket: Ticket, rules: Rules, passed: int) -> Iterator[int]:
    """When policies that are known to come give a clock another target."""
    known = known_to(ticket, passed)
    later = rules.sla_moments[bisect_right(rules.sla_moments, known) :]
    if not later:
        return
    case, held = case_of(ticket, rules), ticket.life.spans[-1].standing if ticket.life.spans else Standing()
    for clock in clocks(ticket):
        if clock.end is None:
            goal = goal_at(clock, case, held, known)
            yield next((at for at in later if goal_at(clock, case, held, at) != goal), NEVER)


def _is_open(instance: Instance) -> bool:
    return instance.timer.is_running and instance.timer.breached_at is None
