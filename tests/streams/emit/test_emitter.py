"""The producer that upstream services use, on a real broker."""

import asyncio
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from kafka.partitioner.default import DefaultPartitioner, murmur2

from infra.stack import Stack
from schemas.codec import Codec, InvalidEventError
from schemas.examples import STORED_AT, Example, load
from schemas.topics import load_topics
from streams.emit import AsyncEmitter, DeliveryError, Emitter, RefusedEventError
from streams.emit.connecting import Connecting
from streams.live.fold.record import is_load
from tests.support.kafka_log import stored

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
PARTITIONS = 4
_RESPONSE: dict[str, Any] = {
    "account_id": "acc-1",
    "response_id": "r1",
    "survey_id": "s1",
    "survey_version": 1,
    "submitted_at": NOW,
}


def _response(number: float, **fields: Any) -> dict[str, Any]:
    answer = {"question_id": "q1", "kind": "NPS", "number": number}
    return {**_RESPONSE, "answers": [answer], **fields}


class Cluster:
    """What a partitioner asks a cluster's metadata for."""

    def topics(self) -> set[str]:
        return {"t"}

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return set(range(PARTITIONS))

    available_partitions_for_topic = partitions_for_topic


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_keys_are_hashed_as_java_hashes_them(key: bytes, expected: int) -> None:
    """Two producers of one account must agree on its partition; the vectors are those of Kafka's own tests."""
    assert murmur2(key) == expected % 2**32
    partition = DefaultPartitioner().partition("t", key, key, b"", b"", Cluster())
    assert partition == (expected & 0x7FFFFFFF) % PARTITIONS


@pytest.fixture
def topic_prefix(stack: Stack, prefix: str) -> str:
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    names = [f"{prefix}{topic.name}" for topic in load_topics().values() if topic.event_types]
    for created in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        created.result(timeout=20)
    return prefix


@pytest.fixture
def emitter(stack: Stack, topic_prefix: str) -> Iterator[Emitter]:
    with Emitter(stack.bootstrap, source="shop:main", prefix=topic_prefix, now=lambda: NOW) as events:
        yield events


@pytest.mark.servers
def test_the_corpus_is_stored_under_the_right_keys(stack: Stack, topic_prefix: str) -> None:
    """Every event type must reach its topic and the partition that its account has for all producers."""
    examples = [e for e in load() if e.passes and e.topic != "signals" and e.fields]
    late = datetime(2027, 1, 1, tzinfo=UTC)
    with Emitter(stack.bootstrap, source="ignored", prefix=topic_prefix, now=lambda: late) as events:
        for example in examples:
            fields: Any = example.fields
            assert events.emit(example.event_type, **fields) == fields["event_id"]
    for topic in sorted({example.topic for example in examples}):
        # Examples of an older version are sent in the newest.
        expected = {Codec().encode(e.event_type, dict(e.fields or ())): e.key for e in examples if e.topic == topic}
        found = stored(stack, f"{topic_prefix}{topic}", len(expected))
        assert {message.value(): message.key() for message in found} == expected
        for message in found:
            assert message.partition() == (murmur2(message.key()) & 0x7FFFFFFF) % PARTITIONS


@pytest.mark.servers
def test_what_is_left_out_is_filled_in(stack: Stack, topic_prefix: str, emitter: Emitter) -> None:
    """A dozen lines of a service should not be spent on the envelope."""
    event_id = emitter.emit("invitation_opened", account_id="acc-1", invitation_id="inv-1")
    emitter.flush()
    event_type, fields = Codec().decode(stored(stack, f"{topic_prefix}survey", 1)[0].value())
    assert event_type == "invitation_opened"
    assert uuid.UUID(fields["event_id"]).version == 4
    assert fields["event_id"] == event_id
    assert fields["source"] == "shop:main"
    assert datetime.fromtimestamp(fields["occurred_at"] / 1e6, UTC) == NOW


@pytest.mark.servers
@pytest.mark.parametrize(
    ("event_type", "change", "said"),
    [
        ("invitation_closed", {}, "no event type"),
        ("signal_raised", {}, "no event type"),
        ("invitation_opened", {"invitation": "i"}, "unknown field `invitation`"),
        ("invitation_opened", {"event_id": "evt_1"}, "is not a UUID"),
        ("invitation_opened", {"account_id": ""}, "key_missing"),
        ("invitation_opened", {"source": ""}, "source must be 1 to 256 printable characters"),
        ("invitation_opened", {"occurred_at": NOW + timedelta(days=1, seconds=1)}, "more than a day after"),
        ("invitation_opened", {"occurred_at": 2**63 - 1}, "more than a day after"),
        ("invitation_opened", {"occurred_at": datetime(2026, 1, 1)}, "zone"),  # noqa: DTZ001 - the point of the case
    ],
)
def test_a_bad_event_is_refused_and_not_sent(
    stack: Stack, topic_prefix: str, emitter: Emitter, event_type: str, change: dict[str, Any], said: str
) -> None:
    """The service that made the mistake must hear of it, not the people on call."""
    with pytest.raises(InvalidEventError, match=said):
        emitter.emit(event_type, **({"account_id": "acc-1", "invitation_id": "inv-1"} | change))
    good = emitter.emit("invitation_opened", account_id="acc-1", invitation_id="inv-1")
    emitter.flush()
    assert [Codec().decode(m.value())[1]["event_id"] for m in stored(stack, f"{topic_prefix}survey", 1)] == [good]


