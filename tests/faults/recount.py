"""Recounts a deployment from its topics and holds everything it left behind against that. It imports nothing of it.

    python -m tests.faults.recount --bootstrap 127.0.0.1:9092 --clickhouse http://127.0.0.1:8123

The group must have drained its topics. Prints the verdict as JSON; the exit status is 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from tests.faults.avro import HEADER, Contract
from tests.faults.expected import Expected, Invoice, Place, Record, Response, Ticket, expect
from tests.faults.verdict import Found, Part, Verdict, judge

SOURCES = ("survey", "billing", "support", "reference", "config")
_MARK = b"\0engine"
_PIECE, _SEGMENT = b"\1", b"\1s"
"""How the keys of records begin that are no head of an entity, and of those that hold events."""
_CLAIM, _CLAIM_ID = 24, 16
_PATIENCE = 60.0
_SETTLE = 0.2


@dataclass(frozen=True)
class Where:
    """A deployment: brokers, topic prefix, group, ClickHouse over HTTP as a user that reads tables, its database."""

    bootstrap: str
    prefix: str
    group: str
    clickhouse: str
    database: str


def consumer(where: Where, **more: Any) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": where.bootstrap,
            "group.id": where.group,
            "enable.auto.commit": False,
            "log_level": 0,
            **more,
        }
    )


def partitions(reader: Consumer, topic: str) -> list[int]:
    return sorted(reader.list_topics(topic, timeout=_PATIENCE).topics[topic].partitions)


def read(where: Where, topic: str) -> Iterator[Message]:
    """Yield every committed record of a topic, each partition's in order, up to its end now. Raises on silence."""
    full = where.prefix + topic
    reader = consumer(where, **{"isolation.level": "read_committed", "enable.partition.eof": True})
    waiting = set(partitions(reader, full))
    reader.assign([TopicPartition(full, number, 0) for number in waiting])
    deadline = time.monotonic() + _PATIENCE
    try:
        while waiting:
            messages = reader.consume(10_000, timeout=0.2)
            deadline = time.monotonic() + _PATIENCE if messages else deadline
            if time.monotonic() > deadline:
                raise TimeoutError(f"{full}: partitions {sorted(waiting)} gave nothing for {_PATIENCE:g} s")
            for message in messages:
                if message.error() is None:
                    yield message
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    waiting.discard(message.partition())
                elif message.error().fatal():
                    raise KafkaException(message.error())
    finally:
        reader.close()


def records(where: Where) -> list[Record]:
    """Return the records of the source topics in the order of each partition."""
    return [
        Record(topic, message.partition(), message.offset(), message.key(), message.value())
        for topic in SOURCES
        for message in read(where, topic)
    ]


def counts(where: Where) -> dict[str, int]:
    """Return how many partitions each source topic has."""
    reader = consumer(where)
    found = {topic: len(partitions(reader, where.prefix + topic)) for topic in SOURCES}
    reader.close()
    return found


def ends(where: Where) -> dict[Part, int]:
    """Return the end of every source partition that holds records."""
    reader = consumer(where)
    found = {
        (topic, number): reader.get_watermark_offsets(TopicPartition(where.prefix + topic, number), timeout=_PATIENCE)[
            1
        ]
        for topic in SOURCES
        for number in partitions(reader, where.prefix + topic)
    }
    reader.close()
    return {part: end for part, end in found.items() if end}


def committed(where: Where, parts: list[Part], *, patience: float = _PATIENCE) -> dict[Part, int]:
    """Return the group's committed offsets, 0 where it has none; waits for a coordinator that is not up yet."""
    asking = consumer(where)
    asked = [TopicPartition(where.prefix + topic, number) for topic, number in parts]
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                found = asking.committed(asked, timeout=patience)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            else:
                if all(each.error is None for each in found) or time.monotonic() > deadline:
                    short = len(where.prefix)
                    return {(each.topic[short:], each.partition): max(0, each.offset) for each in found}
            time.sleep(_SETTLE)
    finally:
        asking.close()


