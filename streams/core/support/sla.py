"""Service level clocks of a ticket: which there are, how each of them runs, and when the next one runs out.

A clock exists by what happened to the ticket; a policy, or the source itself, gives it a target. Whatever changes the
ticket's policy gives the same clock another target. Times are microseconds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from streams.core.clock.timer import Target, Timer
from streams.core.events import TicketOpened
from streams.core.limits import NEVER
from streams.core.rules import Rules
from streams.core.support.life import DONE, Span, Standing
from streams.core.support.messages import REMOVED
from streams.core.support.sla_policy import SECOND, Subject, chosen
from streams.core.support.ticket import Ticket

GONE = frozenset({"deleted", "merged", "spam"})
_STOPPED = {
    "first_reply": GONE,
    "next_reply": GONE,
    "resolution": GONE,
    "requester_wait": GONE | {"pending"},
    "agent_work": GONE | {"pending", "hold"},
}
"""By metric: statuses in which its clocks stand still."""
_FROM = attrgetter("from_at")
_UNTIL_SOLVED = ("resolution", "requester_wait", "agent_work")


class Clock(NamedTuple):
    """One instance of a metric: from when it is waited, until when, and whether what came is what was waited for."""

    metric: str
    number: int
    start: int
    end: int | None = None
    is_kept: bool = False


class Goal(NamedTuple):
    """A target as it is set, and by whom; `schedule_id` is empty for calendar time."""

    policy_id: str
    version: str
    duration: int
    is_business: bool
    schedule_id: str


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


def clocks(ticket: Ticket) -> Iterator[Clock]:
    """Every clock of a ticket, whether anybody set a target for it or not; none while its start is not known."""
    opened = ticket.opened
    if opened is None:
        return
    runs = list(_unsolved(ticket.life.spans))
    if runs:
        yield _first_reply(ticket, opened, runs[0])
    for metric in _UNTIL_SOLVED:
        for number, (start, end, is_kept) in enumerate(runs, start=1):
            yield Clock(metric, number, start, end, is_kept)
    yield from _next_replies(ticket, opened)


def _unsolved(spans: Sequence[Span]) -> Iterator[tuple[int, int | None, bool]]:
    """(start, end, whether solved) of each time in which the ticket was not done; a removal that stands is an end."""
    start: int | None = None
    for span in spans:
        done = span.standing.status in DONE
        if start is None and not done:
            start = span.from_at
        elif start is not None and done:
            yield start, span.from_at, True
            start = None
    if start is not None:
        last = spans[-1]
        yield start, last.from_at if last.standing.status in GONE else None, False


def _first_reply(ticket: Ticket, opened: TicketOpened, run: tuple[int, int | None, bool]) -> Clock:
    """Kept by the first reply, or by a solve without one."""
    start, end, is_kept = run
    replied = max(ticket.replies[0].sent_at, opened.occurred_at) if ticket.replies else None
    if replied is not None and (end is None or replied <= end):
        return Clock("first_reply", 1, start, replied, is_kept=True)
    return Clock("first_reply", 1, start, end, is_kept)


def _next_replies(ticket: Ticket, opened: TicketOpened) -> Iterator[Clock]:
    """One for each wait after the first reply; the wait before it is the first reply's own."""
    if not ticket.replies:
        return
    first = ticket.replies[0].sent_at
    later = (ask for ask in ticket.asks if ask.asked_at > first)
    for number, ask in enumerate(later, start=1):
        start = max(ask.asked_at, opened.occurred_at)
        end = None if ask.ended_at is None else max(start, ask.ended_at)
        yield Clock("next_reply", number, start, end, ask.ended_by not in ("", REMOVED))


def instances(ticket: Ticket | None, rules: Rules, passed: int) -> list[Instance]:
    """Clocks with a target, each driven as far as is known: to `passed`, or to the newest event of the ticket."""
    if ticket is None or not (rules.sla or ticket.life.targets):
        return []
    known = known_to(ticket, passed)
    driven = (_driven(clock, ticket, rules, known, passed) for clock in clocks(ticket))
    return [instance for instance in driven if instance is not None]


def known_to(ticket: Ticket, passed: int) -> int:
    """Up to when the ticket's story is told: what policies change later than that has not come yet."""
    moments = [span.from_at for span in ticket.life.spans[-1:]]
    moments += [message.sent_at for message in ticket.messages[-1:]]
    moments += [target.occurred_at for target in ticket.life.targets[-1:]]
    return max([passed, *moments])


