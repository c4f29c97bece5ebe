"""The Confluent frame against a real HTTP registry on loopback, hence the mark."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from schemas import frames
from schemas.catalogue import latest_schemas
from schemas.codec import Codec, Confluent, Undecodable
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
            value = writer.encode(example.event_type, example.fields)
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
