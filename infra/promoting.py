"""Promotion, the way back and dropping. The order of the steps is the guarantee, and each may be repeated.

1. stop the workers: from here on no row is written.
2. bring the generation up to where they stand; merge a repair with what is served; carry live rows back.
3. write the line into the log of promotions: from here on the new generation holds.
4. point each view at it, one statement each.
5. start the workers again: they write to what the log names.

Whatever was cut short is settled by the next command: its views are pointed at what the log names, and its workers
are started. Then the command does all of its own work, which is nothing where the line was written.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import msgspec

from infra import judging, stillness, upgrading, wiring
from infra.judging import Promotion, PromotionError, WayBack
from infra.replaying import running, seeding
from infra.replaying.place import ends, events_topics, state_directory
from sinks import generations, locks, promotion, replays, states
from sinks.generations import GenerationError
from sinks.locks import LockedError
from sinks.states import WorkerState
from streams.live.engine.crash_points import crash_at
from streams.replay.plan import Plan, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.locks import Lock

SCOPE = "serving"
POINTS = (
    "after_pause",
    "after_catch_up",
    "after_seed",
    "mid_clone",
    "before_line",
    "after_line",
    "between_views",
    "before_start",
    "after_rewind",
)
CRASH = "CX_CRASH_PROMOTION"
_BACK = "cx replay back"
_REFUSALS = (PromotionError, GenerationError, LockedError, wiring.Unreachable)
_crash = crash_at(os.environ.get(CRASH, ""), POINTS)


class Desk:
    """Act for an operator. ``told`` are the settings as given, ``here`` those that name running servers.

    ``say`` hears each step. Close it after use.
    """

    def __init__(self, told: Settings, here: Settings, say: Callable[[str], None] = lambda _: None) -> None:
        self.told, self.here, self.say = told, here, say
        self.client, self.warehouse = wiring.clickhouse(here), wiring.warehouse(here)

    def close(self) -> None:
        self.client.disconnect()

    def open_client(self) -> Client:
        return wiring.clickhouse(self.here)

    @contextmanager
    def alone(self, command: str) -> Iterator[Lock]:
        """Hold the lock of what is served, and settle what an earlier holder left half done."""
        with locks.lock(self.open_client, self.warehouse, SCOPE, command, whatever=True) as held:
            if held.taken_from is not None:
                held.underway = True
                self.say(f"finishing what `{held.taken_from.purpose}` left behind")
                order = promotion.served(self.client, self.warehouse).order
                state = upgrading.state_of(self.here, self.client, order)
                # What another release goes on with is that release's to point and to start.
                if state.format == upgrading.FORMAT:
                    if state.name:
                        upgrading.migrate(self.here)
                    promotion.point(self.client, self.warehouse, order[-1])
                    stillness.wake(self.told, self.here)
                held.underway = False
            yield held

    @contextmanager
    def audited(self, action: str, generation: str) -> Iterator[None]:
        """Write down how an action that does not succeed ended."""
        try:
            yield
        except BaseException as error:
            refused = isinstance(error, _REFUSALS)
            reason = str(error) or type(error).__name__
            self.note(action, "refused" if refused else "failed", generation, detail=reason)
            raise

    def note(self, action: str, outcome: replays.Outcome, generation: str, plan: str = "", detail: str = "") -> None:
        # A connection of its own: that of the work may have been cut short in the middle of a statement.
        with self.open_client() as client:
            replays.audit(client, self.warehouse, action, outcome, generation=generation, plan_hash=plan, detail=detail)


def promote(desk: Desk, generation: str, *, accept: bool, judge: Callable[[], None] = lambda: None) -> Promotion:
    """Serve the generation; a repair becomes part of what is served. Twice is the same as once.

    ``accept`` it even if nobody has compared it; ``judge`` may look at it while no worker runs and raise
    PromotionError. Raises PromotionError, GenerationError, LockedError, Unreachable, PlanError or ReplayStoppedError.
    """
    with desk.audited("promote", generation):
        judging.promotion_of(desk.told, desk.here, desk.client, generation, accept=accept)
        with desk.alone(f"cx replay promote {generation}") as held:
            found = judging.promotion_of(desk.told, desk.here, desk.client, generation, accept=accept)
            if not found.served:
                desk.note("promote", "begun", generation, found.plan_hash)
                found = msgspec.structs.replace(found, serves=_serve(desk, held, found, judge))
            if found.state or held.resumed:
                stillness.keep(desk.told, desk.here)
            if not found.served or held.resumed:
                desk.note("promote", "done", generation, found.plan_hash, msgspec.json.encode(found).decode())
            return found


def _serve(desk: Desk, held: Lock, found: Promotion, judge: Callable[[], None]) -> str:
    """Serve it and return the generation that the views read from now."""
    desk.say("stopping the workers")
    with stillness.still(desk.told, desk.here):
        _crash("after_pause")
        desk.say(f"bringing {found.generation} up to where they stood")
        running.catch_up(desk.here, found.generation)
        _crash("after_catch_up")
        judge()
        target = _whole(desk, found)
        if found.state:
            _seed(desk, found)
        stillness.require_nobody(desk.here)
        if found.state:
            stillness.hand_over(desk.told)
        _point(desk, held, target, "promote", anew=bool(found.state))
    return target


def _seed(desk: Desk, found: Promotion) -> None:
    """Write the states that this release's workers go on with, and which generation they go with."""
    desk.say(f"writing the workers' state {found.state}")
    with wiring.replay_log(desk.here) as log:
        bounds = log.bounds(events_topics(desk.here, sparse=False))
    seeding.seed(desk.here, found.generation, found.state, ends(desk.here, bounds))
    state = WorkerState(found.state, upgrading.FORMAT)
    states.note(desk.client, desk.warehouse, found.generation, state)
    _crash("after_seed")


