"""Service level clocks of a ticket while they may still change.

A clock exists by what happened to the ticket; a policy, or the source itself, gives it a target. Whatever changes the
ticket's policy gives the same clock another target. Times are microseconds.
"""

from typing import NamedTuple

import msgspec

from streams.core.clock.timer import Progress
from streams.core.events import SlaTargetApplied

FIRST_REPLY, NEXT_REPLY = "first_reply", "next_reply"
UNTIL_SOLVED = ("resolution", "requester_wait", "agent_work")


class Goal(NamedTuple):
    """A target as it is set, and by whom; `schedule_id` is empty for calendar time."""

    policy_id: str
    version: str
    duration: int
    is_business: bool
    schedule_id: str


class Instance(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A clock that has, or had, a target: the last one, and the priority of the ticket when it was set.

    `end` is when nothing was waited for any more, `is_kept` whether what came is what was waited for. `dropped_at` is
    when it lost its target without getting another, None while it has one.
    """

    metric: str
    number: int
    progress: Progress
    goal: Goal
    priority: str
    assignee_id: str
    end: int | None = None
    is_kept: bool = False
    dropped_at: int | None = None

    @property
    def start(self) -> int:
        return self.progress.started_at

    @property
    def state(self) -> str:
        if self.progress.breached_at is not None:
            return "breached"
        if self.cancelled_at is not None:
            return "cancelled"
        if self.end is not None:
            return "fulfilled"
        return "running" if self.progress.since is not None else "paused"

    @property
    def fulfilled_at(self) -> int | None:
        return self.end if self.is_kept and self.dropped_at is None else None

    @property
    def cancelled_at(self) -> int | None:
        return self.dropped_at if self.dropped_at is not None or self.is_kept else self.end


class Clock(msgspec.Struct, array_like=True, gc=False):
    """One instance of a metric that runs or stands still.

    `goal` is in force, `target` was set last, when the ticket had `priority`. `dropped` is how far it was when it lost
    its target, in case that it never gets another; `gone`, where the ticket is removed, in case that it remains so;
    `kept`, where the first reply came after that, in case that it does not. `end` is set within its last moment.
    """

    metric: str
    number: int
    progress: Progress
    goal: Goal | None = None
    target: Goal | None = None
    priority: str = ""
    dropped_at: int | None = None
    dropped: Progress | None = None
    is_gone: bool = False
    gone: Instance | None = None
    kept: Instance | None = None
    is_replied: bool = False
    end: int | None = None
    is_kept: bool = False

    @classmethod
    def started(cls, metric: str, number: int, start: int) -> "Clock":
        return cls(metric, number, Progress.begun(start))

    @property
    def start(self) -> int:
        return self.progress.started_at


class Clocks(msgspec.Struct, array_like=True, gc=False):
    """Every clock that may still change, in order of their starts; none while the ticket's start is not known.

    `runs` counts the times in which the ticket was not done, and `is_unsolved` says whether one lasts; `was_done` that
    it ever was. `later` counts waits after the first reply. `targets` were applied by the source, in order of time, as
    far as any clock may still go by them; `fresh` are those of this moment. `told_to` is up to when policies have been
    asked.
    """

    runs: int = 0
    is_unsolved: bool = False
    was_done: bool = False
    later: int = 0
    told_to: int = 0
    every: list[Clock] = msgspec.field(default_factory=list)
    targets: list[SlaTargetApplied] = msgspec.field(default_factory=list)
    fresh: list[SlaTargetApplied] = msgspec.field(default_factory=list)
