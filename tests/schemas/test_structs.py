import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import kinds, structs
from schemas.catalogue import SchemaVersion, latest_schemas, load_schemas
from schemas.codec import Codec
from schemas.declarations import EventType, Ledger
from schemas.kinds import entities_of
from schemas.topics import load_topics
from streams.core import events
from streams.core.events import (
    EVENT_TYPES,
    BillingEvent,
    ConfigEvent,
    Event,
    ReferenceTopicEvent,
    ResponseSubmitted,
    SupportEvent,
    SurveyEvent,
    parse,
)
from tests.support.schema_values import event_fields

CODEC = Codec()
SCHEMAS = [schema for schema in latest_schemas().values() if schema.topic != "signals"]
VERSIONS = [schema for schema in load_schemas().values() if schema.topic != "signals"]
UNIONS = {
    "survey": SurveyEvent,
    "reference": ReferenceTopicEvent,
    "config": ConfigEvent,
    "billing": BillingEvent,
    "support": SupportEvent,
}


@pytest.mark.parametrize("path", structs.rendered(), ids=lambda path: path.stem)
def test_a_generated_module_is_up_to_date(path: Path) -> None:
    """The core must not work with yesterday's schemas, or send events where yesterday's topics said."""
    assert path.read_text(encoding="utf-8") == structs.rendered()[path], "run python -m schemas.structs --write"


@pytest.mark.parametrize("name", ["events", "entities", "reducers"])
def test_the_command_notices_an_outdated_module(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check in the pipeline must be able to fail."""
    monkeypatch.setattr(structs, "CORE", tmp_path)
    assert structs.main(["--check"]) == 1
    assert structs.main(["--write"]) == 0
    assert structs.main(["--check"]) == 0
    with (tmp_path / f"{name}.py").open("a", encoding="utf-8") as module:
        module.write("\n")
    assert structs.main(["--check"]) == 1
    assert structs.main([]) == 2


@pytest.mark.parametrize("text", [None, "", "TOUCHED = 1\n", "from elsewhere import TOUCH\n"])
def test_an_entity_without_reducer_is_named_before_anything_is_written(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line in a topic is the first half of a new kind; whoever forgets the other reads where it belongs."""
    core = tmp_path / "core"
    shutil.copytree(structs.CORE, core)
    reducer = core / "support" / "touch.py"
    reducer.unlink()
    if text is not None:
        reducer.write_text(text, encoding="utf-8")
    monkeypatch.setattr(structs, "SOURCES", core)
    monkeypatch.setattr(structs, "CORE", tmp_path)
    assert structs.main(["--write"]) == 1
    said = capsys.readouterr().err
    assert said == "touch of topic support needs TOUCH in streams.core.support.touch, which does not define it\n"
    assert list(tmp_path.glob("*.py")) == []


def test_modules_are_written_as_the_formatter_would() -> None:
    """A formatter run must not make a generated module differ, nor a linter ask for another order of imports."""
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *map(str, structs.rendered())], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout.decode()


def test_ledgers_of_the_stage_are_rendered_behind_all_others() -> None:
    """Members of several topics hand over to them, so they are nobody's own and stand apart."""
    topics, record = load_topics(), load_topics()["account-changelog"]
    declared = {"heat": Ledger("x", "billing.heat"), "cold": Ledger("z", "billing.cold")}
    staged = {**topics, record.name: msgspec.structs.replace(record, stage=declared)}
    text = kinds.render_reducers(staged.values())
    assert text.partition("STAGE: ")[2].startswith(
        'dict[LedgerName, Ledger[Any, Any]] = {\n    "heat": HEAT_LEDGER,\n    "cold": COLD_LEDGER,\n}'
    )
    assert "from streams.core.billing.heat import HEAT_LEDGER\n" in text
    entities = kinds.render_entities(staged.values())
    assert '    "credit",\n    "heat",\n    "cold",\n]' in entities
    assert '    "heat": "x",\n' in entities
    said = list(kinds.without_code(staged.values(), structs.SOURCES))
    assert said[0].startswith("heat of topic account-changelog needs HEAT_LEDGER in streams.core.billing.heat")


def test_every_event_type_has_its_struct() -> None:
    """A type that decodes and cannot be parsed would stop a worker."""
    assert {s.event_type: s.topic for s in SCHEMAS} == {name: kind.TOPIC for name, kind in EVENT_TYPES.items()}
    assert all(name == kind.EVENT_TYPE for name, kind in EVENT_TYPES.items())
    for topic, union in UNIONS.items():
        assert {kind.TOPIC for kind in get_args(union)} == {topic}


def test_a_kind_of_entity_has_the_union_of_its_events() -> None:
    """Reducers match over these unions, so that the type checker names the type that one of them forgets."""
    for kind in entities_of(load_topics().values()):
        union = getattr(events, structs.union_of(kind))
        declared = {
            name for topic in load_topics().values() for name, of in topic.event_types.items() if kind in of.entities
        }
        assert {struct.EVENT_TYPE for struct in get_args(union) or (union,)} == declared


