"""A rebuild from the wiring's side: the live code over a new generation, and the comparison with what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import wiring
from infra.standing import Watch, sources
from schemas.topics import load_topics
from sinks import compare, generations, migrate
from sinks.clickhouse import ClickHouseSink
from streams.live.partition import Partition
from streams.live.policies import PolicyWatch
from streams.live.store.memory import MemoryStore
from streams.replay.log import KafkaLog
from streams.replay.rebuild import Progress, Rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.settings import Settings
    from sinks.compare import Difference

_ROUNDS = 10


class Candidate:
    """A new generation while it is filled and compared. Close it after use; `drop` takes it away again."""

    def __init__(self, settings: Settings, show: Callable[[Progress], None]) -> None:
        self._settings, self._warehouse = settings, wiring.warehouse(settings)
        self._client, self._writer = wiring.clickhouse(settings), wiring.clickhouse(settings)
        current = generations.current(self._client, self._warehouse)
        if current is None:
            raise wiring.Unreachable("there is nothing to compare with yet: run `cx migrate` first")
        self.current: str = current
        self._watch, self._log = Watch(settings), KafkaLog(settings.kafka_bootstrap, wiring.librdkafka(settings))
        self._policies = PolicyWatch(
            wiring.engine_settings(settings), f"{settings.topic_prefix}config", wiring.codec(settings), wiring.clock
        )
        self.name = generations.create(self._client, self._warehouse)
        self._rebuild = Rebuild(
            self._log,
            sources(settings),
            self._open,
            ClickHouseSink(self._writer, self.name),
            clock=wiring.clock,
            show=show,
        )

    def _open(self, topic: str, number: int) -> Partition:
        types = frozenset(load_topics()[topic.removeprefix(self._settings.topic_prefix)].event_types)
        codec = wiring.codec(self._settings)
        return Partition(topic, number, MemoryStore(), codec=codec, rules=self._policies.load(), types=types)

    @property
    def progress(self) -> Progress:
        return self._rebuild.progress

    def fill(self) -> bool:
        """Read the log to where the workers stand; return whether they stood still meanwhile.

        Where they do not, rows that differ may only be newer.
        """
        return any(self._rebuild.run(self._standing()) == 0 for _ in range(_ROUNDS))

    def _standing(self) -> dict[tuple[str, int], int]:
        return {(place.topic, place.partition): offset for place, offset in self._watch.taken().items()}

    def compare(self) -> list[Difference]:
        """Compare with the current generation, table by table and row by row."""
        return compare.compare(self._client, self.current, self.name)

    def promote(self) -> None:
        """Point the views at the new generation."""
        migrate.promote(self._client, self._warehouse, self.name)

    def drop(self) -> None:
        generations.drop(self._client, self._warehouse, self.name)

    def close(self) -> None:
        self._policies.close()
        self._log.close()
        self._watch.close()
        self._writer.disconnect()
        self._client.disconnect()


def live_members(settings: Settings) -> int:
    """Return how many workers the group has now, wherever they run."""
    admin = wiring.admin(settings)
    try:
        return len(admin.describe_groups([settings.group])[settings.group]["members"])
    finally:
        admin.close()
