"""What an operator types at night, right and wrong."""

import ast
from pathlib import Path

import pytest

from infra.letters.choosing import Asked, LetterError, chosen, event_types, place
from infra.settings import Settings
from sinks.letters import At, Chosen
from streams.replay.errors import PlanError
from streams.replay.verdict import OF_STATE, REASONS

HERE = Settings()
NOW = 1_763_769_600_000_000
ROOT = Path(__file__).parents[3]


def choose(**asked: object) -> Chosen:
    return chosen(Asked(**asked), HERE, lambda: ["of_old_code"], NOW)  # type: ignore[arg-type]


def test_options_are_read_as_they_are_meant() -> None:
    """A topic's prefix is left out by people and given by scripts; both mean the same."""
    assert choose(topic="survey").topic == choose(topic="cx.survey").topic == "cx.survey"
    assert choose(since="1970-01-01T01:00:01+01:00").since == 1_000_000
    assert choose(reason="of_old_code").reason == "of_old_code"
    for words in (("survey", "3", "17"), ("cx.survey", "3", "17"), ("survey-3@17",), ("cx.survey-3@17",)):
        assert choose(place=words).at == At("cx.survey", 3, 17)
    assert place((str(At("cx.survey", 3, 17)),), HERE) == At("cx.survey", 3, 17)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"reason": "malforemd"}, "did you mean malformed?"),
        ({"reason": "'; DROP TABLE x; --"}, "no record is refused for"),
        ({"topic": "surveys"}, "there are cx.billing, cx.config, cx.reference, cx.support, cx.survey"),
        ({"topic": "dead-letters"}, "is no topic of events"),
        ({"topic": "signals"}, "is no topic of events"),
        ({"since": "yesterday"}, "--since 'yesterday' is no ISO 8601 time"),
        ({"since": "17"}, "--since '17' is no ISO 8601 time"),
        ({"until": "2025-01-01T00:00:00"}, "names no offset from UTC"),
        ({"since": "2999-01-01T00:00:00Z"}, "lies in the future"),
        ({"since": "2025-01-02T00:00:00Z", "until": "2025-01-01T00:00:00Z"}, "exchange them"),
        ({"since": "2025-01-01T00:00:00Z", "until": "2025-01-01T00:00:00Z"}, "exchange them"),
        ({"place": ("survey",)}, "names no record"),
        ({"place": ("survey", "0")}, "names no record"),
        ({"place": ("survey", "-1", "0")}, "names no record"),
        ({"place": ("survey", "0", "9" * 19)}, "names no record"),
        ({"place": ("survey", "0", "9" * 6000)}, "names no record"),
        ({"place": ("survey", "٣", "1")}, "names no record"),
        ({"place": ("nope", "0", "1")}, "is no topic of events"),
        ({"place": ("survey-0@1",), "reason": "malformed"}, "not both"),
        ({"topic": "\x1b[31m"}, "'\\x1b[31m' is no topic"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(asked: dict[str, object], sentence: str) -> None:
    """A filter that silently meant something else would redrive or discard the wrong letters."""
    with pytest.raises((LetterError, PlanError)) as caught:
        choose(**asked)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_known_reasons_are_those_of_the_code() -> None:
    """A reason that the code gives and the list lacks would be called a typing mistake."""
    found = set()
    fold = [f"streams/live/fold/{name}.py" for name in ("decoding", "partition", "scale_checks")]
    for path in ("streams/core/admission.py", *fold):
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            pair = node.elts if isinstance(node, ast.Tuple) else node.args[2:] if isinstance(node, ast.Call) else ()
            if len(pair) == 2 and isinstance(pair[0], ast.Constant) and isinstance(pair[0].value, str):
                found.add(pair[0].value)
    assert {reason for reason in found if reason.isidentifier()} <= REASONS
    assert len(found & REASONS) > 9
    told = (ROOT / "docs" / "emitting.md").read_text("utf-8")
    assert [reason for reason in REASONS if f"`{reason}`" not in told] == []
    assert set(OF_STATE) <= REASONS


def test_events_have_topics_and_signals_have_none() -> None:
    """A signal is no event: its topic is written by workers."""
    assert set(event_types(HERE)) == {"cx.survey", "cx.billing", "cx.support", "cx.reference", "cx.config"}
