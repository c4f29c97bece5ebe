"""Pages of sources, typed as they are printed: what is sent is stored, translated and told, once however often sent."""

import base64
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

from infra import topics, wiring
from infra.settings import Settings, from_environment
from infra.stack import Stack
from tests.support.source_pages import TRIED, blocks, command, secret

_ADDRESS = "http://127.0.0.1:8480"
EXPECTED = {
    ("zendesk:main", "ticket_opened", "acme"),
    ("typeform:main", "response_submitted", "acme"),
    ("typeform:main", "survey_defined", "typeform:main"),
    ("formbricks:main", "response_submitted", "acme"),
    ("formbricks:main", "survey_defined", "formbricks:main"),
    ("cloudevents:main", "response_submitted", "acme"),
    ("segment:main", "response_submitted", "acme"),
    ("delighted:main", "response_submitted", "acme"),
}


@pytest.fixture
def surroundings(stack: Stack, prefix: str, tmp_path: Path) -> dict[str, str]:
    """The sources file as the pages have it, its keys, and the secrets that their commands sign with."""
    (tmp_path / "sources.yaml").write_text("\n".join(block for vendor in TRIED for block in blocks(vendor, "yaml")))
    for number, vendor in enumerate(TRIED):
        (tmp_path / f"{vendor}_main.key").write_text(base64.b64encode(bytes([number]) * 32).decode())
    own = {name: value for name, value in os.environ.items() if not name.startswith("CX_")}
    return {
        **own,
        **dict(secret(vendor) for vendor in TRIED),
        "CX_STACK": "external",
        "CX_KAFKA_BOOTSTRAP": stack.bootstrap,
        "CX_TOPIC_PREFIX": prefix,
        "CX_GROUP": prefix,
        "CX_PARTITIONS": "1",
        "CX_SOURCES": str(tmp_path / "sources.yaml"),
        "CX_DATA_DIR": str(tmp_path),
    }


@contextmanager
def receiving(surroundings: dict[str, str]) -> Iterator[str]:
    """Run `cx receive` on a free port; yields its address."""
    typed = [sys.executable, "-m", "infra.cli", "receive", "--port", "0"]
    with subprocess.Popen(typed, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().partition("/hooks/")[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def told(settings: Settings) -> Counter[tuple[str, str, str]]:
    """Source, type and account of all events on the topics of surveys and tickets, by how often each is there."""
    codec = wiring.codec(settings)
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": "read",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    left = {settings.topic_prefix + name for name in ("survey", "support")}
    consumer.subscribe(sorted(left))
    found: Counter[tuple[str, str, str]] = Counter()
    while left:
        for message in consumer.consume(100, timeout=1):
            if message.error() is not None:
                left.discard(message.topic())
                continue
            kind, fields = codec.decode(message.value())
            found[fields["source"], kind, fields["account_id"]] += 1
    consumer.close()
    return found


@pytest.mark.servers
def test_what_the_pages_send_is_told(surroundings: dict[str, str]) -> None:
    """A page that stops short of an event is worse than none: its reader looks for his own mistake."""
    settings = from_environment({name: text for name, text in surroundings.items() if name.startswith("CX_")})
    admin: Any = wiring.admin(settings)
    needed = ("survey", "support", "dead-letters", *(f"raw.{vendor}" for vendor in TRIED))
    topics.ensure(admin, settings, [each for each in topics.wanted(settings) if each.name.endswith(needed)])
    admin.close()
    with receiving(surroundings) as address:
        for vendor in TRIED:
            typed = command(vendor).replace(_ADDRESS, address)
            answer = subprocess.run(
                ["bash", "-euc", typed], env=surroundings, capture_output=True, text=True, check=True, timeout=60
            )
            assert (vendor, answer.stdout) == (vendor, "202\n" if vendor == "cloudevents" else "200\n")
    typed = [sys.executable, "-m", "infra.cli", "translate", "--until-end"]
    done = subprocess.run(typed, env=surroundings, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert told(settings) == Counter(dict.fromkeys(EXPECTED, 1)), done.stdout + done.stderr
