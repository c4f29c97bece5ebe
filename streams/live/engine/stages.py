"""Stages among what an engine owns: which of them take parts in a cycle, and which have something to do by time."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from streams.core.limits import NEVER
from streams.live.fold.parts import gathered
from streams.live.fold.stage import time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.core.machine import Parts
    from streams.live.engine.broker_time import BrokerTime
    from streams.live.engine.entry import Entry
    from streams.live.engine.ownership import Owned, StageProcessor


def processor_of(stage: Owned) -> StageProcessor:
    return cast("StageProcessor", stage.processor)


def fed(stages: Iterable[Owned], entries: Sequence[Entry]) -> Iterator[tuple[Owned, Parts]]:
    """Yield the stages that have something to do in a cycle of entries, each with the parts of its siblings.

    One that has committed nothing yet is among them: what its siblings commit must not be without its mark.
    """
    for stage in stages if entries else ():
        mine = [each for each in entries if each.owned in stage.siblings]
        parts, processor = gathered(each.batch.machine.parts for each in mine), processor_of(stage)
        if parts or processor.has_work or (mine and processor.is_new):
            yield stage, parts


def due(stages: Iterable[Owned], time: BrokerTime, *, is_idle: bool) -> Iterator[tuple[Owned, int]]:
    """Yield the stages on which time has something to do, each with how far it has come there.

    What is committed waits for the next cycle that reads something, unless the engine is idle: then it is done at once.
    Before the broker was heard, a stage that waits for a deadline only asks for the time, once everything is read.
    """
    clock = time.now()
    for stage in stages:
        processor = processor_of(stage)
        if processor.has_work:
            if is_idle:
                yield stage, _time_of(stage, clock) if time.is_heard else 0
        elif not time.is_heard:
            if processor.next_deadline() < NEVER and all(each.caught_up for each in stage.siblings):
                yield stage, 0
        else:
            now = _time_of(stage, clock)
            if processor.next_deadline() <= now:
                yield stage, now


def _time_of(stage: Owned, clock: int) -> int:
    return time_of((each.processor, each.now(clock)) for each in stage.siblings)
