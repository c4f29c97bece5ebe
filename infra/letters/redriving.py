"""Sends dead letters again, each at most once, whatever is killed in between.

A letter is noted as being sent, with the offset at which its partition ends; then sent; then noted as redriven. What
a kill leaves between the first and the last is looked for in the log before anything is sent again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
from confluent_kafka import KafkaException, Producer

from infra import wiring
from infra.letters.choosing import LetterError
from infra.letters.guard import audited, held
from infra.letters.judging import Judged, judge, records
from infra.wiring import Unreachable
from sinks import letters
from sinks.letters import At, Chosen, Done, Known, Unfinished
from streams.live.engine.crash_points import CrashHook, no_crash
from streams.live.fold.dead_letters import REDRIVEN_FROM, redriven
from streams.live.fold.partitioner import home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from clickhouse_driver import Client

    from infra.settings import Settings
    from streams.replay.letters import Refused
    from streams.replay.log import Bounds, KafkaLog, Log, Place

POINTS = ("before_noting", "before_sending", "while_sending", "before_confirming", "after_confirming")
"""Name the points at which a redrive may be made to die."""

_AT_ONCE = 500
_BYTES_AT_ONCE = 32 << 20
_LARGEST = 9 << 20
_DELIVERY_S = 60
_CLOCKS_APART_MS = 86_400_000


class Redriven(msgspec.Struct, frozen=True):
    """Tell what a redrive did: every letter with its verdict, how many it sent, and how many a kill had hidden."""

    judged: tuple[Judged, ...]
    sent: int
    confirmed: int


def due(judged: Sequence[Judged], *, everything: bool) -> list[Known]:
    """Return those that are to be sent: what would be accepted, or all but what must not or cannot come back."""
    never = ("erased", "gone")
    return [
        each.letter
        for each in judged
        if each.verdict.answer == "accepted" or (everything and each.verdict.answer not in never)
    ]


def require_bearable(settings: Settings, judged: Sequence[Judged]) -> None:
    """Raise LetterError where sending even what would be refused could stop a worker at its dead-letter limit."""
    bad: dict[tuple[str, int], int] = defaultdict(int)
    for each in judged:
        if each.verdict.answer in ("refused", "undecided", "there already"):
            bad[each.letter.at.topic, each.letter.at.partition] += 1
    most = max(1, settings.dead_run // 2)
    for (topic, number), count in sorted(bad.items()):
        if count > most:
            raise LetterError(
                f"{count:,} letters of {topic}-{number} may be refused again, and {settings.dead_run:,} in a row stop"
                f" its worker: leave --all out, or choose fewer than {most:,} by --reason, --since or --until"
            )


def outlook(
    settings: Settings, client: Client, log: KafkaLog, chosen: Chosen, show: Callable[[str], None]
) -> list[Judged]:
    """Judge the letters that are still to be sent, having changed nothing."""
    landed = _landed(log, letters.unfinished(client, wiring.warehouse(settings)))
    return _judged(settings, client, log, chosen, set(landed), show)


def _judged(
    settings: Settings,
    client: Client,
    log: KafkaLog,
    chosen: Chosen,
    sent: set[At],
    show: Callable[[str], None],
) -> list[Judged]:
    # A letter that is named by its place may be sent although it was discarded.
    found = letters.found(client, wiring.warehouse(settings), chosen, None if chosen.at else "open")
    left = [each for each in found if each.status != "redriven" and each.at not in sent]
    show(f"judging {len(left):,} letters by the present code")
    return judge(settings, client, log, left, lambda done: show(f"judged {done:,} of {len(left):,} letters"))


def perform(
    settings: Settings,
    chosen: Chosen,
    *,
    everything: bool,
    show: Callable[[str], None] = lambda _: None,
    crash: CrashHook = no_crash,
) -> Redriven:
    """Send what is due. Raises LockedError, LogError, LetterError or Unreachable; sending again goes on from there."""
    with held(settings), wiring.clickhouse(settings) as client, wiring.replay_log(settings, at_once=500) as log:
        confirmed = settle(settings, client, log)
        judged = _judged(settings, client, log, chosen, set(), show)
        if everything:
            require_bearable(settings, judged)
        wanted = due(judged, everything=everything)
        run = _Run(settings, client, log, crash)
        with audited(settings, "redrive", lambda: f"{run.sent} of {len(wanted)} letters sent"):
            for part in _parts(wanted):
                run.send(part)
                show(f"sent {run.sent:,} of {len(wanted):,} letters")
    return Redriven(tuple(judged), run.sent, confirmed)


def settle(settings: Settings, client: Client, log: Log) -> int:
    """Write down what became of letters that a redrive was sending when it died; return how many it had sent."""
    left = letters.unfinished(client, wiring.warehouse(settings))
    landed = _landed(log, left)
    done = [Done(each.at, each.reason, landed[each.at], each.partition) for each in left if each.at in landed]
    letters.write(client, wiring.warehouse(settings), "redriven", done)
    lost = [Done(each.at, each.reason) for each in left if each.at not in landed]
    letters.write(client, wiring.warehouse(settings), "unsent", lost)
    return len(done)


def _landed(log: Log, left: Sequence[Unfinished]) -> dict[At, int]:
    """Look for copies of these letters in the log; return where those stand that are there."""
    found: dict[At, int] = {}
    by_place: dict[tuple[str, int], list[Unfinished]] = defaultdict(list)
    for each in left:
        by_place[each.at.topic, each.partition].append(each)
    bounds = log.bounds(sorted({topic for topic, _ in by_place})) if by_place else {}
    for place, several in by_place.items():
        wanted = {str(each.at).encode(): each.at for each in several}
        latest_ms = max(each.begun_at for each in several) // 1000 + _CLOCKS_APART_MS
        start = max(min(each.floor for each in several), bounds[place].low)
        for batch in log.read(place, start, bounds[place].high):
            for record in batch:
                whence = dict(record.headers() or ()).get(REDRIVEN_FROM)
                if whence in wanted:
                    found.setdefault(wanted[whence], record.offset())
            if len(wanted) == sum(at in found for at in wanted.values()) or batch[-1].timestamp()[1] > latest_ms:
                break
    return found


def _partition(at: At, key: bytes | None, bounds: Mapping[Place, Bounds]) -> int:
    """Return the partition of a letter's key, where its account's other events are; its own where it has no key."""
    return home(key, sum(topic == at.topic for topic, _ in bounds)) if key else at.partition


def _parts(wanted: Sequence[Known]) -> Iterator[list[Known]]:
    part: list[Known] = []
    size = 0
    for letter in wanted:
        if part and (len(part) >= _AT_ONCE or size + letter.size_bytes > _BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(letter)
        size += letter.size_bytes
    if part:
        yield part


class _Run:
    """One redrive. `sent` counts what Kafka has confirmed and the meta database knows."""

    def __init__(self, settings: Settings, client: Client, log: KafkaLog, crash: CrashHook) -> None:
        self.sent = 0
        self._settings, self._client, self._log, self._crash = settings, client, log, crash
        self._warehouse = wiring.warehouse(settings)
        self._producer = Producer(
            {
                **wiring.librdkafka(settings),
                "bootstrap.servers": settings.kafka_bootstrap,
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 5,
                "message.max.bytes": _LARGEST,
                "delivery.timeout.ms": _DELIVERY_S * 1000,
                "log.connection.close": False,
            }
        )

    def send(self, part: Sequence[Known]) -> None:
        """Send some letters; raises Unreachable where Kafka did not take them all, which are then still open."""
        self._crash("before_noting")
        bodies = [(each, body) for each, body in records(self._settings, self._log, part) if body is not None]
        bounds = self._log.bounds(sorted({each.at.topic for each in part}))
        targets = [_partition(each.at, body.key, bounds) for each, body in bodies]
        floors = [
            Done(each.at, each.reason, bounds[each.at.topic, number].high, number)
            for (each, _), number in zip(bodies, targets, strict=True)
        ]
        letters.write(self._client, self._warehouse, "sending", floors)
        self._crash("before_sending")
        placed: list[Done] = []
        failed: list[str] = []
        try:
            self._produce(bodies, targets, placed, failed)
        finally:
            # Also when somebody asks to stop: what Kafka has taken by now is not looked for later.
            self._producer.purge()
            self._producer.flush(5)
            letters.write(self._client, self._warehouse, "redriven", placed)
            self.sent += len(placed)
        if failed:
            raise Unreachable(f"Kafka did not store {len(failed):,} of {len(bodies):,} letters: {failed[0]}")
        self._crash("after_confirming")

    def _produce(
        self,
        bodies: Sequence[tuple[Known, Refused]],
        targets: Sequence[int],
        placed: list[Done],
        failed: list[str],
    ) -> None:
        def told(letter: Known) -> Callable[[Any, Any], None]:
            def delivered(error: Any, message: Any) -> None:
                if error is None:
                    placed.append(Done(letter.at, letter.reason, message.offset(), message.partition()))
                else:
                    failed.append(str(error))

            return delivered

        try:
            for (letter, body), number in zip(bodies, targets, strict=True):
                self._producer.produce(
                    letter.at.topic,
                    body.value,
                    body.key,
                    number,
                    told(letter),
                    headers=redriven(body.headers, str(letter.at), letter.ingested_at),
                )
                self._crash("while_sending")
            self._producer.flush(_DELIVERY_S + 5)
        except (KafkaException, BufferError) as error:
            failed.append(str(error))
        self._crash("before_confirming")