def _whole(desk: Desk, found: Promotion) -> str:
    """Return a generation that holds every account: the one that was filled, or one merged with what is served."""
    if found.kind != "repair":
        return found.generation
    repair = replays.state(desk.client, desk.warehouse, found.generation)
    assert repair is not None
    desk.say(f"putting the rows of {len(repair.accounts):,} accounts in place of those in {found.current}")
    return promotion.merge(desk.client, desk.warehouse, repair, found.current, _crash)


def _point(desk: Desk, held: Lock, generation: str, action: str, *, anew: bool = False) -> None:
    """Let every view read from the generation; make all of them ``anew`` where another release has made them."""
    held.check()
    held.underway = True
    desk.say(f"pointing the views at {generation}")
    promotion.point(desk.client, desk.warehouse, generation, action, _crash)
    if anew:
        upgrading.migrate(desk.here)
    held.underway = False
    desk.say("starting the workers")
    _crash("before_start")


def back(desk: Desk) -> WayBack:
    """Serve what was served before, with everything that live workers wrote since. One step for each call.

    Raises PromotionError, GenerationError, LockedError or Unreachable.
    """
    order = promotion.served(desk.client, desk.warehouse)
    with (
        desk.audited("back", order.former or ""),
        desk.alone(f"{_BACK} from {order.current} to {order.former}") as held,
    ):
        order = promotion.served(desk.client, desk.warehouse)
        left = held.taken_from.purpose if held.taken_from else ""
        if left.startswith(_BACK) and left.endswith(f" to {order.current}"):
            done = WayBack(left.split()[-3], order.current, done=True)
        else:
            done = _go_back(desk, held)
        desk.note("back", "done", done.former, detail=msgspec.json.encode(done).decode())
        return done


def _go_back(desk: Desk, held: Lock) -> WayBack:
    found = judging.way_back(desk.told, desk.here, desk.client)
    desk.note("back", "begun", found.former)
    desk.say("stopping the workers")
    if found.other_release:
        return _hand_back(desk, held, found)
    with stillness.still(desk.told, desk.here):
        _crash("after_pause")
        desk.say(f"carrying what they wrote into {found.current} over to {found.former}")
        blocks = judging.blocks(desk.client, desk.here, found.current)
        rows = promotion.carry(desk.client, found.current, found.former, blocks)
        _crash("after_catch_up")
        stillness.require_nobody(desk.here)
        _point(desk, held, found.former, "back")
    return msgspec.structs.replace(found, rows=rows)


def _hand_back(desk: Desk, held: Lock, found: WayBack) -> WayBack:
    """Leave everything as the other release goes on with it: its state, its tables, and nobody who watches.

    Its views are made by itself when it starts its workers; until then the present ones show what they show now.
    """
    with stillness.still(desk.told, desk.here) as rest:
        _crash("after_pause")
        stillness.require_nobody(desk.here)
        order = promotion.served(desk.client, desk.warehouse).order
        desk.say("setting the group's offsets to where its state stands")
        records = upgrading.rewind(desk.here, upgrading.state_of(desk.here, desk.client, order[:-1]))
        _crash("after_rewind")
        stillness.hand_over(desk.told)
        held.check()
        rest.over = True
        generations.record(desk.client, desk.warehouse, found.former, "back")
    return msgspec.structs.replace(found, records=records)


def require_droppable(desk: Desk, generation: str, *, for_good: bool, log: bool) -> None:
    """Raise PromotionError or GenerationError where a generation must stay; `log` notes that somebody tried."""
    with desk.audited("drop", generation) if log else nullcontext():
        judging.droppable(desk.here, desk.client, generation, for_good=for_good)


def drop(desk: Desk, generation: str, *, for_good: bool = False) -> None:
    """Remove a generation and its rows; one that was served before only ``for_good``, as there is no way back then.

    Raises PromotionError, GenerationError or LockedError.
    """
    with desk.audited("drop", generation):
        judging.droppable(desk.here, desk.client, generation, for_good=for_good)
        with desk.alone(f"cx replay drop {generation}"):
            known = judging.droppable(desk.here, desk.client, generation, for_good=for_good)
            if known is not None and known.state == "running" and known.kind != "merge":
                plan = msgspec.json.decode(known.plan, type=Plan)
                command = running.command(fingerprint(plan))
                locks.give_up(desk.client, desk.warehouse, running.scope(plan), command)
            desk.note("drop", "begun", generation, known.plan_hash if known else "")
            promotion.discard(desk.client, desk.warehouse, generation)
            if (name := upgrading.name_of(generation)) not in upgrading.names_without(
                desk.here, desk.client, generation
            ):
                seeding.discard(desk.here, name)
            shutil.rmtree(state_directory(desk.here, generation), ignore_errors=True)
            desk.note("drop", "done", generation, known.plan_hash if known else "")
