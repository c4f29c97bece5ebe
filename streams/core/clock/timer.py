"""A clock against a target: started, paused, resumed, given another target, and ended; when it runs out follows.

What happens at the very moment at which time runs out still comes in time. Times and durations are microseconds.
"""

from collections.abc import Mapping

import msgspec

from streams.core.clock.worktime import Calendar
from streams.core.limits import NEVER

Hours = Mapping[str, Calendar]
"""Schedules that targets may go by."""
NO_HOURS: Hours = {}


class Target(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The time that a clock may run: by the hours of a schedule, or day and night without one."""

    duration: int
    schedule_id: str = ""


class Progress(msgspec.Struct, array_like=True, gc=False):
    """The memory of a timer. `ran` is the time of the runs that have ended, by schedule; that of day and night is ''.

    It is replaced and never changed in place, so that copies may share it.
    """

    started_at: int
    since: int | None
    target_since: int
    target: Target | None = None
    paused_at: int | None = None
    breached_at: int | None = None
    ended_at: int | None = None
    ran: dict[str, int] = {}

    @classmethod
    def begun(cls, at: int, target: Target | None = None) -> "Progress":
        """Return that of a clock that starts."""
        return cls(at, at, at, target)


class Timer:
    """One clock, driven forward in order of time; it runs from its start. It changes its `progress` in place.

    Without a target it runs all the same, so that a target given later finds the time that was spent before. `hours`
    has every schedule that a target of it may go by, now or later.
    """

    __slots__ = ("hours", "progress")

    def __init__(self, started_at: int, target: Target | None, hours: Hours = NO_HOURS) -> None:
        self.progress, self.hours = Progress.begun(started_at, target), hours

    @classmethod
    def resumed(cls, progress: Progress, hours: Hours) -> "Timer":
        """Return the timer that left this progress."""
        timer = cls.__new__(cls)
        timer.progress, timer.hours = progress, hours
        return timer

    @property
    def started_at(self) -> int:
        return self.progress.started_at

    @property
    def breached_at(self) -> int | None:
        return self.progress.breached_at

    @property
    def ended_at(self) -> int | None:
        return self.progress.ended_at

    @property
    def is_running(self) -> bool:
        return self.progress.since is not None and self.progress.ended_at is None

    @property
    def running_since(self) -> int | None:
        return self.progress.since if self.progress.ended_at is None else None

    @property
    def paused_since(self) -> int | None:
        return self.progress.paused_at if self.progress.since is None and self.progress.ended_at is None else None

    def pause(self, at: int) -> None:
        if self.is_running:
            self.pass_to(at - 1)
            now = self.progress
            assert now.since is not None
            ran = {name: calendar.between(now.since, at) for name, calendar in self.hours.items()}
            ran[""] = max(at - now.since, 0)
            now.ran = {name: time + now.ran.get(name, 0) for name, time in ran.items()}
            now.since, now.paused_at = None, at

    def resume(self, at: int) -> None:
        if self.progress.since is None and self.progress.ended_at is None:
            self.progress.since = at

    def retarget(self, at: int, target: Target | None) -> None:
        """Count what was spent so far by another target from `at` on; nothing runs out before that moment."""
        if self.progress.ended_at is None:
            self.pass_to(at - 1)
            self.progress.target, self.progress.target_since = target, at

    def end(self, at: int) -> None:
        """Stop the clock for good: fulfilled or cancelled, whichever its owner calls it."""
        if self.progress.ended_at is None:
            self.pass_to(at - 1)
            self.progress.ended_at = at

    def pass_to(self, now: int) -> None:
        """Let time pass: a clock that has run out by `now` is breached, at its own time, and remains so."""
        known = self.progress
        if known.breached_at is not None or known.target is None or known.since is None or known.ended_at is not None:
            return
        # Hours pass no faster than time: most clocks are seen to be in time without asking a calendar.
        if known.since + known.target.duration - self._spent <= now and (due := self.due_at) <= now:
            known.breached_at = due

    @property
    def due_at(self) -> int:
        """Return when time runs out if the clock runs on; if it is paused or has ended, as if it had run on."""
        return self.left_at(0)

    def left_at(self, left: int) -> int:
        """Return when no more than `left` is left; NEVER without a target, or while the clock is paused."""
        known = self.progress
        since = known.since if known.since is not None else known.ended_at
        if known.target is None or since is None:
            return NEVER
        return max(known.target_since, self._ends(known.target, since, known.target.duration - self._spent - left))

    def spent(self, now: int) -> int:
        """Time that the clock has counted by `now`, or by its end."""
        known = self.progress
        if known.since is None:
            return self._spent
        calendar = self._calendar
        until = now if known.ended_at is None else known.ended_at
        return self._spent + (max(until - known.since, 0) if calendar is None else calendar.between(known.since, until))

    @property
    def counted(self) -> int:
        """Time counted up to its end; up to when it began to run, or paused, while it has none."""
        return self._spent if self.progress.ended_at is None else self.spent(self.progress.ended_at)

    @property
    def _spent(self) -> int:
        """Time of the runs that have ended, as the target counts it."""
        target = self.progress.target
        return self.progress.ran.get("" if target is None else target.schedule_id, 0)

    @property
    def _calendar(self) -> Calendar | None:
        target = self.progress.target
        return self.hours[target.schedule_id] if target is not None and target.schedule_id else None

    def _ends(self, target: Target, start: int, left: int) -> int:
        """Return when `left` has been spent since `start`; NEVER where no hours come any more."""
        if left <= 0:
            return start
        return self.hours[target.schedule_id].after(start, left) if target.schedule_id else start + left
