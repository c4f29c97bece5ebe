"""The run of a ticket's service level clocks: moment by moment, each told once it is over.

Within a moment everything may still change; policies that change between two moments are told in between. Times are
microseconds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from streams.core.clock.timer import Progress, Target, Timer
from streams.core.limits import NEVER
from streams.core.rules import Rules
from streams.core.support.life import DONE, GONE, Standing
from streams.core.support.sla_clocks import FIRST_REPLY, NEXT_REPLY, UNTIL_SOLVED, Clock, Clocks, Goal, Instance
from streams.core.support.sla_goals import Case, apply_fresh, forget_past, goal_at

_STOPPED = {
    "first_reply": GONE,
    "next_reply": GONE,
    "resolution": GONE,
    "requester_wait": GONE | {"pending"},
    "agent_work": GONE | {"pending", "hold"},
}
"""By metric: statuses in which its clocks stand still."""


def copied(clocks: Clocks) -> Clocks:
    """Return clocks that can be told something without the others hearing of it."""
    replace = msgspec.structs.replace
    every = [replace(each, progress=replace(each.progress)) for each in clocks.every]
    return replace(clocks, every=every)


def ask(clocks: Clocks, start: int) -> None:
    """Start the clock of a wait after the first reply."""
    clocks.later += 1
    clocks.every.append(Clock.started(NEXT_REPLY, clocks.later, start))


def answer(clocks: Clocks, at: int, *, is_kept: bool) -> None:
    """End the clock of a wait, if it has one."""
    for clock in clocks.every:
        if clock.metric == NEXT_REPLY and clock.end is None:
            clock.end, clock.is_kept = max(at, clock.start), is_kept


def settle(case: Case, at: int, was: Standing | None, now: Standing) -> list[Instance]:
    """Close a moment in which the ticket came to stand as it does `now`; return the clocks that ended."""
    clocks = case.ticket.clocks
    is_news = was != now or bool(clocks.fresh) or has_news(clocks, case.rules, at)
    if was is not None:
        tell_policies(case, was, at - 1)
    apply_fresh(clocks)
    clocks.told_to = max(clocks.told_to, at)
    is_done = now.status in DONE
    ends = clocks.is_unsolved and is_done
    if not clocks.is_unsolved and not is_done and not (clocks.was_done and now.status in GONE):
        _start(clocks, at)
    clocks.is_unsolved = clocks.is_unsolved and not is_done
    clocks.was_done = clocks.was_done or is_done
    ended: list[Instance | None] = []
    lasting = []
    for clock in clocks.every:
        if is_news or clock.start == at:
            _tell(clock, case, now, at)
        if clock.metric != NEXT_REPLY and _settled(clock, case, now, at, ends=ends):
            is_told = clock.is_replied
            ended.append(clock.kept if is_told else _instance(clock, case, now.assignee_id, at, is_kept=True))
        elif clock.end is not None:
            ended.append(_instance(clock, case, now.assignee_id, clock.end, is_kept=clock.is_kept))
        else:
            lasting.append(clock)
    clocks.every = lasting
    forget_past(clocks)
    return [each for each in ended if each is not None]


def _start(clocks: Clocks, at: int) -> None:
    clocks.is_unsolved = True
    clocks.runs += 1
    metrics = UNTIL_SOLVED if clocks.runs > 1 else (FIRST_REPLY, *UNTIL_SOLVED)
    clocks.every.extend(Clock.started(metric, clocks.runs, at) for metric in metrics)


def _settled(clock: Clock, case: Case, now: Standing, at: int, *, ends: bool) -> bool:
    """Return whether a clock that a solve ends has been kept for good, by a solve or by the first reply.

    A removal ends it only for as long as it stands, and what came meanwhile was not waited for as long.
    """
    is_gone = now.status in GONE
    if clock.metric == FIRST_REPLY and case.ticket.talk.replied_at is not None and not clock.is_replied:
        if not clock.is_gone:
            return True
        clock.is_replied = True
        clock.kept = _instance(clock, case, now.assignee_id, at, is_kept=True)
    if not is_gone:
        clock.is_gone, clock.gone = False, None
    elif not clock.is_gone:
        clock.is_gone, clock.gone = True, _instance(clock, case, now.assignee_id, at, is_kept=False)
    return ends or (clock.is_replied and not is_gone)


def _news(clocks: Clocks, rules: Rules, until: int) -> Sequence[int]:
    """Moments at which policies change that no clock has heard of, up to one."""
    moments = rules.sla_moments
    if not moments or until < moments[0] or until <= clocks.told_to:
        return ()
    return moments[bisect_right(moments, clocks.told_to) : bisect_right(moments, until)]


def has_news(clocks: Clocks, rules: Rules, until: int) -> bool:
    """Return whether policies change up to a moment in a way that no clock has heard of."""
    return bool(_news(clocks, rules, until))


def tell_policies(case: Case, held: Standing, until: int) -> None:
    """Tell every clock what policies say at each moment at which any of them changes, up to one."""
    clocks = case.ticket.clocks
    for at in _news(clocks, case.rules, until):
        for clock in clocks.every:
            if clock.start <= at:
                _tell(clock, case, held, at)
        clocks.told_to = at


def _tell(clock: Clock, case: Case, held: Standing, at: int) -> None:
    """Tell a clock how the ticket stands at a moment, and what it is to keep from then on."""
    goal = goal_at(clock, case, held, at)
    timer = Timer.resumed(clock.progress, case.hours)
    if goal is not None:
        clock.dropped, clock.dropped_at = None, None
    elif clock.target is not None and clock.dropped is None:
        clock.dropped, clock.dropped_at = _ended(clock.progress, case, at), at
    if goal != clock.goal:
        timer.retarget(at, None if goal is None else _target(goal))
        if goal is not None:
            clock.target, clock.priority = goal, held.priority
        clock.goal = goal
    if held.status in _STOPPED[clock.metric]:
        timer.pause(at)
    else:
        timer.resume(at)


def _target(goal: Goal) -> Target:
    return Target(goal.duration, goal.schedule_id)


def _ended(progress: Progress, case: Case, at: int) -> Progress:
    ended = msgspec.structs.replace(progress)
    Timer.resumed(ended, case.hours).end(at)
    return ended


def _instance(clock: Clock, case: Case, assignee_id: str, end: int | None, *, is_kept: bool) -> Instance | None:
    """Return what a clock says if it ends, or lasts, as it is; None where no target was ever set."""
    if clock.target is None:
        return None
    if clock.dropped is not None:
        progress = clock.dropped
    elif end is not None:
        progress = _ended(clock.progress, case, end)
    else:
        progress = msgspec.structs.replace(clock.progress)
    return Instance(
        clock.metric,
        clock.number,
        progress,
        clock.target,
        clock.priority,
        assignee_id,
        end,
        is_kept,
        clock.dropped_at,
    )


def lasting(case: Case, held: Standing, passed: int) -> Iterator[Instance]:
    """Yield what the clocks say that may still change, as far as time is known to have gone."""
    for clock in case.ticket.clocks.every:
        found = clock.gone if clock.is_gone else _instance(clock, case, held.assignee_id, None, is_kept=False)
        if found is not None:
            Timer.resumed(found.progress, case.hours).pass_to(passed)
            yield found


def turns(case: Case, held: Standing, passed: int) -> Iterator[int]:
    """Return when policies that are known to come give a clock another target."""
    moments, clocks = case.rules.sla_moments, case.ticket.clocks
    known = max(passed, clocks.told_to)
    later = moments[bisect_right(moments, known) :]
    for clock in clocks.every if later else ():
        if not clock.is_gone:
            goal = goal_at(clock, case, held, known)
            yield next((at for at in later if goal_at(clock, case, held, at) != goal), NEVER)
