"""Options of vendors are looked at when translating starts: a misspelt one would make each delivery a dead letter."""

import base64
from pathlib import Path

import pytest

from infra.settings import from_environment
from infra.sources import SourcesError
from infra.translating import Translators

SOURCES = """
typeform: {main: {body_keys: [env:ONE], options: {forms: {f1: {nps: q1, csat: q1}}}}}
formbricks: {main: {body_keys: [env:TWO], options: {survey: {}}}}
segment: {main: {body_keys: [env:THREE], options: {events: {Answered: {type: response_submited, fields: {}}}}}}
delighted: {main: {body_keys: [env:FIVE], options: {scales: {ces: [1, 5, 6]}}}}
zendesk: {main: {body_keys: [env:FOUR], options: {bots: ["1"]}}}
"""
NAMES = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
KEYS = {name: base64.b64encode(bytes([number]) * 32).decode() for number, name in enumerate(NAMES)}


def test_all_that_is_wrong_is_said_at_the_start(tmp_path: Path) -> None:
    """Together, with its place, and for no vendor but the one that is asked for."""
    (tmp_path / "sources.yaml").write_text(SOURCES)
    settings = from_environment({"CX_SOURCES": str(tmp_path / "sources.yaml")})
    with pytest.raises(SourcesError) as caught:
        Translators(settings, KEYS)
    places = [problem.partition("sources.yaml: ")[2].partition(":")[0] for problem in caught.value.problems]
    assert places == [
        "typeform.main.options",
        "formbricks.main.options",
        "segment.main.options",
        "delighted.main.options",
    ]
    typeform, formbricks, segment, delighted = caught.value.problems
    assert "'q1' measures two things" in typeform
    assert "`survey`" in formbricks
    assert "'response_submited'" in segment
    assert "the scale of 'ces'" in delighted
    assert len(Translators(settings, KEYS, "zendesk").topics) == 1
