"""One look at everything, whatever of it answers."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from infra import intake, roster, wiring, workers
from infra.health import endpoints
from infra.health.model import Disk, Look
from infra.lazy_errors import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from infra.health.model import Broker, Tables
    from infra.settings import Settings

Found = TypeVar("Found")
KAFKA, CLICKHOUSE = "Kafka", "ClickHouse"
_CLIENTS = ("kafka.errors:KafkaError", "confluent_kafka:KafkaException", "clickhouse_driver.errors:Error")


def silent() -> tuple[Any, ...]:
    """Return what the clients raise where a server does not answer, or not as it should."""
    return (wiring.Unreachable, EOFError, OSError, *loaded(*_CLIENTS))


def look(told: Settings, here: Settings, urls: Collection[str] = ()) -> Look:
    """Look at everything; ``told`` are the settings as given, ``here`` those that name running servers.

    Takes a second or two; where a server does not answer, several. Raises AddressError.
    """
    down: dict[str, str] = {}
    known = None if told.stack == "external" else roster.read(told)
    now = wiring.clock() / 1e6
    of_workers = endpoints.look(told, urls, now, roster.recent(known, now) if known is not None else ())
    of_broker = tried(down, KAFKA, lambda: _broker(here))
    taken = {(place.topic, place.partition): place.taken for place in of_broker.places} if of_broker else {}
    return Look(
        at=now,
        version=version("cxledger"),
        kafka=here.kafka_bootstrap,
        clickhouse=f"{here.clickhouse_host}:{here.clickhouse_port}",
        broker=of_broker,
        tables=tried(down, CLICKHOUSE, lambda: _tables(here, taken)),
        workers=of_workers,
        wanted=len(known.members) if known is not None else told.workers,
        watched=roster.is_watched(known),
        paused=workers.paused(told),
        data_disk=_disk(told.data_dir),
        down=down,
        webhooks=[] if told.stack == "external" else intake.seen(here),
    )


def _broker(here: Settings) -> Broker:
    wiring.require_broker(here)  # before its client is imported, which takes longer than to be refused
    from infra.health import broker

    return broker.look(here)


def _tables(here: Settings, taken: Mapping[tuple[str, int], int]) -> Tables:
    from infra.health import tables

    return tables.look(here, taken)


def tried(down: dict[str, str], server: str, asked: Callable[[], Found]) -> Found | None:
    """Return what the server answers, or None with the reason noted."""
    try:
        return asked()
    except silent() as error:
        down[server] = reason(error)
        return None


def reason(error: BaseException) -> str:
    """Return an error in one short line."""
    text = str(getattr(error, "message", "") or error).split("Stack trace", maxsplit=1)[0]
    return " ".join(text.split())[:200] or type(error).__name__


def _disk(folder: Path) -> Disk | None:
    try:
        space = shutil.disk_usage(folder)
    except OSError:
        return None
    return Disk("data directory", str(folder), space.free, space.total)