@pytest.mark.servers
def test_a_topic_that_does_not_exist_is_not_made_up(stack: Stack) -> None:
    """A mistyped prefix would otherwise create topics that nobody reads, with the broker's short retention.

    The broker of the tests creates none either, so the producer's own setting is asked for too.
    """
    with Emitter(stack.bootstrap, source="s", prefix="absent.", max_block_ms=1500) as events:
        event_id = events.emit("invitation_opened", account_id="acc-1", invitation_id="inv-1")
        with pytest.raises(DeliveryError) as caught:
            events.flush()
        assert caught.value.event_ids == [event_id]
        assert events._outbox.producer.config["allow_auto_create_topics"] is False


@pytest.mark.servers
def test_an_event_that_the_broker_refuses_is_reported_by_its_id(stack: Stack, prefix: str) -> None:
    """A send only queues: its failure must surface at the next call or when the block is left."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    topic = NewTopic(f"{prefix}survey", 1, 1, config={"max.message.bytes": "200"})
    for created in admin.create_topics([topic]).values():
        created.result(timeout=20)
    with pytest.raises(DeliveryError) as caught, Emitter(stack.bootstrap, source="s", prefix=prefix) as events:
        event_id = events.emit("invitation_opened", account_id="acc-1", invitation_id="i" * 256)
    assert caught.value.event_ids == [event_id]


@pytest.mark.servers
def test_events_wait_for_a_broker_that_comes_later(stack: Stack, topic_prefix: str) -> None:
    """A service that starts before its broker must neither wait nor lose what it emits meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        events = Emitter(f"127.0.0.1:{taken.getsockname()[1]}", source="s", prefix=topic_prefix, load=True)
        sent = [events.emit("invitation_opened", account_id="acc-1", invitation_id=f"inv-{n}") for n in range(3)]
        connecting: Any = events._outbox._connect
        connecting._settings["bootstrap_servers"] = [stack.bootstrap]
        connecting._addresses = Connecting(stack.bootstrap, {})._addresses
        events.close()
    found = stored(stack, f"{topic_prefix}survey", 3)
    assert [Codec().decode(message.value())[1]["event_id"] for message in found] == sent
    assert [is_load(message) for message in found] == [True] * 3


@pytest.mark.servers
def test_asyncio_emits_alike(stack: Stack, topic_prefix: str) -> None:
    """The same checks and the same records, from a loop that nothing blocks."""

    async def emit() -> list[str]:
        async with AsyncEmitter(stack.bootstrap, source="s", prefix=topic_prefix) as events:
            with pytest.raises(RefusedEventError):
                await events.emit("response_submitted", **_response(11.0))
            sent = [await events.emit("response_submitted", **_response(9.0, response_id=f"r{n}")) for n in range(3)]
            await events.flush()
            return sent

    sent = asyncio.run(emit())
    found = stored(stack, f"{topic_prefix}survey", 3)
    assert [Codec().decode(message.value())[1]["event_id"] for message in found] == sent
    assert not any(is_load(message) for message in found)


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address at which no broker will ever answer."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def _sendable(example: Example) -> bool:
    """Leave out what no emitter of ours can send: another key or topic than its own, or after other events."""
    alone = example.reason not in {"key_mismatch", "key_missing", "wrong_topic"} and not example.earlier
    return alone and example.fields is not None and example.topic != "signals"


def _reason(events: Emitter, example: Example) -> str | None:
    fields: Any = example.fields
    try:
        events.emit(example.event_type, **fields)
    except RefusedEventError as error:
        return error.reason
    return None


@pytest.mark.servers
def test_every_failing_example_is_refused_for_its_reason(nowhere: str) -> None:
    """The sender of an NPS of 11, or of lines that do not add up, learns of it; nobody reads it as a dead letter."""
    stored_at = datetime.fromisoformat(STORED_AT)
    events = Emitter(nowhere, source="shop:main", now=lambda: stored_at)
    found = {example.path.stem: (_reason(events, example), example.reason) for example in load() if _sendable(example)}
    with pytest.raises(DeliveryError):
        events.close(timeout=0)
    assert [name for name, (told, expected) in found.items() if told != expected] == []
    assert sum(told is not None for told, _ in found.values()) > 50


@pytest.mark.servers
def test_a_constructor_waits_for_no_broker(nowhere: str) -> None:
    """Given a broker that is away, when a service starts, then it starts; its events wait and are lost by name."""
    began = time.monotonic()
    events = Emitter(nowhere, source="shop:main")
    event_id = events.emit("invitation_opened", account_id="acme", invitation_id="i1")
    assert time.monotonic() - began < 5
    with pytest.raises(DeliveryError) as lost:
        events.close(timeout=0.1)
    assert lost.value.event_ids == [event_id]
    with pytest.raises(DeliveryError, match="closed"):
        events.emit("invitation_opened", account_id="acme", invitation_id="i1")


@pytest.mark.servers
def test_asyncio_waits_for_no_broker_either(nowhere: str) -> None:
    """A web service must answer its first request whether or not Kafka does."""

    async def emit() -> str:
        events = AsyncEmitter(nowhere, source="shop:main")
        event_id = await asyncio.wait_for(events.emit("invitation_opened", account_id="a", invitation_id="i1"), 5)
        with pytest.raises(DeliveryError) as lost:
            await events.close(timeout=0.1)
        assert lost.value.event_ids == [event_id]
        return event_id

    assert asyncio.run(emit())


@pytest.mark.parametrize(
    ("bootstrap", "options", "error"),
    [
        ("localhost", {}, ValueError),
        ("localhost:kafka", {}, ValueError),
        ("localhost:9", {"lingers": 5}, TypeError),
        ("localhost:9", {"partitioner": hash}, TypeError),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_at_once(
    bootstrap: str, options: dict[str, Any], error: type[Exception]
) -> None:
    """What no broker will mend must not wait for one."""
    with pytest.raises(error):
        Emitter(bootstrap, source="shop:main", **options)
