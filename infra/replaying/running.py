"""Carries a plan out: a generation of its own, worker processes, a word about it every few seconds."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from clickhouse_driver import errors as driver

from infra import wiring
from infra.embedded.checks import make_private
from infra.replaying import code, estimates, fleet
from infra.replaying.place import ends, remembered, require_same, state_directory
from sinks import generations, locks, replays
from streams.replay import ranges, wire
from streams.replay.errors import PlanError
from streams.replay.plan import Plan, canonical, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from clickhouse_driver import Client

    from infra.settings import Settings
    from streams.replay.log import Bounds, Place

_BEAT_S = 5.0
_AWAY = (driver.Error, OSError, EOFError)
_CORES = os.cpu_count() or 1


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """Hold how a replay runs: processes, records per second over all of them (0: no limit), and their program.

    `python` is the interpreter that the operator names beside a plan that names one: a plan is a file that others can
    write, and what it names is run with the operator's rights.
    """

    processes: int = 1
    per_second: float = 0.0
    program: tuple[str, ...] = ()
    python: str = ""


class Outlook(msgspec.Struct, frozen=True):
    """Tell what running a plan would do now: fill a new generation, go on with one, or nothing, where it is filled."""

    generation: str
    resumed: bool
    filled: bool
    until: dict[tuple[str, int], int]


def require_said(plan: Plan, python: str) -> None:
    """Raise PlanError unless the operator names the interpreter that the plan names."""
    said = str(Path(python).absolute()) if python else ""
    if said != plan.python:
        named = f"names {plan.python}" if plan.python else "names no interpreter"
        remedy = f"say --python {plan.python} too if you trust it" if plan.python else "leave out --python"
        raise PlanError(f"the plan {named}, which would be run with your rights: {remedy}")


def outlook(settings: Settings, plan: Plan, *, run_python: bool = False) -> Outlook:
    """Hold a plan against the deployment as it is now, and say what there is to do. Raises PlanError.

    The interpreter that a plan names is only run where `run_python` says so.
    """
    until = _checked(settings, plan, run_python=run_python)
    with remembered(settings) as client:
        warehouse = wiring.warehouse(settings)
        if erased := replays.erased(client, warehouse, plan.accounts):
            raise PlanError(f"subjects of {erased[0].account_id!r} were erased after the plan was made: plan again")
        found = replays.of_plan(client, warehouse, fingerprint(plan))
    if not found:
        return Outlook("", resumed=False, filled=False, until=until)
    if found[0].under_way:
        raise PlanError(f"{found[0].generation} is being filled by this very plan ({found[0].actor}): wait for it")
    generation = found[0].generation
    # Where the states are gone, reading again is what brings them back; rows come out with the same versions.
    filled = found[0].state == "filled" and state_directory(settings, generation).exists()
    return Outlook(generation, resumed=True, filled=filled, until=until)


def _checked(settings: Settings, plan: Plan, *, run_python: bool) -> dict[Place, int]:
    """Return where each partition is read to. Raises PlanError where the plan does not hold here any more."""
    with wiring.replay_log(settings) as log:
        require_same(plan, settings, log)
        bounds = log.bounds(sorted(plan.deployment.topics))
        ranges.whole(bounds)
        until = _until(settings, plan, bounds)
    if (run_python or not plan.python) and code.of(plan.python) != plan.code:
        raise PlanError("the code has changed since the plan was made, and with it perhaps what comes out: plan again")
    return until


def _until(settings: Settings, plan: Plan, bounds: Mapping[Place, Bounds]) -> dict[Place, int]:
    now = ends(settings, bounds)
    planned = {(each.topic, each.partition): each.end for each in plan.stretches}
    return {place: max(end, planned.get(place, 0)) for place, end in now.items()}


def perform(
    settings: Settings, plan: Plan, choices: Choices, turn: Callable[[str, fleet.Progress], None]
) -> replays.Replay:
    """Fill the plan's generation and return what is known of it then; one that is filled is left as it is.

    `turn` hears the generation's name and how far it got, some times a second. Raises PlanError, LockedError,
    ReplayStoppedError. Whatever ends it early leaves it resumable: the same plan goes on from what was kept.
    """
    require_said(plan, choices.python)
    seen = outlook(settings, plan, run_python=True)
    warehouse, name = wiring.warehouse(settings), fingerprint(plan)

    def connect() -> Client:
        return wiring.clickhouse(settings)

    with connect() as client, locks.lock(connect, warehouse, scope(plan), command(name)):
        if not seen.filled:
            generation = seen.generation or generations.create(client, warehouse)
            with _recorded(client, settings, plan, generation):
                _fill(client, settings, plan, generation, seen.until, choices, turn)
        return replays.of_plan(client, warehouse, name)[0]


def command(plan_hash: str) -> str:
    """Return what stands in the lock of a run."""
    return f"cx replay run {plan_hash[:12]}"


def scope(plan: Plan) -> str:
    """Return what no two replays may do at once: fill from the same accounts, or from all of them."""
    return f"replay {plan.kind} {' '.join(plan.accounts)}".strip()


@contextmanager
def _recorded(client: Client, settings: Settings, plan: Plan, generation: str) -> Iterator[None]:
    """Write down that the plan is being carried out, and how that ended."""
    warehouse, name = wiring.warehouse(settings), fingerprint(plan)
    replays.begin(
        client,
        warehouse,
        generation,
        plan_hash=name,
        kind=plan.kind.value,
        accounts=plan.accounts,
        plan=canonical(plan).decode(),
    )
    replays.audit(client, warehouse, "run", "begun", generation=generation, plan_hash=name)
    try:
        yield
    except BaseException as error:
        reason = str(error) or "it was told to stop"
        # A connection of its own: that of the work may have been cut short in the middle of a statement. And the reason
        # itself must not be lost to a database that is the reason.
        with suppress(*_AWAY), wiring.clickhouse(settings) as other:
            replays.fail(other, warehouse, generation, reason)
            replays.audit(other, warehouse, "run", "failed", generation=generation, plan_hash=name, detail=reason)
        raise
    replays.audit(client, warehouse, "run", "done", generation=generation, plan_hash=name)


def _fill(
    client: Client,
    settings: Settings,
    plan: Plan,
    generation: str,
    until: Mapping[Place, int],
    choices: Choices,
    turn: Callable[[str, fleet.Progress], None],
) -> None:
    warehouse, began, beaten = wiring.warehouse(settings), time.monotonic(), time.monotonic()

    def shown(progress: fleet.Progress) -> None:
        nonlocal beaten
        turn(generation, progress)
        if time.monotonic() - beaten >= _BEAT_S:
            beaten = time.monotonic()
            with suppress(*_AWAY):
                replays.heartbeat(client, warehouse, generation, records=progress.records, total=progress.total)

    done = advance(settings, plan, generation, until, choices, shown)
    estimates.note(settings, done.fresh, time.monotonic() - began, choices.processes)
    replays.finish(client, warehouse, generation, records=done.records)


def advance(
    settings: Settings,
    plan: Plan,
    generation: str,
    until: Mapping[Place, int],
    choices: Choices,
    turn: Callable[[fleet.Progress], None],
) -> fleet.Progress:
    """Read every partition on to `until` and let time pass there. Raises ReplayStoppedError."""
    directory = state_directory(settings, generation)
    make_private(directory)
    starts = {(each.topic, each.partition): each.start for each in plan.stretches}
    tasks = [
        wire.Task(topic=topic, partition=number, start=starts.get((topic, number), 0), end=end)
        for (topic, number), end in sorted(until.items())
    ]
    job = wire.Job(
        generation=generation,
        directory=str(directory),
        accounts=plan.accounts,
        overrides=plan.overrides,
        per_second=choices.per_second,
    )
    program = choices.program or tuple(code.program(plan.python, fleet.MODULE))
    workers = fleet.Fleet(settings, job, program, plan.python, directory)
    done = workers.run(tasks, choices.processes, turn)
    if staged := stage_tasks(settings, until):
        rows = workers.run(staged, choices.processes, lambda _: turn(done)).rows
        done = msgspec.structs.replace(done, rows=done.rows + rows)
    return done


def stage_tasks(settings: Settings, until: Mapping[Place, int]) -> list[wire.Task]:
    """Return what is left to do for the stages once all partitions are read: one task for each of their numbers."""
    told = wiring.engine_settings(settings)
    if not told.stage:
        return []
    siblings = tuple(map(told.topic, told.siblings))
    ends: dict[int, int] = {}
    for (topic, number), end in until.items():
        if topic in siblings:
            ends[number] = ends.get(number, 0) + end
    stage = told.topic(told.stage)
    return [
        wire.Task(topic=stage, partition=number, start=end, end=end, siblings=siblings)
        for number, end in sorted(ends.items())
    ]


def catch_up(
    settings: Settings,
    generation: str,
    processes: int = _CORES,
    turn: Callable[[fleet.Progress], None] = lambda _: None,
) -> int:
    """Read a filled generation on to where the workers stand; return how many records that were.

    With the workers standing still, it holds afterwards what they have written. Twice is the same as once. Raises
    PlanError where the plan does not hold any more, ReplayStoppedError where it was cut short.
    """
    with remembered(settings) as client:
        known = replays.state(client, wiring.warehouse(settings), generation)
    if known is None or known.state != "filled":
        raise PlanError(f"{generation} is not filled by a replay: `cx replay list` says how it stands")
    plan = msgspec.json.decode(known.plan, type=Plan)
    require_said(plan, "")
    until = _checked(settings, plan, run_python=False)
    if not state_directory(settings, generation).exists():
        raise PlanError(
            f"the states of {generation} are not here: promote it where it was filled, or run its plan again"
        )
    return advance(settings, plan, generation, until, Choices(processes=processes), turn).fresh
