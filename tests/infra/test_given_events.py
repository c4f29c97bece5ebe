"""What `cx emit` is given: one event or many, examples as they stand, and whatever else somebody may send it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from infra import given_events
from infra.cli import emit
from infra.given_events import decoded, given
from infra.sending import ContractError, Sender
from infra.settings import Settings
from schemas import examples
from schemas.codec import Codec
from streams.core.events import EVENT_TYPES
from streams.emit.admission import admitted
from streams.receive.event_json import objects

_DELETED = {"account_id": "acme", "response_id": "r1", "occurred_at": "2026-05-01T10:00:00Z"}
_OF_OTHERS = frozenset({"wrong_topic", "key_mismatch", "key_missing"})
_CODEC = Codec()
_SENDABLE = [
    each
    for each in examples.load()
    if each.event_type in EVENT_TYPES and each.fields is not None and each.reason not in _OF_OTHERS
]


class _Judge(Sender):
    """The sender's own judgement, without a broker, as of the time of the examples."""

    def __init__(self) -> None:
        self.now = datetime.fromisoformat(examples.STORED_AT)

    def encode(self, event_type: str, fields: Any) -> bytes:
        return admitted(_CODEC, event_type, fields, round(self.now.timestamp()) * 1_000_000)


@pytest.mark.parametrize("example", _SENDABLE, ids=lambda example: example.path.stem)
def test_an_example_is_taken_as_it_is(example: examples.Example) -> None:
    """Given any example of the contract, then its record says what the example's says, or it is refused for its reason.

    An example of an older version is sent in the newest one, whose new fields have their defaults.
    """
    events = emit.read([str(example.path)])
    if example.passes:
        *_, record = emit.judged(events, _Judge())
        assert _CODEC.decode(record) == _CODEC.decode(example.value)
    elif not example.earlier:
        with pytest.raises(ContractError, match=str(example.reason)):
            emit.judged(events, _Judge())


def test_examples_that_no_emitter_can_send_say_so() -> None:
    """Given bytes, or a key of its own, then one sentence, and not an event that means something else."""
    for each in examples.load():
        if each.fields is None or each.reason in _OF_OTHERS:
            with pytest.raises((ContractError, ValueError), match=r"this example is|no event type"):
                emit.read([str(each.path)])


@pytest.mark.parametrize("form", ["lines", "indented", "glued"])
def test_many_events_come_in_any_layout(form: str) -> None:
    """Given objects one to a line, over several lines, or glued together, then all of them are read in order."""
    events = [_DELETED | {"response_id": f"r{number}"} for number in range(3)]
    text = {
        "lines": "\ufeff" + "\r\n".join(map(json.dumps, events)),
        "indented": "\n\n".join(json.dumps(event, indent=2) for event in events) + "\n",
        "glued": "".join(map(json.dumps, events)),
    }[form]
    found = given(decoded(text.encode()), "response_deleted", "events.jsonl")
    assert [event.fields["response_id"] for event in found] == ["r0", "r1", "r2"]
    assert found[0].place == "events.jsonl, line 1"
    assert found[2].place.endswith({"lines": "line 3", "indented": "line 13", "glued": "line 1"}[form])


