"""The worker program: Faust, the engine in its thread, webhook, board and endpoints, on a real broker."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from streams.live.worker.delivery import sign
from tests.streams.live.host_process import CODEC, SECRET, Worker
from tests.support.topics import written
from tests.support.waiting import wait_until

pytestmark = pytest.mark.servers


def counted(worker: Worker) -> Counter[str]:
    """The board's columns, summed up over its minutes."""
    return sum((Counter(minute["counts"]) for minute in worker.json("/board")), Counter())


def test_a_worker_delivers_counts_answers_and_stops(worker: Worker) -> None:
    """The whole program once: an unhappy customer in, a signed webhook out, figures on every page, a clean end."""
    process = worker.start()
    wait_until(lambda: worker.get("/health")[0] == 200)
    for number, score in enumerate((2.0, 8.0, 10.0)):
        worker.respond(number, score)
    worker.produce(b"no event at all", "acc-0")
    wait_until(lambda: len(worker.receiver.taken) == 2)
    taken = {json.loads(body)["kind"]: (headers, body) for headers, body in worker.receiver.taken}
    told = json.loads(taken["events_rejected"][1])
    assert (told["subject_id"], told["detail"]["reason"]) == ("", "unknown_frame")
    headers, body = taken["detractor_waiting"]
    said = json.loads(body)
    assert (said["account_id"], said["subject_id"]) == ("acc-0", "r0")
    assert headers["webhook-id"] == said["signal_id"]
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == sign([SECRET.encode()], said["signal_id"], stamp, body)

    wait_until(lambda: sum(counted(worker).values()) >= 7)  # a partition's counts may come later than another's
    assert counted(worker) == {"responses": 3, "promoters": 1, "passives": 1, "detractors": 1, "dead_letters": 1}
    wait_until(lambda: worker.json("/lag")["consumed"] == 4)
    assert worker.json("/lag")["dead_letters"] == 1
    assert b"cx_records_total 4.0" in worker.get("/metrics")[1]
    assert worker.get("/table/")[0] == 404, "Faust's own pages would serve table data"

    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0
    topics = AdminClient({"bootstrap.servers": worker.stack.bootstrap}).list_topics(timeout=60).topics
    assert f"{worker.prefix}host-board-changelog" in topics, "Faust's own topics carry the prefix"


def test_a_signal_is_not_delivered_again_by_the_next_process(worker: Worker) -> None:
    """The memory of delivered ids is a table with a changelog; the topic may be read again from anywhere."""
    first = worker.start()
    worker.respond(0, 1.0)
    wait_until(lambda: len(worker.receiver.taken) == 1)
    wait_until(lambda: written(worker.stack.bootstrap, f"{worker.prefix}host-delivered-changelog") > 0)
    first.kill()
    first.wait(60)
    again = worker.receiver.taken[0][1]
    producer = Producer({"bootstrap.servers": worker.stack.bootstrap, "partitioner": "murmur2_random"})
    said = json.loads(again)
    producer.produce(f"{worker.prefix}signals", CODEC.encode("signal_raised", said), said["account_id"])
    assert producer.flush(60) == 0
    worker.start()
    worker.respond(3, 1.0)
    wait_until(lambda: len(worker.receiver.taken) == 2)
    assert json.loads(worker.receiver.taken[1][1])["subject_id"] == "r3"


def test_an_engine_that_stops_ends_the_process(worker: Worker) -> None:
    """A worker whose engine has stopped but whose pages still answer would look well and do nothing."""
    worker.respond(0, 9.0)
    process = worker.start(refuse=True)
    assert process.wait(120) == 3
    assert "the engine has stopped: sink refused" in worker.log
