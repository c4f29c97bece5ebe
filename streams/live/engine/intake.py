"""Consumed records by owned partition. Records that a rebalance has made void are left out."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from confluent_kafka import TopicPartition

from streams.live.engine import clients
from streams.live.errors import EngineStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from confluent_kafka import KafkaError, Message

    from streams.live.engine.ownership import Owned
    from streams.live.engine.settings import EngineSettings

_POLL_SECONDS = 0.2
_FAREWELL_SECONDS = 8.0


class Intake:
    """Consumes for one member. Rebalances happen inside its calls; whoever serves them calls `disturbed`."""

    def __init__(self, settings: EngineSettings) -> None:
        self.consumer: Any = clients.group_consumer(settings, self._failed)
        self._settings = settings
        self._fatal: KafkaError | None = None
        self._rebalances = self._settled = 0
        self._carried: list[Message] = []

    def disturbed(self) -> None:
        """Note that partitions come or go: what is in hand is void, and comes again to whoever owns it then."""
        self._rebalances += 1
        self._carried.clear()

    def _failed(self, error: KafkaError | None) -> None:
        """Note an error that is for good. One that comes as a record, as fencing does, does not call itself fatal."""
        if error is not None and (error.fatal() or error.code() == clients.FATAL):
            self._fatal = error

    def take(self, owned_by_place: Mapping[tuple[str, int], Owned]) -> Iterator[tuple[Owned, list[Message]]]:
        """Wait for a micro-batch and yield each owned partition's records in order.

        Partitions of which something is carried are not read meanwhile, or that would pile up. Raises EngineStopped for
        an error of the consumer that does not pass by itself.
        """
        before = self._rebalances
        held = {(each.topic(), each.partition()) for each in self._carried} & owned_by_place.keys()
        if held:
            self.consumer.pause([TopicPartition(topic, number) for topic, number in held])
        messages = self.consumer.consume(self._settings.batch_records, 0.0 if held else self._settings.batch_seconds)
        if held:
            self.consumer.resume(self.consumer.assignment())
        if self._fatal is not None:
            raise EngineStopped("consumer failed", str(self._fatal))
        # The queue may hold a stretch twice in the call within which partitions move, and in the next.
        undisturbed = self._settled == self._rebalances and not self._carried
        self._settled = before
        messages, self._carried = [*self._carried, *messages], []
        groups: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            place = message.topic(), message.partition()
            if message.error() is None:
                groups[place].append(message)
            else:
                _noticed(message, owned_by_place.get(place), is_sure=undisturbed or self._rebalances == 1)
        for place, group in groups.items():
            owned = owned_by_place.get(place)
            if owned is None:
                continue  # taken away within this very call; its new owner reads them
            records = group if undisturbed else onward(group, owned.next_offset)
            if records:
                yield owned, records

    def carry(self, records: list[Message]) -> None:
        """Have records that were not come to be taken next, each partition's before what follows them."""
        self._carried.extend(records)

    def wait(self, seconds: float, beat: Callable[[], object]) -> bool:
        """Keep the membership alive with paused partitions; return whether they are still this member's.

        `beat` is called several times a second.
        """
        before = self._rebalances
        self.consumer.pause(self.consumer.assignment())
        for _ in range(max(1, round(seconds / _POLL_SECONDS))):
            beat()
            message = self.consumer.poll(_POLL_SECONDS)
            if message is not None:  # of partitions that a rebalance has brought, which are not paused
                self._carried.append(message)
                self._failed(message.error())
            if before != self._rebalances or self._fatal is not None:
                break
        self.consumer.resume(self.consumer.assignment())
        return before == self._rebalances and self._fatal is None

    def leave(self, first: Callable[[], None]) -> None:
        """Call `first` and leave the group after a failure, so that others need not wait for timeouts.

        What it talks to may be what has failed: it gets a few seconds, and then the process may end without.
        """

        def farewell() -> None:
            first()
            self.consumer.close()

        leaving = threading.Thread(target=farewell, name="farewell", daemon=True)
        leaving.start()
        leaving.join(_FAREWELL_SECONDS)


def onward(messages: list[Message], offset: int) -> list[Message]:
    """Keep each record once, from `offset` on: across a rebalance a queue may hold the same stretch twice."""
    kept: list[Message] = []
    for message in messages:
        if message.offset() >= offset:
            kept.append(message)
            offset = message.offset() + 1
    return kept


def _noticed(message: Message, owned: Owned | None, *, is_sure: bool) -> None:
    error = message.error()
    if error.code() == clients.END_OF_PARTITION:
        if owned is not None:
            owned.end_seen, owned.is_end_sure = message.offset(), is_sure
    elif not clients.is_passing(error):
        raise EngineStopped("consumer failed", f"{message.topic()}-{message.partition()}: {error}")
