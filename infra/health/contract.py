"""Examine the schemas: the code against what was released, the registry, and what topics hold."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING

from confluent_kafka import TopicPartition as Assigned
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from infra import wiring
from infra.health.model import PATIENCE_S, Check
from infra.standing import Watch
from schemas import compat
from schemas.catalogue import crc64, latest_schemas, load_schemas
from schemas.confluent import NOT_FOUND
from schemas.errors import Undecodable
from streams.live.engine.clients import plain_consumer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings
    from schemas.catalogue import SchemaVersion

ORDER = "schema-order.md"
_READ_S = 5.0


def of_code() -> Iterator[Check]:
    """Hold the schemas of this code against those that were released."""
    schemas, released = list(load_schemas().values()), compat.load_released()
    broken = compat.problems(schemas, released)
    for sentence in broken:
        yield Check("schemas", "fail", sentence, "restore the released schema; changes are new versions", ORDER)
    fresh = [name for name in map(compat.name_of, schemas) if name not in released]
    if fresh:
        said = f"not released yet: {', '.join(fresh)}"
        yield Check(
            "schemas", "warn", said, "release before anybody writes it: python -m schemas.compat --release", ORDER
        )
    elif not broken:
        yield Check("schemas", "ok", f"all {len(schemas)} schemas are as released and read one another")


def of_registry(here: Settings) -> Iterator[Check]:
    """Hold the newest schema of each registered event type against those of this code."""
    if not here.registry_url:
        yield Check("registry", "ok", "no Schema Registry is used: records carry fingerprints")
        return
    client, known = SchemaRegistryClient({"url": here.registry_url, "timeout": _READ_S}), _fingerprints()
    absent, unknown = [], []
    try:
        for schema in latest_schemas().values():
            found = _registered(client, schema)
            if found is None:
                absent.append(schema.full_name)
            elif crc64(json.loads(found)) not in known:
                unknown.append(schema.full_name)
    except Exception as error:  # noqa: BLE001 - the client raises whatever its HTTP library does
        yield Check("registry", "fail", f"{here.registry_url} does not answer: {error}", "see whether it runs", ORDER)
        return
    if unknown:
        said = f"the registry has schemas that this code does not know: {', '.join(unknown)}"
        yield Check("registry", "fail", said, "deploy readers before writers", ORDER)
    else:
        every = len(latest_schemas())
        said = f"the registry knows {every - len(absent)} of {every} event types, all as this code does"
        yield Check("registry", "ok", said)


def _registered(client: SchemaRegistryClient, schema: SchemaVersion) -> str | None:
    try:
        found = client.get_latest_version(schema.full_name).schema
    except SchemaRegistryError as error:
        if error.http_status_code != NOT_FOUND:
            raise
        return None
    return None if found is None else str(found.schema_str)


def _fingerprints() -> set[bytes]:
    return {schema.fingerprint for schema in load_schemas().values()}


def of_topics(here: Settings) -> Iterator[Check]:
    """Try to read the newest record of every source partition; a writer that is ahead of us shows there first."""
    codec, tried, refused = wiring.codec(here), 0, []
    for topic, partition, offset, value in _newest(here):
        tried += 1
        try:
            codec.decode(value)
        except Undecodable as error:
            refused.append(f"{topic} partition {partition} offset {offset} cannot be read: {error}")
    for sentence in refused:
        yield Check("newest records", "warn", sentence, "see which version wrote it, and deploy that one here", ORDER)
    if not refused:
        yield Check("newest records", "ok", f"the newest records of {tried} partitions can be read")


def _newest(here: Settings) -> Iterator[tuple[str, int, int, bytes]]:
    watch = Watch(here, patience_s=PATIENCE_S)
    with closing(watch):
        ends = {(place.topic, place.partition): end for place, end in watch.ends().items() if end > 0}
    if not ends:
        return
    consumer = plain_consumer(wiring.engine_settings(here), f"{here.group}-doctor")
    with closing(consumer):
        consumer.assign([Assigned(topic, number, end - 1) for (topic, number), end in ends.items()])
        left, deadline = set(ends), time.monotonic() + _READ_S
        while left and time.monotonic() < deadline:
            for message in consumer.consume(100, 0.2):
                place = str(message.topic()), int(message.partition())
                if place in left:
                    left.discard(place)
                    if message.error() is None:
                        yield *place, int(message.offset()), message.value() or b""
