"""Topics, load, workers and the independent recount for engine tests on a real broker."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from streams.live.engine import clients
from tests.streams.live.counting import EPOCH_KEY, FileSink
from tests.support.topics import create_topics
from tests.support.waiting import wait_until

PARTITIONS = 3
ROOT = Path(__file__).parents[3]


@dataclass
class Run:
    """One group on topics of its own, with the processes it started."""

    bootstrap: str
    directory: Path
    prefix: str
    topics: tuple[str, ...] = ("survey",)
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def sink(self) -> FileSink:
        return FileSink(self.directory / "rows")

    @property
    def log(self) -> str:
        log = self.directory / "log"
        return log.read_text() if log.exists() else "no process was started"

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "bootstrap": self.bootstrap,
            "group": f"{self.prefix}g",
            "prefix": self.prefix,
            "topics": list(self.topics),
            "session_seconds": 6.0,
            "batch_records": 200,
            "batch_seconds": 0.05,
            "transaction_seconds": 6.0,
            **more,
        }

    def create_topics(self, **config: str) -> None:
        stamped = {"message.timestamp.type": "LogAppendTime"}
        compact = {"cleanup.policy": "compact", "max.message.bytes": "1000000", **stamped}
        new = [NewTopic(self.prefix + t, PARTITIONS, 1, config=config) for t in self.topics]
        new += [NewTopic(f"{self.prefix}{t}-changelog", PARTITIONS, 1, config=compact) for t in self.topics]
        new += [NewTopic(self.prefix + t, PARTITIONS, 1, config=stamped) for t in ("signals", "dead-letters")]
        create_topics(self.bootstrap, *new)

    def feed(self, events: int, seed: int = 1, topic: str = "survey", bad_every: int = 0) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5})
        chance = random.Random(seed)
        for number in range(events):
            account = f"a{chance.randrange(50)}"
            bad = bad_every and number % bad_every == 0
            value = b"\xff\x00" if bad else f"{account}:{chance.randrange(11)}:0".encode()
            producer.produce(self.prefix + topic, value, account, on_delivery=_must_arrive)
            producer.poll(0)
        assert producer.flush(60) == 0

    def put(self, partition: int, *values: str) -> None:
        """Store single records in one partition of the survey topic, each under the account that it begins with."""
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for value in values:
            account = value.partition(":")[0]
            producer.produce(f"{self.prefix}survey", value, account, partition, on_delivery=_must_arrive)
        assert producer.flush(60) == 0

    def start(self, *, slow: float = 0.02, crash_at: str = "", rocks: bool = False, **more: Any) -> subprocess.Popen:
        told = {"settings": self.settings(**more), "sink": str(self.sink.path), "slow": slow, "crash_at": crash_at}
        if rocks:
            told["rocks"] = str(self.directory / "rocks")
        with (self.directory / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.live.worker", json.dumps(told)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def await_assignment(self, process: subprocess.Popen) -> None:
        """Return when a process that was started owns partitions."""
        wait_until(lambda: f" {process.pid} INFO assigned" in self.log)

    def start_to_work(self, **more: Any) -> subprocess.Popen:
        """Start a process and return when fewer records wait than before: when it has committed some of them."""
        waiting = self.lag()
        process = self.start(**more)

        def has_committed() -> bool:
            assert process.poll() is None, self.log[-3000:]
            return self.lag() < waiting

        wait_until(has_committed)
        return process

    def lag(self) -> int:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.prefix}g"})
        places = [TopicPartition(self.prefix + t, n) for t in self.topics for n in range(PARTITIONS)]
        lag = 0
        for each in _committed(consumer, places):
            low, high = consumer.get_watermark_offsets(TopicPartition(each.topic, each.partition), timeout=20)
            lag += high - max(low, each.offset)
        consumer.close()
        return lag

    def drain(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while (lag := self.lag()) > 0:
            assert time.monotonic() < deadline, f"{lag} records left after {seconds} s:\n{self.log[-3000:]}"
            time.sleep(0.2)

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)

    def read(self, topic: str) -> list[Message]:
        """Every committed record of a topic, in offset order per partition."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "recount",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
            }
        )
        consumer.assign([TopicPartition(self.prefix + topic, n, 0) for n in range(PARTITIONS)])
        ends, records = set(), []
        while len(ends) < PARTITIONS:
            for message in consumer.consume(5000, timeout=1):
                if message.error() is None:
                    records.append(message)
                else:
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    ends.add(message.partition())
        consumer.close()
        return sorted(records, key=lambda m: (m.partition(), m.offset()))

    def check(self) -> int:
        """Recount the source and hold outputs, changelog, rows and dead letters against it; return the events."""
        running: dict[str, int] = {}
        total: dict[str, tuple[int, int]] = {}
        bad: set[tuple[int, int]] = set()
        source = self.read("survey")
        for record in source:
            where = (record.partition(), record.offset())
            try:
                account, score, _ = record.value().decode().split(":")
            except ValueError:
                bad.add(where)
                continue
            n, points = total.get(account, (0, 0))
            total[account] = (n + 1, points + int(score))
            running["{}/{}".format(*where)] = n + 1
        outputs = [json.loads(m.value()) for m in self.read("signals")]
        counted = Counter(origin for origin, _, _ in outputs if not origin.startswith("tick"))
        assert {o: c for o, c in counted.items() if c > 1} == {}, "outputs twice"
        assert {o: n for o, _, n in outputs if o in running} == running, "outputs lost or wrong"
        changelog = {m.key(): m.value() for m in self.read("survey-changelog")}
        states = {k.decode(): json.loads(v) for k, v in changelog.items() if k[:1] != EPOCH_KEY[:1]}
        assert {a: (s["n"], s["sum"]) for a, s in states.items()} == total, "state differs"
        assert {a: (n, points) for a, (n, points, _) in self.sink.final().items()} == total, "rows differ"
        letters = [
            tuple(int(dict(m.headers())[name]) for name in ("cx-partition", "cx-offset"))
            for m in self.read("dead-letters")
        ]
        assert sorted(letters) == sorted(bad), "dead letters differ"
        return len(source)


def _must_arrive(error: KafkaError | None, _message: Message) -> None:
    assert error is None, error


def _committed(consumer: Consumer, places: list[TopicPartition]) -> list[TopicPartition]:
    for _ in range(50):
        try:
            return consumer.committed(places, timeout=20)
        except KafkaException as error:  # a new broker may still be making its offsets topic
            if not clients.is_passing(error.args[0]):
                raise
            time.sleep(0.2)
    raise AssertionError("the group's coordinator never came up")


@contextmanager
def a_run(bootstrap: str, directory: Path, prefix: str) -> Iterator[Run]:
    run = Run(bootstrap, directory, prefix)
    run.create_topics()
    try:
        yield run
    finally:
        run.stop()