def test_each_event_may_name_its_type() -> None:
    """Given lines of several types, then each goes where it belongs."""
    text = json.dumps({"event_type": "response_deleted"} | _DELETED) + json.dumps(
        {"event_type": "account_upserted", "account_id": "acme", "name": "Acme"}
    )
    assert [event.event_type for event in given(text, None)] == ["response_deleted", "account_upserted"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no event"),
        (b"  \n", "holds no event"),
        (b"[]", "line 1: an event must be a JSON object"),
        (b'"event"', "line 1: an event must be a JSON object"),
        (b"{", "line 1: not JSON"),
        (b'{"account_id": "a", "response_id": "r"}\n{"b": }', "line 2: not JSON"),
        (b'{"a": 1, "a": 2}', "line 1: the key 'a' stands twice"),
        (b'{"a": {"b": 1, "b": 2}}', "line 1: the key 'b' stands twice"),
        (b'{"a": NaN}', "line 1: NaN is no JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "line 1: not JSON: Exceeds the limit"),
        (b'{"a": ' + b"[" * 100_000, "line 1: nested too deeply"),
        (b'{"a": ' * 100_000, "line 1: nested too deeply"),
        (b'{"a": 1}\n{"a": "\xff"}', "line 2: holds bytes that are not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "written in UTF-16"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b'{"response_id": "r1"}', "account_id is missing"),
        (b'{"event_type": 5, "account_id": "a"}', "event_type must be a text"),
        (b'{"event_type": "account_upserted", "account_id": "a"}', "it says that it is a 'account_upserted'"),
        (b'{"account_id": "a", "occurred_at": "yesterday"}', "'yesterday' is no ISO 8601 time"),
        (b'{"why": "x", "earlier": 5, "event": {}}', "no event that could be sent"),
        (b'{"why": "x", "event": {"account_id": "a"}, "key": "b"}', "a key or topic of its own"),
    ],
)
def test_what_is_no_event_is_one_sentence(content: bytes, sentence: str) -> None:
    """Given anything else, then one sentence that names the line, at once, and never a traceback."""
    with pytest.raises(ContractError) as caught:
        given(decoded(content), "response_deleted")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_input_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given more than fits in memory for certain, then it is said before anything is parsed."""
    monkeypatch.setattr(given_events, "MOST_BYTES", 100)
    with pytest.raises(ContractError, match="use an emitter or cx import"):
        decoded(b"x" * 101)


@drawn(st.text(alphabet='{}[]",:\\u0dN-1e. \n', max_size=60))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    """Given any text, then objects come out, or a sentence that names a line."""
    try:
        found: Any = list(objects(text))
    except ContractError as error:
        found = str(error)
    assert all(isinstance(each, dict) for _, each in found) if isinstance(found, list) else found.startswith("line ")


def test_all_events_are_sent_or_none(tmp_path: Path) -> None:
    """Given good and bad events, then all bad ones are named with file and line, and no record is made of any."""
    file = tmp_path / "events.jsonl"
    at = "2026-05-01T10:00:00Z"
    nps = {"account_id": "a", "response_id": "r", "survey_id": "s", "survey_version": 1}
    answers = [[{"question_id": "q", "kind": "NPS", "number": float(number)}] for number in (9, 11, 12)]
    lines = [nps | {"answers": each, "occurred_at": at, "submitted_at": at} for each in answers]
    file.write_text("\n".join(map(json.dumps, lines)))
    events = emit.read(["response_submitted", str(file)])
    with pytest.raises(ContractError) as caught:
        emit.judged(events, _Judge())
    assert str(caught.value).splitlines() == [
        f"{file}, line 2: response_submitted: score_out_of_scale: 11 is not a whole number from 0 to 10",
        f"{file}, line 3: response_submitted: score_out_of_scale: 12 is not a whole number from 0 to 10",
        "nothing was sent: 2 of 3 events would be refused",
    ]


def test_one_id_with_two_contents_is_found_before_anything_is_sent() -> None:
    """Given two events of one id, then the second would be a dead letter; equal ones are one."""
    one = _DELETED | {"event_id": "00000000-0000-4000-8000-000000000001", "source": "s"}
    lines = [one, one, one | {"response_id": "r2"}]
    with pytest.raises(ContractError, match="line 3: another event than that of line 1, under the same event_id"):
        emit.judged(given("\n".join(map(json.dumps, lines)), "response_deleted"), _Judge())
    assert len(emit.judged(given("\n".join(map(json.dumps, lines[:2])), "response_deleted"), _Judge())) == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["response_deleted"], ("response_deleted", ["-"])),
        (["response_deleted", "-"], ("response_deleted", ["-"])),
        (["response_deleted", "a.json", "b.json"], ("response_deleted", ["a.json", "b.json"])),
        (["-"], (None, ["-"])),
        (["a.json", "-"], (None, ["a.json", "-"])),
    ],
)
def test_the_first_word_is_a_type_or_an_input(words: list[str], found: tuple[str | None, list[str]]) -> None:
    """Given words as people type them, then none of them is taken for something else."""
    assert emit.sources(words) == found


def test_a_mistyped_type_is_no_missing_file() -> None:
    """Given a type that does not exist, then that is said, and not that a file is missing."""
    with pytest.raises(ContractError, match="there is no event type 'respons_deleted', and no file of that name"):
        emit.sources(["respons_deleted", "a.json"])
    assert Settings().topic_prefix
