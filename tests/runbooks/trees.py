"""Other versions of the product: its packages copied, changed, and run by PYTHONPATH as a release would be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.runbooks.shell import ROOT

PACKAGES = ("schemas", "streams", "sinks", "infra")
_ENCODE = """
import json, sys
from schemas.codec import Codec
codec = Codec()
print(json.dumps([codec.encode(*each).hex() for each in json.load(sys.stdin)]))
"""
_FOLDED = "            assert_never(event)\n"
_ROUNDED = """
    response.answers = tuple(
        answer if answer.number is None else msgspec.structs.replace(answer, number=float(round(answer.number)))
        for answer in response.answers
    )
"""


def copied(folder: Path) -> Path:
    """Return a copy of the product's packages."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def planted_bug(folder: Path) -> Path:
    """Return a version that rounds every answer to a whole number: in the rows of a response and in its changes."""
    tree = copied(folder)
    target = tree / "streams" / "core" / "survey" / "response.py"
    text = target.read_text()
    assert text.count(_FOLDED) == 1
    target.write_text(text.replace(_FOLDED, _FOLDED + _ROUNDED))
    return tree


def next_release(folder: Path, field: dict[str, Any]) -> Path:
    """Return a version whose response_submitted has a second version with one more field, last of all."""
    tree = copied(folder)
    avro = tree / "schemas" / "avro" / "survey"
    definition = json.loads((avro / "response_submitted.v1.avsc").read_text())
    definition["fields"].append(field)
    (avro / "response_submitted.v2.avsc").write_text(json.dumps(definition))
    topic = tree / "schemas" / "topics" / "survey.yaml"
    text = topic.read_text()
    assert text.count("response_submitted: {versions: [1],") == 1
    topic.write_text(text.replace("response_submitted: {versions: [1],", "response_submitted: {versions: [1, 2],"))
    run(tree, "-m", "schemas.structs", "--write")
    return tree


def run(tree: Path, *arguments: str, given: str = "") -> str:
    """Run Python on a version of the product and return what it prints."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def stumbling(folder: Path) -> Path:
    """Return a version whose workers end at the first event they are to write; of the core it would be put aside."""
    tree = copied(folder)
    target = tree / "streams" / "live" / "traces.py"
    text = target.read_text()
    start = "    event = note.event"
    assert text.count(start) == 1
    target.write_text(text.replace(start, '    raise ValueError("a mistake of this release")\n' + start))
    return tree


def encoded(tree: Path, events: Iterable[tuple[str, dict[str, Any]]], **more: Any) -> list[tuple[bytes, bytes]]:
    """Return key and framed bytes of events as an application with this version's contract sends them."""
    given = [(event_type, {**fields, **more}) for event_type, fields in events]
    framed = json.loads(run(tree, "-c", _ENCODE, given=json.dumps(given)))
    keys = [str(fields["account_id"]).encode() for _, fields in given]
    return list(zip(keys, map(bytes.fromhex, framed), strict=True))
