"""The product's engine: the survey pipeline's partitions, codec and signals put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.topics import load_topics
from streams.core.routes import KINDS
from streams.live.engine.crash_points import no_crash
from streams.live.engine.engine import Engine
from streams.live.fold.partition import Partition
from streams.live.fold.rejections import rejected
from streams.live.fold.stage import Stage
from streams.live.store.local import memory_stores
from streams.live.worker.live_board import tally
from streams.live.worker.policies import PolicyWatch
from streams.live.worker.signals import encoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.codec import Codec
    from sinks.port import Sink
    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.settings import EngineSettings
    from streams.live.store.local import OpenStore
    from streams.live.store.port import Store

CONFIG = "config"


def product_engine(
    *,
    settings: EngineSettings,
    sink: Sink,
    codec: Codec,
    clock: Callable[[], int],
    open_store: OpenStore = memory_stores,
    crash: CrashHook = no_crash,
) -> Engine:
    """Return an engine over the topics of `settings`, each taking the event types that its topic record names.

    The rules come from the config topic, and follow it while the engine runs.
    """
    watch = PolicyWatch(settings, settings.topic(CONFIG), codec)
    types = {settings.topic(name): frozenset(load_topics()[name].event_types) for name in settings.topics}

    def open_partition(topic: str, number: int, partitions: int, store: Store) -> Partition:
        return Partition(
            topic, number, store, codec=codec, rules=watch.load(), types=types[topic], partitions=partitions
        )

    def open_stage(number: int, store: Store) -> Stage:
        return Stage(number, store, rules=watch.load(), ledgers=KINDS.stage, topic=settings.topic(settings.stage))

    return Engine(
        settings=settings,
        sink=sink,
        open_partition=open_partition,
        open_stage=open_stage if KINDS.stage else None,
        encode_signal=encoder(codec),
        clock=clock,
        open_store=open_store,
        summarise=lambda batch: [*tally(batch), *rejected(batch)],
        between=lambda all_of_them: watch.apply(p for p in all_of_them if isinstance(p, Partition | Stage)),
        crash=crash,
    )
