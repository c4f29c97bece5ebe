"""G11: a schema changes while everything runs. Old and new writers meet old and new readers, rolled out both ways.

The product has one version of every schema; the next release is a copy of its sources in which response_submitted has
a second one, with a field more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.stack import Stack
from tests.runbooks.deployment import Bench, bench
from tests.runbooks.house import response, yesterday
from tests.runbooks.shell import ROOT
from tests.runbooks.trees import encoded, next_release, run

_FIELD = {"name": "mood", "type": ["null", "string"], "default": None, "doc": "Mood of the answer."}
_READ = """
import json, sys
from schemas.codec import Codec, Undecodable
from streams.core.events import parse
codec = Codec()
for value in json.load(sys.stdin):
    try:
        event = parse(*codec.decode_array(bytes.fromhex(value)))
        print(json.dumps([event.response_id, getattr(event, "mood", "no such field")]))
    except Undecodable as error:
        print(json.dumps([error.reason, None]))
"""
_WRITE = """
import json, sys
from schemas.codec import Codec
fields, version = json.load(sys.stdin)
print(Codec().encode("response_submitted", fields, version).hex())
"""
_CHANGED_BY_REDRIVE = ("event", "dead_letter", "ingested_at")


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next_release(tmp_path_factory.mktemp("next") / "tree", _FIELD)


def _answers(numbers: range) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in numbers:
        yield "response_submitted", response(number, f"account-{number % 7}", yesterday(9), nps=number % 11)


def _again(numbers: range) -> Iterator[tuple[str, dict[str, Any]]]:
    """Later submissions of the same responses: they meet the state that another version has kept."""
    for number, (event_type, fields) in zip(numbers, _answers(numbers), strict=True):
        event_id = f"00000000-0000-4000-9000-{number:012d}"
        yield event_type, {**fields, "event_id": event_id, "occurred_at": yesterday(10), "entity_version": 2}


def test_every_reader_meets_every_writer(after: Path) -> None:
    """The whole matrix: only a reader that is older than the writer refuses, by name, and nobody guesses."""
    fields = response(1, "acme", yesterday(9), nps=9)
    first = run(ROOT, "-c", _WRITE, given=json.dumps([fields, 1])).strip()
    assert run(after, "-c", _WRITE, given=json.dumps([fields, 1])).strip() == first
    second = run(after, "-c", _WRITE, given=json.dumps([fields | {"mood": "calm"}, 2])).strip()
    given = json.dumps([first, second])
    assert run(ROOT, "-c", _READ, given=given).splitlines() == ['["r1", "no such field"]', '["unknown_schema", null]']
    assert run(after, "-c", _READ, given=given).splitlines() == ['["r1", null]', '["r1", "calm"]']
    assert run(after, "-m", "schemas.compat") == ""


@pytest.mark.servers
@pytest.mark.faults
@pytest.mark.timeout(400)
def test_versions_roll_forth_and_back_over_one_topic(stack: Stack, tmp_path: Path, after: Path) -> None:
    """Workers of both versions share partitions and hand state over; the order decides who refuses, and it heals."""
    with bench(stack, tmp_path) as deployed:
        for number in (1, 2):
            deployed.roll(number, ROOT)
        deployed.send(_answers(range(1, 41)))
        deployed.settle()
        deployed.roll(2, after)
        deployed.send(_again(range(1, 21)))
        deployed.settle()
        deployed.roll(1, after)
        deployed.records(encoded(after, _again(range(21, 41)), mood="calm"))
        deployed.records(encoded(after, _answers(range(41, 61)), mood="calm"))
        deployed.settle()
        assert _letters(deployed) == []
        assert deployed.ask("SELECT count(), countIf(corrections = 1) FROM {cx}.response") == [[60, 40]]

        for number in (1, 2):
            deployed.roll(number, ROOT)
        deployed.send(_again(range(41, 61)))
        deployed.settle()
        assert _letters(deployed) == [], "the older version reads the state that the newer one kept"
        assert deployed.ask("SELECT count(), countIf(corrections = 1) FROM {cx}.response") == [[60, 60]]
        deployed.records(encoded(after, _answers(range(61, 81)), mood="calm"))
        deployed.settle()
        assert _letters(deployed) == [["unknown_schema", 20]]
        lacking = _whole_log(deployed, ROOT)
        refused = f"SELECT count(), countIf(reason = 'unknown_schema') FROM {lacking}.dead_letter FINAL"
        assert deployed.ask(refused) == [[60, 60]], "the older version reads past every event that it cannot know"

        for number in (2, 1):
            deployed.roll(number, after)
        deployed.shell.cx("dead-letters", "redrive", "--reason", "unknown_schema", "--yes")
        deployed.settle()
        assert deployed.ask("SELECT count(), countIf(corrections = 1) FROM {cx}.response") == [[80, 60]]
        whole = _whole_log(deployed, after)
        made = deployed.content(whole, _CHANGED_BY_REDRIVE)
        assert made == deployed.content(without=_CHANGED_BY_REDRIVE)


def _letters(deployed: Bench) -> list[list[Any]]:
    return deployed.ask("SELECT reason, count() FROM {cx}.dead_letter GROUP BY reason ORDER BY reason")


def _whole_log(deployed: Bench, tree: Path) -> str:
    """Read everything from the first event on by one version; return the generation that holds what came of it."""
    deployed.shell.deploy(tree)
    deployed.shell.cx("replay", "plan", "--out", "whole.json")
    ran = deployed.shell.cx("replay", "run", "whole.json", "--yes", "--format", "json")
    generation: str = json.loads(ran.out)["generation"]
    return generation