@pytest.mark.parametrize(
    ("event_type", "declared", "said"),
    [
        ("touch_logged", EventType((1,)), "touch_logged of topic support has no entity"),
        ("signal_raised", EventType((1,), "touch"), "signal_raised has no envelope"),
        ("touch_logged", EventType((1,), "touch", {"account_id": "ticket"}), "no field account_id that may be null"),
        ("touch_logged", EventType((1,), "touch", {"kind": "ticket"}), "no field kind that may be null"),
    ],
)
def test_a_type_is_declared_as_its_schema_is(
    event_type: str, declared: EventType, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that no entity takes would be stored by nobody; a route by a field that is always there goes nowhere."""
    whole = structs._declared
    monkeypatch.setattr(structs, "_declared", lambda s: declared if s.event_type == event_type else whole(s))
    with pytest.raises(ValueError, match=said):
        structs.render()


def test_a_topic_named_like_one_of_its_entities_leaves_it_the_name() -> None:
    """One name cannot stand for two unions, and reducers match over the one of their kind."""
    rendered = structs._unions({"reference": ["A", "B"]}, {"reference": ["A"], "item": ["B"]})
    assert "ReferenceTopicEvent = A | B\n" in rendered
    assert "ReferenceEvent = A\n" in rendered
    assert "Event = ReferenceTopicEvent\n" in rendered
    assert structs._unions({"reference": ["A"]}, {"reference": ["A"]})[0] == "ReferenceEvent = A\n"
    with pytest.raises(ValueError, match="ReferenceTopicEvent would stand for two lists of events"):
        structs._unions({"reference": ["A", "B"]}, {"reference": ["A"], "reference_topic": ["B"]})


@given(st.data())
def test_a_decoded_array_becomes_the_struct_of_the_decoded_fields(data: st.DataObject) -> None:
    """The workers' short road must end where the road by names ends, for every version that may stand in a topic."""
    schema: SchemaVersion = data.draw(st.sampled_from(VERSIONS))
    value = CODEC.encode(schema.event_type, data.draw(event_fields(schema)), schema.version)
    event = parse(*CODEC.decode_array(value))
    assert type(event) is EVENT_TYPES[schema.event_type]
    assert (schema.event_type, _plain(event)) == CODEC.decode(value)


@given(st.data())
def test_a_stored_event_is_read_back_from_its_topics_union(data: st.DataObject) -> None:
    """State keeps events of several types in one list; the tag tells them apart."""
    schema: SchemaVersion = data.draw(st.sampled_from(SCHEMAS))
    event = parse(*CODEC.decode_array(CODEC.encode(schema.event_type, data.draw(event_fields(schema)))))
    stored = msgspec.msgpack.encode(event)
    assert msgspec.msgpack.decode(stored, type=UNIONS[schema.topic]) == event
    assert hash(event) == hash(msgspec.msgpack.decode(stored, type=Event))


@pytest.mark.parametrize(
    "change",
    [
        {"response_id": 5},
        {"response_id": None},
        {"survey_version": 2**31},
        {"survey_version": True},
        {"finished": 1},
        {"actor": "customer"},
        {"answers": None},
        {"answers": [[]]},
        {"answers": [5]},
        {"answers": [["q", "NPS", "9", None, []]]},
    ],
)
def test_wrong_values_are_refused(change: dict[str, Any]) -> None:
    """A reader that does not fit the structs must be noticed before a reducer meets its values."""
    event_type, values = CODEC.decode_array(_submitted())
    for name, value in change.items():
        values[1 + ResponseSubmitted.__struct_fields__.index(name)] = value
    with pytest.raises(msgspec.ValidationError):
        parse(event_type, values)


def test_a_missing_value_and_an_unknown_type_are_told_apart() -> None:
    """A missing value is the event's fault; an unknown type is the caller's."""
    event_type, values = CODEC.decode_array(_submitted())
    with pytest.raises(msgspec.ValidationError, match="length"):
        parse(event_type, values[:-1])
    with pytest.raises(KeyError):
        parse("signal_raised", values)


def test_one_name_stands_for_one_type() -> None:
    """Two topics may share a nested type by name; two meanings of one name would be mixed up."""
    renderer = structs._Renderer()
    renderer.named("Answer", "class Answer: ...")
    with pytest.raises(ValueError, match="two ways"):
        renderer.named("Answer", "class Answer: pass")


def _submitted() -> bytes:
    answer = {"question_id": "q", "kind": "NPS", "number": 9.0}
    times = {"occurred_at": 1, "submitted_at": 1}
    ids = {"event_id": "e", "account_id": "a", "source": "s", "response_id": "r", "survey_id": "s"}
    return CODEC.encode("response_submitted", {**ids, **times, "survey_version": 1, "answers": [answer]})


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def test_the_generator_renders_what_the_schema_says() -> None:
    """An alias too long for a line is folded as the formatter folds it."""
    symbols = [f'"SYMBOL_NUMBER_{n}"' for n in range(9)]
    assert structs._alias("Long", symbols) == "Long = Literal[\n" + "".join(f"    {s},\n" for s in symbols) + "]\n"
    assert structs._alias("Short", symbols[:1]) == f"Short = Literal[{symbols[0]}]\n"
