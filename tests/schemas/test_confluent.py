"""The Confluent frame against a real HTTP registry on loopback, hence the mark."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from schemas import confluent, frames
from schemas.catalogue import latest_schemas
from schemas.codec import Codec, Confluent, Undecodable
from schemas.confluent import REFUSED_SECONDS
from schemas.errors import RegistryUnavailableError
from schemas.examples import load
from tests.support.schema_registry import Registry, serve

pytestmark = pytest.mark.servers

QUICK = {"timeout": 2, "max.retries": 0}
OPENED = {"event_id": "e", "account_id": "a", "occurred_at": 1, "source": "s", "invitation_id": "i"}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serve() as running:
        yield running


def codec(registry: Registry) -> Codec:
    return Codec(Confluent(registry.url, **QUICK))


def with_id(schema_id: int) -> bytes:
    return frames.confluent(schema_id) + Codec().encode("invitation_opened", OPENED)[10:]


def test_the_corpus_crosses_a_registry(registry: Registry) -> None:
    """One codec's frames must be readable by another process that knows the registry alone."""
    writer, reader, plain = codec(registry), codec(registry), Codec()
    for example in load():
        if example.passes and example.fields is not None:
            value = writer.encode(example.event_type, example.fields, example.version)
            assert value[0] == 0
            assert value[5:] == example.value[10:]
            assert reader.decode(value) == plain.decode(example.value)


def test_subjects_are_record_names_and_each_is_asked_for_once(registry: Registry) -> None:
    """Several types share a topic, so the topic cannot be the subject; a request per event would be slow."""
    writer, reader = codec(registry), codec(registry)
    for _ in range(3):
        reader.decode(writer.encode("invitation_opened", OPENED))
    assert registry.subjects == {"cx.survey.InvitationOpened": [1]}
    assert len(registry.requests) == 2


def test_both_frames_are_read_where_a_registry_is_configured(registry: Registry) -> None:
    """Producers move from one frame to the other one by one."""
    assert codec(registry).decode(Codec().encode("invitation_opened", OPENED))[0] == "invitation_opened"


def test_a_newer_version_than_ours_is_read(registry: Registry) -> None:
    """Producers may be upgraded before workers; a compatible schema resolves to the version that we know."""
    definition = latest_schemas()["invitation_opened"].definition
    definition["fields"].insert(0, {"name": "device", "type": ["null", "string"], "default": None})
    schema_id = registry.register("cx.survey.InvitationOpened", json.dumps(definition))
    body = b"\x02\x0aphone" + with_id(schema_id)[5:]
    _, fields = codec(registry).decode(frames.confluent(schema_id) + body)
    assert fields["invitation_id"] == "i"
    assert "device" not in fields


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            json.dumps({"type": "record", "name": "Other", "namespace": "shop", "fields": []}), id="another record"
        ),
        pytest.param('"string"', id="no record"),
        pytest.param("not even JSON", id="no schema"),
        pytest.param(
            json.dumps({"type": "record", "name": "InvitationOpened", "namespace": "cx.survey", "fields": []}),
            id="incompatible",
        ),
    ],
)
def test_a_registered_schema_that_is_none_of_ours_is_unknown(registry: Registry, text: str) -> None:
    """A registry is shared with other systems."""
    schema_id = registry.register("someone-elses", text)
    with pytest.raises(Undecodable) as caught:
        codec(registry).decode(with_id(schema_id))
    assert caught.value.reason == "unknown_schema"


def test_an_id_that_does_not_exist_is_unknown(registry: Registry) -> None:
    """The record is at fault: no retry will register its schema."""
    with pytest.raises(Undecodable) as caught:
        codec(registry).decode(with_id(77))
    assert caught.value.reason == "unknown_schema"


def test_a_cut_frame_is_malformed(registry: Registry) -> None:
    """Four bytes are no frame."""
    with pytest.raises(Undecodable) as caught:
        codec(registry).decode(b"\0\0\0\0")
    assert caught.value.reason == "malformed"


def test_a_failing_registry_is_no_fault_of_the_record(registry: Registry) -> None:
    """An outage must stop the worker; dead-lettering sound records would lose them."""
    registry.failing = True
    with pytest.raises(RegistryUnavailableError):
        codec(registry).decode(with_id(1))
    with pytest.raises(RegistryUnavailableError):
        codec(registry).encode("invitation_opened", OPENED)


def test_an_absent_registry_is_no_fault_of_the_record() -> None:
    """As above, where nothing listens at all; afterwards the same codec recovers."""
    with serve() as registry:
        port: Any = registry.url
    absent = Codec(Confluent(port, **QUICK))
    with pytest.raises(RegistryUnavailableError):
        absent.decode(with_id(1))


