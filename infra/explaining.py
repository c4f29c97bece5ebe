"""Find what was known of an account at a past moment: its events up to then, folded anew by the code that runs live."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from infra import wiring
from schemas.topics import load_topics
from sinks.explain import ExplainError, shown
from sinks.figures import instant
from sinks.memory import MemorySink
from streams.core.events import parse
from streams.core.routes import KINDS
from streams.core.rules import Rules, rules_from
from streams.core.settings import RULING_TYPES, Ruling
from streams.live.fold.partition import Partition
from streams.live.fold.parts import gathered
from streams.live.fold.stage import Stage
from streams.live.store.memory import MemoryStore
from streams.replay import ranges
from streams.replay.errors import PlanError
from streams.replay.pick import Picker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra.settings import Settings
    from schemas.codec import Codec
    from sinks.explain import Explainer
    from sinks.port import RowTuple
    from streams.core.machine import Parts
    from streams.live.fold.batch import Batch
    from streams.replay.log import Place


class Known(msgspec.Struct, frozen=True):
    """Tables as they stood for one account, and how many events they were made of.

    ``refused`` counts events that were taken in once and would be refused by the rules of admission of today.
    """

    tables: dict[str, list[RowTuple]]
    events: int
    refused: int


def known_at(settings: Settings, explainer: Explainer, account: str, at: int) -> Known:
    """Return the account's tables as of a moment (microseconds since 1970, UTC).

    Reads each event by its offset and nothing else of the log. Raises LogError or Unreachable.
    """
    places = explainer.known_by(account, instant(at))
    wiring.require_broker(settings)
    with closing(Picker(settings.kafka_bootstrap, wiring.librdkafka(settings))) as picker:
        records = {
            place: list(picker.read(place, [each["offset"] for each in found]))
            for place, found in groupby(places, key=itemgetter("topic", "partition"))
        }
        counts = {topic: picker.partitions(topic) for topic in {topic for topic, _ in records}}
    return folded(settings, wiring.codec(settings), records, at, counts)


def moment(text: str, now: int) -> int:
    """Read a past time as microseconds since 1970 (UTC); raises ExplainError."""
    try:
        dt.datetime.fromisoformat(text)
        return ranges.moment(text, "--known-at", now)
    except (ValueError, PlanError) as error:
        said = str(error) if isinstance(error, PlanError) else f"--known-at {shown(text)} is no ISO 8601 time"
        raise ExplainError(said) from error


def folded(
    settings: Settings, codec: Codec, records: dict[Place, list[Any]], at: int, counts: Mapping[str, int]
) -> Known:
    """Fold records by partition, and let time pass to `at`; `counts` says how many partitions each topic has."""
    rules = _rules(codec, (record for place in sorted(records) for record in records[place]))
    sink, refused = MemorySink(), 0
    said: dict[int, list[Parts]] = {}

    def done(partition: Partition | Stage, batch: Batch) -> None:
        partition.commit(batch)
        sink.insert({**batch.rows, "dead_letter": []})
        if batch.machine.parts:
            said.setdefault(batch.partition, []).append(batch.machine.parts)

    for (topic, number), found in records.items():
        types = frozenset(load_topics()[topic.removeprefix(settings.topic_prefix)].event_types)
        partition = Partition(
            topic, number, MemoryStore(), codec=codec, rules=rules, types=types, partitions=counts[topic]
        )
        left = found
        while left:
            batch = partition.process(left)
            done(partition, batch)
            refused += len(batch.dead)
            left = left[batch.records :]
        while partition.next_deadline() <= at:
            done(partition, partition.tick(at))
    for number, parts in said.items():
        stage = Stage(number, MemoryStore(), rules=rules, ledgers=KINDS.stage)
        done(stage, stage.take(gathered(parts)))
        while stage.next_deadline() <= at:
            done(stage, stage.tick(at))
    return Known(sink.tables(), sum(map(len, records.values())), refused)


def _rules(codec: Codec, records: Iterable[Any]) -> Rules:
    """Return the rules of settings among events that were all taken in once."""
    said: dict[tuple[str, str], Ruling] = {}
    for event in _settings(codec, list(records)):
        said.setdefault((event.source, event.event_id), event)
    return rules_from(said.values())


def _settings(codec: Codec, records: Sequence[Any]) -> Iterable[Ruling]:
    for record in records:
        event_type, values = codec.decode_array(record.value())
        if event_type in RULING_TYPES:
            yield parse(event_type, values)  # type: ignore[misc] # by its type
