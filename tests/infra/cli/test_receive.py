"""`cx receive` as it is typed: what it answered 2xx lies on Kafka, closed; without Kafka it goes on and says so."""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner

from infra import sources, topics, wiring
from infra.cli import app
from infra.deployment import environment
from infra.settings import Settings
from streams.emit import HttpEmitter
from tests.support.signing import by_stripe

PAGE = Path(__file__).parents[3] / "docs/receiving.md"
SECRET = b"whsec_example"
FILE = """
stripe: {main: {secrets: [env:STRIPE_SECRET], body_keys: [env:STRIPE_KEY]}}
events: {shop: {secrets: [env:SHOP_TOKEN], options: {source: "shop:main"}}}
"""
SECRETS = {
    "SHOP_TOKEN": "example",
    "STRIPE_SECRET": SECRET.decode(),
    "STRIPE_KEY": base64.b64encode(bytes(range(32))).decode(),
}


@pytest.fixture
def told(here: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "sources.yaml").write_text(FILE)
    return msgspec.structs.replace(here, sources=str(tmp_path / "sources.yaml"))


@pytest.fixture
def certified(tmp_path: Path) -> tuple[str, ...]:
    """The options that have it speak TLS, with a certificate for this machine that nobody else vouches for."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"]
    named = ["1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", cert, "-keyout", key]
    subprocess.run([*made, *named], check=True, capture_output=True)
    return "--cert", cert, "--key", key


@contextlib.contextmanager
def receiving(settings: Settings, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the command; yields the address of its only hook, and the process."""
    command = [sys.executable, "-m", "infra.cli", "receive", "--port", "0", *options]
    whole = {**os.environ, **environment(settings), **SECRETS}
    with subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def send(hook: str, body: bytes, tls: ssl.SSLContext | None = None) -> int:
    headers = {name: values[0] for name, values in by_stripe(SECRET, body, int(time.time())).items()}
    request = urllib.request.Request(hook, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20, context=tls) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code if error.headers["Retry-After"] == "10" else 0


def as_the_page_says(base: str) -> list[str]:
    """Run the lines of docs/receiving.md that send something; returns what each block prints."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [_typed(block.replace("http://127.0.0.1:8480", base)) for block in blocks if "curl" in block]


def _typed(typed: str) -> str:
    return subprocess.run(["bash", "-euc", typed], capture_output=True, text=True, check=True, timeout=60).stdout


def stored(settings: Settings) -> list[bytes]:
    """Return the bodies on the raw topic, opened by the keys of the sources file."""
    topic = f"{settings.topic_prefix}raw.stripe"
    (source,) = sources.load(settings.sources, SECRETS, with_secrets=False)
    consumer = Consumer(
        {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "read", "enable.auto.commit": False}
    )
    places = [TopicPartition(topic, number, 0) for number in range(4)]
    left = sum(consumer.get_watermark_offsets(place, timeout=20)[1] for place in places)
    consumer.assign(places)
    bodies: list[bytes] = []
    while len(bodies) < left:
        found = consumer.consume(100, 1)
        bodies += [source.keys.open(topic, message.value(), message.headers()).body for message in found]
    consumer.close()
    return bodies


@pytest.mark.servers
def test_what_was_answered_is_stored_closed_and_it_ends_when_told(told: Settings) -> None:
    """Who gets a 2xx forgets the delivery: from then on Kafka alone has it."""
    bodies = [json.dumps({"id": f"evt_{number}"}).encode() for number in range(20)]
    admin = wiring.admin(told)
    survey = next(topic for topic in topics.wanted(told) if topic.name.endswith("survey"))
    topics.ensure(admin, told, [survey])
    admin.close()
    with receiving(told) as (hook, process):
        assert hook.endswith("/hooks/stripe/main")
        assert [send(hook, body) for body in bodies] == [200] * 20
        base = hook.removesuffix("/hooks/stripe/main")
        assert as_the_page_says(base) == ["200\n", '{"accepted": 1, "refused": []}']
        with HttpEmitter(base, source="shop:main", token="example") as events:
            for number in range(30):
                events.emit("invitation_opened", account_id=f"a{number}", invitation_id="i1")
        with urllib.request.urlopen(f"{base}/metrics", timeout=20) as answer:
            line = b'cx_receive_deliveries_total{instance="main",outcome="stored",vendor="stripe"} 21.0'
            assert line in answer.read()
    assert process.returncode == 0
    with Consumer({"bootstrap.servers": told.kafka_bootstrap, "group.id": "events"}) as consumer:
        ends = [
            consumer.get_watermark_offsets(TopicPartition(survey.name, number), timeout=20)[1] for number in range(4)
        ]
    assert sum(ends) == 31
    (typed,) = set(found := stored(told)) - set(bodies)
    assert (json.loads(typed)["type"], len(found)) == ("customer.created", 21)


@pytest.mark.servers
def test_it_starts_and_answers_while_kafka_is_away(told: Settings, certified: tuple[str, ...]) -> None:
    """A restart in the middle of an outage must not turn 503 into connections that nobody takes; TLS too."""
    tls = ssl.create_default_context(cafile=certified[1])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = msgspec.structs.replace(told, kafka_bootstrap=f"127.0.0.1:{taken.getsockname()[1]}")
        with receiving(away, *certified) as (hook, process):
            assert hook.startswith("https://")
            assert send(hook, b"{}", tls) == 503
            with pytest.raises(urllib.error.HTTPError, match="503"):
                urllib.request.urlopen(hook.replace("/hooks/stripe/main", "/health"), timeout=20, context=tls)
    assert process.returncode == 0
    assert process.stderr is not None


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("discord: {app: {secrets: [env:STRIPE_SECRET], body_keys: [env:STRIPE_KEY]}}", "64 hexadecimal digits"),
        ("stripe: {main: {body_keys: [env:STRIPE_KEY]}}", "stripe.main has no secret"),
        ("mail: {main: {body_keys: [env:STRIPE_KEY]}}", "no webhook is described: vendors are stripe,"),
        ("stripe: {main: {secrets: [whsec_hush], body_keys: [env:STRIPE_KEY]}}", "env:NAME or file:PATH"),
    ],
)
def test_a_way_in_that_could_not_work_is_found_at_the_start(
    file: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alternative is a receiver that runs for a week and refuses everything."""
    (tmp_path / "sources.yaml").write_text(file)
    monkeypatch.setenv("CX_STACK", "external")
    monkeypatch.setenv("CX_SOURCES", str(tmp_path / "sources.yaml"))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["receive"])
    assert result.exit_code == 1
    assert said in result.stderr
    assert SECRET.decode() not in result.stderr
    assert "hush" not in result.stderr


def test_a_certificate_without_its_key_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of TLS must not become plain HTTP."""
    monkeypatch.setenv("CX_STACK", "external")
    result = CliRunner().invoke(app, ["receive", "--cert", "chain.pem"])
    assert (result.exit_code, result.stderr) == (1, "cx: --cert and --key belong together\n")