def _driven(clock: Clock, ticket: Ticket, rules: Rules, known: int, passed: int) -> Instance | None:
    """Run one clock through everything that happened to it; None where no target was ever set."""
    spans = _within(ticket.life.spans, clock)
    until = known if clock.end is None else clock.end
    timer, place = Timer(clock.start, None), 0
    now: Goal | None = None
    latest, priority, dropped = now, "", None
    for at in _moments(clock, ticket, rules, spans, until):
        while place + 1 < len(spans) and spans[place + 1].from_at <= at:
            place += 1
        held = spans[place].standing
        goal = goal_at(clock, ticket, rules, held, at)
        if goal != now:
            timer.retarget(at, _target(goal, clock, rules))
            latest, priority = (latest, priority) if goal is None else (goal, held.priority)
            now, dropped = goal, at if goal is None else None
        if held.status in _STOPPED[clock.metric]:
            timer.pause(at)
        else:
            timer.resume(at)
    if clock.end is not None:
        timer.end(clock.end)
    timer.pass_to(passed)
    if latest is None:
        return None
    return Instance(clock, timer, latest, priority, dropped, spans[-1].standing.assignee_id)


def _moments(clock: Clock, ticket: Ticket, rules: Rules, spans: Sequence[Span], until: int) -> list[int]:
    """When anything may change for a clock: its start, the ticket, what the source applied, the policies."""
    moments = {clock.start, *(span.from_at for span in spans[1:])}
    moments.update(each.occurred_at for each in ticket.life.targets if clock.start < each.occurred_at <= until)
    policies = rules.sla_moments
    moments.update(policies[bisect_right(policies, clock.start) : bisect_right(policies, until)])
    return sorted(moments)


def _within(spans: Sequence[Span], clock: Clock) -> Sequence[Span]:
    """The span in which a clock starts, and those that begin up to its end.

    What changes at its very end counts, so that an event of the same moment never takes away a target that was set.
    """
    first = max(0, bisect_right(spans, clock.start, key=_FROM) - 1)
    return spans[first : len(spans) if clock.end is None else bisect_right(spans, clock.end, key=_FROM)]


def goal_at(clock: Clock, ticket: Ticket, rules: Rules, held: Standing, at: int) -> Goal | None:
    """What a clock is to keep as of a moment: what the source applied last, otherwise what the policy in force says.

    None where nothing is set, or business time is wanted whose hours are not known when the clock starts.
    """
    goal = _applied(clock, ticket, at) or _policy(clock, ticket, rules, held, at)
    if goal is None or not goal.is_business:
        return goal
    goal = goal._replace(schedule_id=goal.schedule_id or ticket.schedule_id)
    return None if rules.calendar(goal.schedule_id, clock.start) is None else goal


def _applied(clock: Clock, ticket: Ticket, at: int) -> Goal | None:
    for each in reversed(ticket.life.targets):
        if each.metric == clock.metric and each.occurred_at <= at and each.instance_no in (None, clock.number):
            return Goal(each.policy_id or "", "", each.target_s * SECOND, each.business_hours, "")
    return None


def _policy(clock: Clock, ticket: Ticket, rules: Rules, held: Standing, at: int) -> Goal | None:
    policies = rules.sla_policies(at)
    if not policies or ticket.opened is None:
        return None
    subject = Subject(ticket.account_id, ticket.opened.channel, held.group_id, held.priority, held.topic)
    policy = chosen(policies, subject)
    limit = None if policy is None else policy.limit(clock.metric, held.priority)
    if policy is None or limit is None:
        return None
    schedule = policy.schedule_id if limit.is_business else ""
    return Goal(policy.policy_id, policy.version, limit.duration, limit.is_business, schedule)


def _target(goal: Goal | None, clock: Clock, rules: Rules) -> Target | None:
    if goal is None:
        return None
    return Target(goal.duration, rules.calendar(goal.schedule_id, clock.start) if goal.is_business else None)


def deadline(ticket: Ticket | None, rules: Rules, passed: int) -> int:
    """When time alone changes a clock next: one runs out, or policies set it another target; NEVER if none."""
    if ticket is None or not (rules.sla or ticket.life.targets):
        return NEVER
    due = (each.timer.due_at for each in instances(ticket, rules, passed) if _is_open(each))
    known = known_to(ticket, passed)
    waiting = (clock for clock in clocks(ticket) if clock.end is None)
    turns = (_next_turn(clock, ticket, rules, known) for clock in waiting)
    return min((at for at in (*due, *turns) if at > passed), default=NEVER)


def _is_open(instance: Instance) -> bool:
    return instance.timer.is_running and instance.timer.breached_at is None


def _next_turn(clock: Clock, ticket: Ticket, rules: Rules, known: int) -> int:
    """When policies give a clock another target that goes on as it stands; NEVER where none does."""
    held = ticket.life.spans[-1].standing
    goal = goal_at(clock, ticket, rules, held, known)
    later = rules.sla_moments[bisect_right(rules.sla_moments, known) :]
    return next((at for at in later if goal_at(clock, ticket, rules, held, at) != goal), NEVER)
