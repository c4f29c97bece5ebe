"""Find where a replay takes place: topics, how far the workers have come in them, and which deployment this is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from clickhouse_driver.errors import ErrorCodes, ServerException

from infra import wiring
from infra.standing import Watch, sources
from schemas.topics import load_topics
from streams.replay.errors import PlanError
from streams.replay.log import Place
from streams.replay.plan import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clickhouse_driver import Client

    from infra.settings import Settings
    from streams.replay.log import Bounds, KafkaLog
    from streams.replay.plan import Plan


def events_topics(settings: Settings, *, sparse: bool) -> list[str]:
    """Return the full names of the topics to read: of some accounts' replay, those whose keys are accounts."""
    topics = load_topics()
    names = sources(settings)
    return [
        name for name in names if not sparse or topics[name.removeprefix(settings.topic_prefix)].key == "account_id"
    ]


def ends(settings: Settings, bounds: Mapping[Place, Bounds]) -> dict[Place, int]:
    """Return where to stop in each partition: where the workers stand, as far as they have ever been.

    A row for an event that no worker has seen would look like a difference (docs/adr/0048). Where there is no group of
    workers at all, the log's end is meant.
    """
    watch = Watch(settings)
    try:
        taken = {(place.topic, place.partition): offset for place, offset in watch.taken().items()}
    finally:
        watch.close()
    if not taken:
        return {place: held.high for place, held in bounds.items()}
    return {place: min(held.high, taken.get(place, 0)) for place, held in bounds.items()}


def deployment(settings: Settings, log: KafkaLog, topics: Sequence[str]) -> Deployment:
    return Deployment(cluster=log.cluster(), topics=log.ids(topics), database=settings.database)


def require_same(plan: Plan, settings: Settings, log: KafkaLog) -> None:
    """Raise PlanError where the plan was made for other servers, or a topic was made anew since."""
    if plan.deployment.database != settings.database:
        raise PlanError(f"the plan is for database {plan.deployment.database}, not for {settings.database}: plan again")
    if plan.deployment.cluster != log.cluster():
        raise PlanError("the plan was made on another Kafka cluster: plan again here")
    log.bounds(list(plan.deployment.topics))  # names what is missing
    now = log.ids(list(plan.deployment.topics))
    if anew := sorted(name for name, known in plan.deployment.topics.items() if now[name] != known):
        raise PlanError(f"{', '.join(anew)} was deleted and made anew after the plan was made: plan again")


@contextmanager
def remembered(settings: Settings) -> Iterator[Client]:
    """Open a client to what is remembered of replays; raises PlanError where there is no such memory yet."""
    with wiring.clickhouse(settings) as client:
        try:
            yield client
        except ServerException as error:
            if error.code not in (ErrorCodes.UNKNOWN_DATABASE, ErrorCodes.UNKNOWN_TABLE):
                raise
            raise PlanError("the tables are not up to this version of cx: run `cx migrate` first") from error


def state_directory(settings: Settings, generation: str) -> Path:
    """Return where the partitions' states of a generation's replay are kept."""
    return settings.data_dir.resolve() / "replay" / generation
