"""Describe each worker: of those that run, of those that should, and of who starts them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra.health.model import Check
from infra.health.pages import BROKER, CLICKHOUSE, DEPLOY, LAG, POISON
from infra.health.text import duration, number
from streams.live.errors import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.health.model import Look, Worker

AGAIN_AND_AGAIN = 4
_REASON = 200
STARTING = "starting"
SKEW_S = 5.0
"""Seconds that two clocks may be apart before somebody should see to them."""


def of_workers(look: Look) -> Iterator[Check]:
    """Yield the checks, worker by worker."""
    for worker in look.workers:
        yield _with_ends(_running(worker), worker) if worker.url else _gone(look, worker)
    yield from _watch(look)
    for worker in look.workers:
        yield from _clock(worker)


def _watch(look: Look) -> Iterator[Check]:
    """Yield a check where nobody starts the data directory's workers again."""
    if look.wanted and look.workers and not look.watched and not look.paused and any(w.url for w in look.workers):
        said = "nobody watches over the workers: one that ends is not started again"
        yield Check("watch", "warn", said, "run `cx restart`", LAG)


def _running(worker: Worker) -> Check:
    if worker.trouble:
        remedy = "look at its log; it may still be starting"
        return Check(
            worker.name, "fail", f"{worker.name} does not answer at {worker.url}: {worker.trouble}", remedy, LAG
        )
    if worker.state in ("insert stalled", "waiting for the sink"):
        return Check(worker.name, "fail", f"{worker.name}: {worker.state}", "see to ClickHouse", CLICKHOUSE)
    if worker.restore_remaining:
        return Check(
            worker.name, "warn", f"{worker.name} restores its state, {worker.restore_remaining:,} changes to go"
        )
    if worker.state == STARTING:  # not for long: its own watchdog ends one that does not get further
        return Check(worker.name, "warn", f"{worker.name} is starting")
    if not worker.healthy:
        return Check(worker.name, "fail", f"{worker.name} stands still: {worker.state}", "look at its log", LAG)
    return Check(worker.name, "ok", f"{worker.name}: {worker.state}, {worker.entries:,} keys of state")


def _with_ends(check: Check, worker: Worker) -> Check:
    """Return a check that also says how often a worker ended of late, and why; again and again is wrong by itself."""
    if not worker.ended:
        return check
    often = "once" if worker.ended == 1 else f"{worker.ended} times"
    said = f"{check.said}; it ended {often} of late, the last time because of this: {_short(worker.reason)}"
    if worker.ended >= AGAIN_AND_AGAIN and not worker.trouble:
        return Check(worker.name, "fail", said, "see what changed since it last ran on", DEPLOY)
    if check.verdict == "ok":
        return Check(worker.name, "warn", said, "look at its log before it ends once more", LAG)
    return msgspec.structs.replace(check, said=said)


def _gone(look: Look, worker: Worker) -> Check:
    """Return what there is to say of a worker that should run and does not."""
    if look.paused:
        return Check(worker.name, "warn", f"{worker.name} is stopped while a promotion is under way")
    if worker.over:
        at_limit = worker.reason.startswith(LIMIT)
        said = f"{worker.name} does not run and is not started again: {worker.reason}"
        remedy = "see to that, then run `cx restart`"
        return Check(worker.name, "fail", said, remedy, POISON if at_limit else DEPLOY)
    if worker.again_at:
        wait = max(0.0, worker.again_at - look.at)
        said = f"{worker.name} ended ({number(worker.ended, 'time')} of late): {_short(worker.reason)}"
        said += f"; it is started again in {duration(wait)}"
        return Check(worker.name, "fail", said, "look at its log if it goes on like that", LAG)
    again = "it is about to be started again" if look.watched else "nobody starts it again"
    return Check(
        worker.name, "fail", f"{worker.name} does not run, {again}; {_short(worker.reason)}", "run `cx restart`", LAG
    )


def _short(reason: str) -> str:
    """Return a reason that leaves room for others on the screen; JSON has all of it."""
    return reason if len(reason) <= _REASON else f"{reason[:_REASON].rstrip()} ..."


def _clock(worker: Worker) -> Iterator[Check]:
    """Yield a check where a worker's clock is wrong: deadlines go by the broker's, signatures and logs do not."""
    if abs(worker.clock_ahead) > SKEW_S:
        side = "ahead of" if worker.clock_ahead > 0 else "behind"
        said = f"{worker.name}: its clock is {duration(abs(worker.clock_ahead))} {side} the broker's"
        yield Check(f"clock of {worker.name}", "warn", said, "let a time service set both clocks", BROKER)
