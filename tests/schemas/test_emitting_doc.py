"""docs/emitting.md is what producers in other languages build from: what it says must be what the codec does."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from kafka.partitioner.default import murmur2

from infra.stack import Stack
from schemas.catalogue import load_schemas
from schemas.codec import MAX_EVENT_BYTES, Codec
from schemas.errors import UndecodableReason
from schemas.examples import instants, load
from schemas.structs import ENVELOPE
from tests.support.kafka_log import stored

PAGE = Path(__file__).parents[2] / "docs" / "emitting.md"
TEXT = PAGE.read_text(encoding="utf-8")
OPENED = load_schemas()["invitation_opened", 1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_column(title: str) -> set[str]:
    """Return the names set as code in the first column of a section's table."""
    cells = re.findall(r"^\|([^|]*)\|", section(title), re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_bad_input_is_held_by_tests_that_are_there() -> None:
    """A table of promises is worth what holds them: a test that was renamed must not leave its name behind."""
    root, found = PAGE.parents[1], 0
    rows = re.findall(
        r"^\|[^|]*\|[^|]*\|([^|]*)\|$", section("Bad input about customers, and what holds us to it"), re.MULTILINE
    )
    for name in re.findall(r"`([^`]+)`", " ".join(rows)):
        file, _, test = name.partition("::")
        if "/" not in file:
            assert any((root / "schemas" / "examples").glob(f"*/{file}")), name
        else:
            text = (root / "tests" / file).read_text(encoding="utf-8")
            assert f"def {test}(" in text or not test, name
        found += 1
    assert found >= len(rows) - 2 > 10


def test_the_worked_example_is_what_the_codec_writes() -> None:
    """Byte for byte: the table of the page, joined, is the record of the page's JSON."""
    table = re.findall(r"^\| `([0-9a-f ]+)` \|", section("The record, byte by byte"), re.MULTILINE)
    value = bytes.fromhex(" ".join(table))
    fields = instants(OPENED, json.loads(blocks("json")[0]))
    assert value == Codec().encode("invitation_opened", fields)
    assert f"these {len(value)} bytes" in TEXT
    assert f"{fields['occurred_at']:,} microseconds" in TEXT


def test_the_integers_of_the_page_are_written_as_it_says() -> None:
    """Zigzag is what a hand-written encoder gets wrong first."""
    found = re.findall(r"(-?\d+) is `([0-9a-f ]+)`", section("The record, byte by byte"))
    assert len(found) == 3
    for number, digits in found:
        fields = {**json.loads(blocks("json")[0]), "entity_version": int(number)}
        value = Codec().encode("invitation_opened", instants(OPENED, fields))
        assert b"shop:main\x02" + bytes.fromhex(digits) + b"\0\0\0\0\x10inv" in value


def test_every_header_is_listed() -> None:
    """A constant copied from the page decides whether a record can be read."""
    rows = re.findall(r"^\| `cx\.(\w+)` \| `(\w+)` \| (\d+) \| `([0-9a-f]{20})` \|", TEXT, re.MULTILINE)
    listed = {(topic, name, int(version), bytes.fromhex(header)) for topic, name, version, header in rows}
    schemas = [schema for schema in load_schemas().values() if schema.topic != "signals"]
    assert listed == {(s.topic, s.event_type, s.version, b"\xc3\x01" + s.fingerprint) for s in schemas}


def test_the_partitions_named_are_right() -> None:
    """A producer compares its own client with these two keys."""
    found = re.findall(r"`(acc-\d+)`\s+hashes\s+to\s+(\d+), which (?:of four partitions )?is\s+number\s+(\d)", TEXT)
    assert len(found) == 2
    for key, hashed, partition in found:
        assert murmur2(key.encode()) == int(hashed)
        assert (int(hashed) & 0x7FFFFFFF) % 4 == int(partition)


def test_every_reason_is_explained() -> None:
    """A producer looks its dead letter up here."""
    examples = {e.reason for e in load() if e.reason}
    assert first_column("What is refused") == set(get_args(UndecodableReason)) | examples | {
        "internal_error",
        "wrong_partition",
    }


def test_every_envelope_field_is_explained() -> None:
    """The envelope is the part that all producers share."""
    assert first_column("What every event carries") == set(ENVELOPE)


def test_the_limit_is_the_codecs() -> None:
    """One MiB, said twice on the page."""
    assert MAX_EVENT_BYTES == 1024 * 1024
    assert TEXT.count("1 MiB") == 2


@pytest.mark.parametrize("source", blocks("python"))
def test_python_blocks_compile(source: str) -> None:
    """A block is copied as it stands."""
    compile(source, str(PAGE), "exec")


@pytest.mark.servers
def test_the_python_block_stores_its_event(stack: Stack, prefix: str) -> None:
    """Run as it stands, but for where the broker is and the prefix of the test's topics."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    for created in admin.create_topics([NewTopic(f"{prefix}survey", 4, 1)]).values():
        created.result(timeout=20)
    block = blocks("python")[0]
    exec(block.replace('"localhost:9092"', f'"{stack.bootstrap}", prefix="{prefix}"'), {})
    (message,) = stored(stack, f"{prefix}survey", 1)
    event_type, fields = Codec().decode(message.value())
    assert (event_type, fields["account_id"], message.key()) == ("response_submitted", "acc-0042", b"acc-0042")


def test_files_named_on_the_page_exist() -> None:
    """The Java and Node blocks read schemas by path."""
    paths = re.findall(r"schemas/avro/\w+/\w+\.v\d+\.avsc", TEXT)
    assert len(paths) == 2
    for path in paths:
        assert (PAGE.parents[1] / path).is_file()
