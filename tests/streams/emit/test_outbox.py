"""The outbox alone: what waits, what is refused for want of room, and what no broker will ever take."""

import pytest
from kafka.errors import KafkaTimeoutError

from streams.emit import outbox
from streams.emit.connecting import Unusable
from streams.emit.outbox import DeliveryError, Outbox, Outgoing


def _record(number: int, size: int = 10) -> Outgoing:
    return Outgoing(f"event-{number}", "cx.survey", b"acme", b"x" * size)


def test_settings_that_no_broker_takes_are_said_with_every_event() -> None:
    """Some settings are judged by the producer alone; waiting would not mend them."""

    def connect() -> None:
        raise Unusable("the compression is none of ours")

    box = Outbox(connect)
    for _ in range(2):
        with pytest.raises(DeliveryError, match="none of ours"):
            assert box.put(_record(1), 10) is (box.flush(10) is None)
    box.close(0)


def test_a_full_outbox_takes_no_more_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away for an hour must not fill the memory of every service that emits."""
    monkeypatch.setattr(outbox, "MOST_BYTES", 100)
    box = Outbox(lambda: None)
    assert [box.put(_record(number, 40), 0) for number in range(3)] == [True, True, False]
    with pytest.raises(DeliveryError) as lost:
        box.close(0)
    assert lost.value.event_ids == ["event-0", "event-1"]


def test_a_record_larger_than_all_room_still_goes_alone() -> None:
    """The bound is for what piles up; a single record of the largest size is to pass."""
    box = Outbox(lambda: None)
    assert box.put(_record(1, outbox.MOST_BYTES + 1), 0)
    assert not box.put(_record(2), 0)
    with pytest.raises(DeliveryError):
        box.close(0)


class _Producer:
    """Refuses every record at once, as kafka-python does with a topic that it cannot find."""

    def send(self, topic: str, **_: bytes) -> None:
        raise KafkaTimeoutError(f"no metadata of {topic}")

    def flush(self, timeout: float) -> None:
        """Have nothing to wait for."""

    def close(self, timeout: float) -> None:
        """Have nothing to close."""


def test_a_record_that_cannot_be_sent_is_named_and_the_next_one_is_tried() -> None:
    """One failure neither ends the thread nor hides behind the others."""
    box = Outbox(_Producer)
    for number in range(2):
        assert box.put(_record(number), 10)
        with pytest.raises(DeliveryError, match="no metadata of") as lost:
            box.flush(10)
        assert lost.value.event_ids == [f"event-{number}"]
    box.close(10)