def query(where: Where, statement: str) -> list[list[Any]]:
    """Return the rows of a statement."""
    address = urllib.parse.urlsplit(where.clickhouse)
    request = urllib.request.Request(
        f"{address.scheme}://{address.hostname}:{address.port}/?output_format_json_quote_64bit_integers=0",
        data=f"{statement} FORMAT JSONCompactEachRow".encode(),
        headers={"X-ClickHouse-User": address.username or "default", "X-ClickHouse-Key": address.password or ""},
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            return [json.loads(line) for line in answer]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{statement}: {error.read(500).decode('utf-8', 'replace')}") from error


def _letters(where: Where, found: Found) -> None:
    for message in read(where, "dead-letters"):
        headers = dict(message.headers() or ())
        topic = headers["cx-topic"].decode().removeprefix(where.prefix)
        place: Place = (topic, int(headers["cx-partition"]), int(headers["cx-offset"]))
        found.letters.append((place, message.value() or b""))


def _signals(where: Where, found: Found) -> None:
    contract = Contract()
    for message in read(where, "signals"):
        if len(message.value() or b"") > HEADER:
            _, fields = contract.decode(message.value())
            if fields["kind"] == "detractor_waiting":
                found.waiting.append(fields["subject_id"])


def _changelogs(where: Where, found: Found) -> None:
    """Take the newest value of every key: the engine's mark says how far it has read, logs name events."""
    for topic in SOURCES:
        newest = {(m.partition(), m.key()): m.value() for m in read(where, f"{topic}-changelog")}
        for (number, key), value in newest.items():
            if value is None:
                continue
            if key == _MARK:
                found.marks[topic, number] = msgspec.msgpack.decode(value)[0]
            elif key[:1] != b"\0" and (key[:1] != _PIECE or key[:2] == _SEGMENT):
                claims = msgspec.msgpack.decode(value)[0 if key[:1] == _PIECE else 2]
                held = found.claims.setdefault((topic, number), Counter())
                held.update(claims[at : at + _CLAIM_ID] for at in range(0, len(claims), _CLAIM))


def _tables(where: Where, found: Found) -> None:
    cx, short = where.database, len(where.prefix)
    columns = "response_id, account_id, status, nps, corrections, event_id"
    found.responses = [(i, Response(*row)) for i, *row in query(where, f"SELECT {columns} FROM {cx}.response")]
    found.invitations = [
        (i, (account, status))
        for i, account, status in query(where, f"SELECT invitation_id, account_id, status FROM {cx}.invitation")
    ]
    found.accounts = [
        (event, (account, name))
        for event, account, name in query(where, f"SELECT event_id, account_id, name FROM {cx}.account_history")
    ]
    columns = "invoice_id, account_id, paid_micros, open_micros"
    found.invoices = [(i, Invoice(*row)) for i, *row in query(where, f"SELECT {columns} FROM {cx}.invoice")]
    columns = "ticket_id, account_id, status, messages, requester_messages"
    found.tickets = [(i, Ticket(*row)) for i, *row in query(where, f"SELECT {columns} FROM {cx}.ticket")]
    found.revenue = _revenue(where)
    letters = query(where, f"SELECT topic, partition, offset, size_bytes FROM {cx}.dead_letter")
    found.letter_rows = [((topic[short:], *at), size) for topic, *at, size in letters]
    if query(where, f"SELECT 1 FROM system.tables WHERE database = '{cx}' AND name = 'event'"):
        events = query(where, f"SELECT topic, partition, offset, event_id FROM {cx}.event")
        found.events = [((topic[short:], *at), event) for topic, *at, event in events]
    scores = query(
        where,
        f"SELECT dimension_value, sum(n), sum(numerator) FROM {cx}.nps"
        " WHERE grain = 'day' AND dimension = 'account' GROUP BY dimension_value",
    )
    found.scores = {account: (int(n), int(net)) for account, n, net in scores}


def _revenue(where: Where) -> dict[tuple[str, str], tuple[int, int]]:
    """Return what every account brings by each policy: all movements together, and the spans that have no end."""
    grouped = "GROUP BY account_id, policy"
    moved = f"SELECT account_id, policy, sum(amount_micros) FROM {where.database}.mrr_movement {grouped}"
    held = f"SELECT account_id, policy, sum(mrr_micros) FROM {where.database}.mrr_item WHERE valid_to IS NULL {grouped}"
    spans = {(account, policy): int(micros) for account, policy, micros in query(where, held)}
    movements = {(account, policy): int(micros) for account, policy, micros in query(where, moved)}
    return {key: (movements.get(key, 0), spans.get(key, 0)) for key in movements.keys() | spans.keys()}


def recount(where: Where, acknowledged: list[Place] | None = None) -> tuple[Verdict, Expected]:
    """Read everything there is and judge it."""
    expected, found = expect(records(where), counts(where)), Found(ends=ends(where))
    found.committed = committed(where, list(found.ends))
    for gather in (_letters, _signals, _changelogs, _tables):
        gather(where, found)
    return judge(expected, found, acknowledged or ()), expected


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--bootstrap", default="127.0.0.1:9092")
    options.add_argument("--prefix", default="cx.")
    options.add_argument("--group", default="cxledger")
    options.add_argument("--clickhouse", default="http://default@127.0.0.1:8123")
    options.add_argument("--database", default="cx")
    told = options.parse_args()
    verdict, _ = recount(Where(told.bootstrap, told.prefix, told.group, told.clickhouse, told.database))
    sys.stdout.write(json.dumps(asdict(verdict), indent=2) + "\n")
    sys.exit(0 if verdict.clean else 1)


if __name__ == "__main__":
    main()
