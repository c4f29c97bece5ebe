"""The field reference says what the schemas say, of every type and field, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from schemas import __main__ as everything
from schemas import fields, structs
from schemas.catalogue import latest_schemas
from schemas.structs import ENVELOPE
from schemas.topics import load_topics

PAGE = (fields.DOCS / fields.PAGE).read_text(encoding="utf-8")
EMITTING = (fields.DOCS / fields.EMITTING).read_text(encoding="utf-8")


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
    entity = load_topics()[schema.topic].event_types[event_type].entity
    assert f"`cx.{schema.topic}`, version {schema.version}, entity `{entity}`" in section
    own = {**schema.definition, "fields": schema.definition["fields"][len(ENVELOPE) :]}
    words = {word.rpartition(".")[2] for word in re.findall(r"`([^`]+)`", section)}
    assert set(_names(own)) <= words
    assert re.findall(r"(?m)^\| `[^`]+` \| (?:list of )?[A-Z]", section) == []  # a type by its name says nothing
    for path in re.findall(r"\]\(\.\./([^)]+)\)", section):
        assert (Path(__file__).parents[2] / path).is_file()


def test_the_command_writes_and_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new event type is one command away from its page."""
    monkeypatch.setattr(fields, "DOCS", tmp_path)
    (tmp_path / "emitting.md").write_text(EMITTING, encoding="utf-8")
    assert [fields.main([word]) for word in ("--check", "--write", "--check", "")] == [1, 0, 0, 2]
    (tmp_path / "emitting.md").write_text(EMITTING.replace("| 1 | `c301", "| 2 | `c301", 1), encoding="utf-8")
    assert [fields.main([word]) for word in ("--check", "--write", "--check")] == [1, 0, 0]
    assert (tmp_path / "emitting.md").read_text(encoding="utf-8") == EMITTING


def test_one_command_brings_all_that_is_rendered_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds an event type runs one command, and the check of all of it can fail."""
    monkeypatch.setattr(structs, "CORE", tmp_path)
    assert [everything.main([word]) for word in ("--check", "--write", "--check", "")] == [1, 0, 0, 2]


def test_a_page_without_the_table_of_headers_is_refused() -> None:
    """A page that was turned round must not lose the table without a word."""
    with pytest.raises(ValueError, match="has no table of headers"):
        fields.render_headers(EMITTING.replace("| topic | event type |", "| event type | topic |"))
