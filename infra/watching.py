"""Watching over the workers of a data directory: one that ends is started again, or named where that is no use.

What takes webhooks in beside them is watched over as well, where there is a file of sources.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infra import roster, workers
from infra.embedded.errors import EmbeddedServerError
from infra.intake import Intake
from infra.roster import Member, Rule
from infra.workers import WorkerDiedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.embedded.process import ServerProcess
    from infra.settings import Settings


class Watch:
    """The workers of a data directory. ``settings`` name the servers; ``say`` gets a sentence for each event.

    Detached workers outlive the process that watches over them; another watcher takes those over that it finds.
    """

    def __init__(
        self,
        settings: Settings,
        count: int = 1,
        *,
        detach: bool,
        say: Callable[[str], None] = lambda _: None,
        rule: Rule = Rule(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._detach, self._say, self._rule, self._clock = detach, say, rule, clock
        self._members = {number: Member(number) for number in range(1, count + 1)}
        self._workers: dict[int, ServerProcess] = {}
        self._paused = False
        self._intake = Intake(settings, detach=detach, say=say)

    def begin(self) -> None:
        """Start every worker that does not run yet. Raises EmbeddedServerError."""
        roster.done(self.settings)
        self._workers = {workers.number_of(worker): worker for worker in workers.running(self.settings)}
        for number in self._members:
            if number not in self._workers:
                self.start(number)
        self._intake.begin()
        self._write()

    def start(self, number: int) -> None:
        self._workers[number] = workers.start(self.settings, number, detach=self._detach)

    def stop(self) -> None:
        """Stop what takes webhooks in, then the workers, those included whose start was cut short."""
        self._intake.stop()
        noted = {worker.pid for worker in self._workers.values()}
        others = [worker for worker in workers.running(self.settings) if worker.pid not in noted]
        workers.stop([*self._workers.values(), *others])

    def look(self) -> None:
        """Look once. Raises WorkerDiedError once no worker is left that runs or will.

        A pause (a promotion under way) is respected: what it stops is started when it ends, and has not failed.
        """
        self._intake.look()
        if workers.paused(self.settings):
            self._paused = True
            for worker in self._workers.values():
                worker.alive()  # collects what has ended, for whoever waits for that
            return
        if (asked := roster.requested(self.settings)) is not None:
            self._anew(asked.count)
        now, before = self._clock(), dict(self._members)
        for number, member in before.items():
            self._members[number] = self._seen(member, now)
        self._paused = False
        if self._members != before:
            self._write()
        if all(member.over for member in self._members.values()):
            raise WorkerDiedError("; ".join(_over(member) for member in self._members.values()))

    def _seen(self, member: Member, now: float) -> Member:
        worker = self._workers.get(member.number)
        if roster.is_due(member, now, self._rule):
            return self._again(member, now)
        if member.over or member.again_at or (worker is not None and worker.alive()):
            return member
        if self._paused or worker is None:
            return self._again(member, now)
        reason, final = workers.last_words(worker)
        worker.stop(workers.STOP_GRACE_S)
        return self._ended(member, now, reason, final=final)

    def _again(self, member: Member, now: float) -> Member:
        if (worker := self._workers.get(member.number)) is not None:
            worker.stop(workers.STOP_GRACE_S)
        try:
            self.start(member.number)
        except (EmbeddedServerError, OSError) as error:
            return self._ended(member, now, str(error), final=False)
        self._say(f"worker {member.number} is started again")
        return Member(member.number, member.ends, member.reason)

    def _ended(self, member: Member, now: float, reason: str, *, final: bool) -> Member:
        known = roster.after_end(member, now, reason, final=final, rule=self._rule)
        again = f"it is started again in {known.again_at - now:.0f} s"
        self._say(_over(known) if known.over else f"worker {known.number} ended: {reason}; {again}")
        return known

    def _anew(self, count: int) -> None:
        """Start all workers anew, and forget how they ended before."""
        self._say("the workers are started anew")
        self.stop()
        self._workers = {}
        self._members = {number: Member(number) for number in range(1, (count or len(self._members)) + 1)}
        try:
            self.begin()
        except (EmbeddedServerError, OSError) as error:
            self._say(str(error))

    def _write(self) -> None:
        try:
            roster.write(self.settings, self._members.values())
        except OSError as error:  # a full disk is no reason to leave the workers alone
            self._say(f"how the workers fare cannot be written down: {error}")


def _over(member: Member) -> str:
    times = len(member.ends)
    often = f"it ended {times} times" if times > 1 else "it ended"
    return f"worker {member.number} is not started again: {often}, the last time because of this: {member.reason}"
