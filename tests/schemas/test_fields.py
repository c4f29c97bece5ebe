"""The field reference says what the schemas say, of every type and field, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from schemas import fields
from schemas.catalogue import latest_schemas
from schemas.structs import ENVELOPE

PAGE = fields.TARGET.read_text(encoding="utf-8")


def _names(node: Any) -> list[str]:
    """Return every name that a schema gives a field or a symbol, at whatever depth."""
    if isinstance(node, list):
        return [name for part in node for name in _names(part)]
    if not isinstance(node, dict):
        return []
    own = [field["name"] for field in node.get("fields", [])] + node.get("symbols", [])
    within = [node.get("items"), node.get("values"), node["type"] if not isinstance(node["type"], str) else None]
    return own + _names([*within, *node.get("fields", [])])


def test_the_page_is_what_the_schemas_render() -> None:
    """A field that is added and not described here would be unknown to everybody but its author."""
    assert fields.render() == PAGE, "run python -m schemas.fields --write"


@pytest.mark.parametrize("event_type", [name for name in latest_schemas() if name != "signal_raised"])
def test_every_field_and_symbol_of_a_type_has_its_place(event_type: str) -> None:
    """Given a schema, then its section names its topic, and each field and symbol, those of nested records too."""
    schema = latest_schemas()[event_type]
    section = PAGE.split(f"\n### {event_type}\n")[1].split("\n## ")[0].split("\n### ")[0]
    assert f"`cx.{schema.topic}`, version {schema.version}" in section
    own = {**schema.definition, "fields": schema.definition["fields"][len(ENVELOPE) :]}
    words = {word.rpartition(".")[2] for word in re.findall(r"`([^`]+)`", section)}
    assert set(_names(own)) <= words
    assert re.findall(r"(?m)^\| `[^`]+` \| (?:list of )?[A-Z]", section) == []  # a type by its name says nothing
    for path in re.findall(r"\]\(\.\./([^)]+)\)", section):
        assert (Path(__file__).parents[2] / path).is_file()


def test_the_command_writes_and_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new event type is one command away from its page."""
    monkeypatch.setattr(fields, "TARGET", tmp_path / "fields.md")
    assert [fields.main([word]) for word in ("--check", "--write", "--check", "")] == [1, 0, 0, 2]