def test_a_registry_that_comes_back_is_used(registry: Registry) -> None:
    """A failed answer must not be remembered."""
    ours = codec(registry)
    registry.failing = True
    with pytest.raises(RegistryUnavailableError):
        ours.encode("invitation_opened", OPENED)
    registry.failing = False
    assert ours.decode(ours.encode("invitation_opened", OPENED))[0] == "invitation_opened"


def _nested(depth: int) -> dict[str, Any]:
    """Return a schema of ours with a field before all others that is an array of arrays, so deep."""
    kind: Any = "string"
    for _ in range(depth):
        kind = {"type": "array", "items": kind}
    definition = latest_schemas()["invitation_opened"].definition
    definition["fields"].insert(0, {"name": "device", "type": kind, "default": []})
    return definition


def _wide() -> dict[str, Any]:
    definition = latest_schemas()["invitation_opened"].definition
    definition["fields"] += [{"name": f"f{n}", "type": ["null", "string"], "default": None} for n in range(9_000)]
    return definition


def _named(name: str) -> dict[str, Any]:
    definition = latest_schemas()["invitation_opened"].definition
    definition["fields"].insert(0, {"name": name, "type": "string", "default": ""})
    return definition


HOSTILE = {
    "eleven nested arrays": {"schema": json.dumps(_nested(11))},
    "forty nested arrays": {"schema": json.dumps(_nested(40))},
    "deep JSON as a schema": {"schema": "[" * 5_000 + "]" * 5_000},
    "deep JSON of arrays": {"schema": '{"type": "array", "items": ' * 2_000 + '"string"' + "}" * 2_000},
    "a very wide record": {"schema": json.dumps(_wide())},
    "a number": {"schema": 5},
    "a list": {"schema": ["string"]},
    "nothing": {"schema": None},
    "no schema": {},
    "no object": [],
    "no avro": {"schema": "message A {}", "schemaType": "PROTOBUF"},
    "a field of code": {"schema": json.dumps(_named("x'] = 1; import os; os.abort() #"))},
    "a field of nothing": {"schema": json.dumps(_named(""))},
    "itself": {"schema": json.dumps({"type": "record", "name": "A", "fields": [{"name": "a", "type": "A"}]})},
    "a huge text": {"schema": '"' + "x" * 1_000_000 + '"'},
    "bytes that are no character": {"schema": "\ud800"},
    "names of nobody": {"schema": '{"type": "record", "name": "cx.survey.InvitationOpened", "fields": 7}'},
}


@pytest.mark.intrusion("S8")
@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_is_the_fault_of_its_record(registry: Registry, answer: Any) -> None:
    """Whoever may write to the registry, or send an id, must not be able to stop a worker."""
    registry.said[7] = json.dumps(answer).encode()
    with pytest.raises(Undecodable) as caught:
        codec(registry).decode(with_id(7))
    assert caught.value.reason in ("unknown_schema", "malformed")


@pytest.mark.intrusion("S8")
@pytest.mark.parametrize("body", [b"{" * 200_000, b"[" * 200_000 + b"]" * 200_000, b'{"schema":' * 50_000])
def test_an_answer_that_is_too_deep_stops_no_worker(registry: Registry, body: bytes) -> None:
    """The client reads JSON by recursion."""
    registry.said[7] = body
    with pytest.raises((Undecodable, RegistryUnavailableError)):
        codec(registry).decode(with_id(7))


@pytest.mark.intrusion("S8")
@pytest.mark.parametrize("said", [None, b'{"schema": 5}', b'{"schema": "not even JSON"}'])
def test_an_id_that_names_nothing_is_asked_for_once_in_a_while(registry: Registry, said: bytes | None) -> None:
    """It may stand on every record, and each question takes a round trip; later it is asked for again."""
    if said is not None:
        registry.said[7] = said
    now = [100.0]
    ours = Codec(Confluent(registry.url, clock=lambda: now[0], **QUICK))
    for _ in range(20):
        with pytest.raises(Undecodable):
            ours.decode(with_id(7))
    assert len(registry.requests) == 1
    if said is not None:
        return  # what is registered under an id never changes
    now[0] += REFUSED_SECONDS
    registry.said[7] = json.dumps({"schema": latest_schemas()["invitation_opened"].text}).encode()
    assert ours.decode(with_id(7))[0] == "invitation_opened"


@pytest.mark.intrusion("S8")
def test_ids_that_name_nothing_fill_no_memory(monkeypatch: pytest.MonkeyPatch, registry: Registry) -> None:
    """There are four thousand million of them."""
    monkeypatch.setattr(confluent, "MAX_REFUSED", 3)
    served = Confluent(registry.url, **QUICK)
    for number in range(70, 80):
        with pytest.raises(Undecodable):
            Codec(served).decode(with_id(number))
    assert len(served._refused) <= 3
