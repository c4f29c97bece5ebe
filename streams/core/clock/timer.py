"""A clock against a target: started, paused, resumed, given another target, and ended; when it runs out follows.

What happens at the very moment at which time runs out still comes in time. Times and durations are microseconds.
"""

import msgspec

from streams.core.clock.worktime import Calendar
from streams.core.limits import NEVER


class Target(msgspec.Struct, frozen=True):
    """How long a clock may run: by the hours of `calendar`, or day and night without one."""

    duration: int
    calendar: Calendar | None = None

    def spent(self, start: int, end: int) -> int:
        return end - start if self.calendar is None else self.calendar.between(start, end)

    def ends(self, start: int, left: int) -> int:
        """When `left` has been spent since `start`; NEVER where no hours come any more."""
        if left <= 0:
            return start
        return start + left if self.calendar is None else self.calendar.after(start, left)


class Timer:
    """One clock, driven forward in order of time; it runs from its start. Local to one fold, so it changes in place.

    Without a target it runs all the same, so that a target given later finds the time that was spent before.
    """

    __slots__ = ("_ran", "_since", "_spent", "breached_at", "ended_at", "started_at", "target", "target_since")

    def __init__(self, started_at: int, target: Target | None) -> None:
        self.started_at = started_at
        self.target = target
        self.target_since = started_at
        self.breached_at: int | None = None
        self.ended_at: int | None = None
        self._since: int | None = started_at
        self._ran: list[tuple[int, int]] = []
        self._spent = 0

    @property
    def is_running(self) -> bool:
        return self._since is not None and self.ended_at is None

    @property
    def running_since(self) -> int | None:
        return self._since if self.ended_at is None else None

    @property
    def paused_since(self) -> int | None:
        return self._ran[-1][1] if self._since is None and self.ended_at is None else None

    def pause(self, at: int) -> None:
        if self.is_running:
            self.pass_to(at - 1)
            assert self._since is not None
            self._ran.append((self._since, at))
            self._spent += self._spent_between(self._since, at)
            self._since = None

    def resume(self, at: int) -> None:
        if self._since is None and self.ended_at is None:
            self._since = at

    def retarget(self, at: int, target: Target | None) -> None:
        """Count what was spent so far by another target from `at` on; nothing runs out before that moment."""
        if self.ended_at is None:
            self.pass_to(at - 1)
            self.target, self.target_since = target, at
            self._spent = sum(self._spent_between(*run) for run in self._ran)

    def end(self, at: int) -> None:
        """Stop the clock for good: fulfilled or cancelled, whichever its owner calls it."""
        if self.ended_at is None:
            self.pass_to(at - 1)
            self.ended_at = at

    def pass_to(self, now: int) -> None:
        """Let time pass: a clock that has run out by `now` is breached, at its own time, and remains so."""
        if self.breached_at is not None or self.target is None or self._since is None or self.ended_at is not None:
            return
        # Hours pass no faster than time: most clocks are seen to be in time without asking a calendar.
        if self._since + self.target.duration - self._spent <= now and (due := self.due_at) <= now:
            self.breached_at = due

    @property
    def due_at(self) -> int:
        """When time runs out if the clock runs on; where it is paused or has ended, as if it had run on from then."""
        return self.left_at(0)

    def left_at(self, left: int) -> int:
        """When no more than `left` is left; NEVER without a target, or while the clock is paused before its end."""
        since = self._since if self._since is not None else self.ended_at
        if self.target is None or since is None:
            return NEVER
        return max(self.target_since, self.target.ends(since, self.target.duration - self._spent - left))

    def spent(self, now: int) -> int:
        """Time that the clock has counted by `now`, or by its end."""
        if self._since is None:
            return self._spent
        return self._spent + self._spent_between(self._since, now if self.ended_at is None else self.ended_at)

    @property
    def counted(self) -> int:
        """Time counted up to its end; up to when it began to run, or paused, while it has none."""
        return self._spent if self.ended_at is None else self.spent(self.ended_at)

    def _spent_between(self, start: int, end: int) -> int:
        if end <= start:
            return 0
        return end - start if self.target is None else self.target.spent(start, end)
