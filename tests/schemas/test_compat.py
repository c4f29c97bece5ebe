import copy
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from schemas.catalogue import SchemaVersion, crc64, load_schemas
from schemas.compat import load_released, problems, release

SCHEMAS = list(load_schemas().values())
FIRST = load_schemas()["response_submitted", 1]
_WEIGHT = {"name": "weight", "type": "double", "default": 1.0}


def changed(edit: Callable[[dict[str, Any]], None], version: int = 2) -> SchemaVersion:
    """Return response_submitted with its definition edited."""
    definition = copy.deepcopy(FIRST.definition)
    edit(definition)
    return SchemaVersion(FIRST.topic, FIRST.event_type, version, json.dumps(definition), crc64(definition))


def field(definition: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(field for field in definition["fields"] if field["name"] == name)
    return found


def answer(definition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = field(definition, "answers")["type"]["items"]
    return found


def add(name: str, avro_type: Any, **more: Any) -> Callable[[dict[str, Any]], None]:
    return lambda definition: definition["fields"].append({"name": name, "type": avro_type, **more})


def remove(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda definition: definition["fields"].remove(field(definition, name))


def test_the_schemas_as_they_stand_are_compatible() -> None:
    """What is checked before every release."""
    assert problems(SCHEMAS, load_released()) == []


def test_every_schema_is_released() -> None:
    """A schema outside released.json could be changed after producers began to use it."""
    assert set(load_released()) == {f"{schema.event_type}.v{schema.version}" for schema in SCHEMAS}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(add("weight", "double"), id="field added without default"),
        pytest.param(remove("survey_version"), id="field removed that had no default"),
        pytest.param(lambda d: field(d, "survey_version").update(type="string"), id="type changed"),
        pytest.param(
            lambda d: field(d, "survey_version").update(type="long"), id="type widened: readable one way only"
        ),
        pytest.param(lambda d: field(d, "language").update(type="string", default=""), id="null no longer allowed"),
        pytest.param(lambda d: field(d, "response_id").update(name="answer_id"), id="field renamed"),
        pytest.param(lambda d: d.update(name="ResponseSent"), id="record renamed"),
        pytest.param(lambda d: answer(d)["fields"].append({"name": "rank", "type": "int"}), id="nested field added"),
        pytest.param(lambda d: answer(d)["fields"].pop(0), id="nested field removed"),
        pytest.param(lambda d: field(d, "language").update(type=["null", "bytes"]), id="string to bytes"),
    ],
)
def test_a_breaking_version_is_found(edit: Callable[[dict[str, Any]], None]) -> None:
    """A check that cannot fail guards nothing."""
    found = problems([FIRST, changed(edit)], {})
    assert any("cannot read" in problem for problem in found)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(add("weight", ["null", "double"], default=None), id="optional field added"),
        pytest.param(add("weight", "double", default=1.0), id="field with a default added"),
        pytest.param(lambda d: field(d, "actor")["type"]["symbols"].insert(0, "PARTNER"), id="enum symbol added"),
        pytest.param(lambda d: d.update(doc="Said better."), id="description changed"),
    ],
)
def test_a_compatible_version_is_let_through(edit: Callable[[dict[str, Any]], None]) -> None:
    """A check that always fails would be switched off."""
    assert problems([FIRST, changed(edit)], {}) == []


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(remove("language"), id="field with a default removed"),
        pytest.param(lambda d: d["fields"].insert(9, _WEIGHT), id="field put between others"),
        pytest.param(lambda d: answer(d)["fields"].insert(0, _WEIGHT), id="nested field put before others"),
        pytest.param(lambda d: d["fields"].append(d["fields"].pop(12)), id="fields exchanged"),
    ],
)
def test_a_field_keeps_its_place(edit: Callable[[dict[str, Any]], None]) -> None:
    """Avro reads by name, but the state that a worker takes over from an older one holds events by position."""
    (found,) = problems([FIRST, changed(edit)], {})
    assert "moves or drops fields" in found


def test_versions_are_checked_against_all_others_not_only_their_neighbour() -> None:
    """The log is kept for ever: version 3 meets records of version 1 (transitive).

    Dropping a default is harmless beside a version that always wrote the field, and breaks the one before it.
    """
    second = changed(add("weight", "double", default=1.0))
    third = changed(add("weight", "double"), version=3)
    assert problems([second, third], {}) == []
    assert any("v3 cannot read" in problem for problem in problems([FIRST, second, third], {}))


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(add("weight", ["null", "double"], default=None), id="field added"),
        pytest.param(lambda d: field(d, "finished").update(default=False), id="default changed: same fingerprint"),
        pytest.param(lambda d: field(d, "submitted_at").update(type="long"), id="logical type lost: same fingerprint"),
    ],
)
def test_a_released_schema_does_not_change(edit: Callable[[dict[str, Any]], None]) -> None:
    """Records of a version must mean the same for ever, also where the fingerprint does not show the change."""
    released = {"response_submitted.v1": release(FIRST)}
    assert problems([changed(edit, version=1)], released) == [
        "response_submitted.v1 was released and has changed; make it the next version instead"
    ]


def test_a_released_schema_may_be_described_better() -> None:
    """Words are not part of the contract."""
    released = {"response_submitted.v1": release(FIRST)}
    assert problems([changed(lambda d: d.update(doc="Said better."), version=1)], released) == []


def test_a_released_schema_does_not_vanish() -> None:
    """Its records stay in the log."""
    assert "is gone" in problems([], {"response_submitted.v1": release(FIRST)})[0]


def test_the_command_ends_well() -> None:
    """Pipelines of other teams run it."""
    ended = subprocess.run([sys.executable, "-m", "schemas.compat"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
