"""Type definitions for others say what the schemas say: every type, every field, what may be left out and what null."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from schemas.__main__ import main
from schemas.catalogue import latest_schemas
from schemas.typings import java, model, prose, typescript
from schemas.typings.java_names import name_of
from streams.core.events import EVENT_TYPES

CONTRACT = model.contract()
TYPESCRIPT = typescript.render(CONTRACT)[Path(typescript.FILE)]
JAVA = java.render(CONTRACT)


def test_every_event_that_may_be_sent_is_there_and_no_other() -> None:
    """A type that is missing cannot be sent by whoever relies on them."""
    assert [event.event_type for event in CONTRACT.events] == list(EVENT_TYPES)
    assert {event.name for event in CONTRACT.events} == {kind.__name__ for kind in EVENT_TYPES.values()}


def _interface(name: str) -> dict[str, str]:
    body = re.search(
        rf"^export interface {name}(?: extends Envelope)? \{{\n(.*?)^\}}", TYPESCRIPT, re.MULTILINE | re.DOTALL
    )
    assert body is not None, name
    return dict(re.findall(r"^  (\w+\??): (.*);$", body[1], re.MULTILINE))


@pytest.mark.parametrize("event", CONTRACT.events, ids=lambda event: event.event_type)
def test_typescript_has_each_field_as_the_schema_does(event: model.Record) -> None:
    """Where the schema has a default, a field may be left out; where it has a union with null, it may be null."""
    definition = latest_schemas()[event.event_type].definition
    found = _interface("Envelope") | _interface(event.name)
    assert found.pop("event_type") == f'"{event.event_type}"'
    expected = {field["name"] + ("?" if "default" in field else ""): field["type"] for field in definition["fields"]}
    assert list(found) == list(expected)
    for name, node in expected.items():
        assert found[name].endswith(" | null") == isinstance(node, list), name
        plain = {"string": "string", "boolean": "boolean", "int": "Whole", "long": "Whole", "double": "number"}
        if isinstance(node, str) and node in plain:
            assert found[name] == plain[node]
        if isinstance(node, dict) and "logicalType" in node:
            assert found[name] == "Instant"


@pytest.mark.parametrize("event", CONTRACT.events, ids=lambda event: event.event_type)
def test_java_puts_each_field_under_its_own_name(event: model.Record) -> None:
    """`fields()` is what goes to the server, so its names are the contract's, in the contract's order."""
    text = JAVA[Path("cxledger/events", f"{event.name}.java")]
    names = [field["name"] for field in latest_schemas()[event.event_type].definition["fields"]]
    assert re.findall(r'found\.put\("(\w+)", ', text) == ["event_type", *names]
    assert f'public String topicName() {{ return "{event.topic}"; }}' in text.replace("\n", " ").replace("  ", " ")
    required = {field.name for field in event.fields if field.is_required and not field.may_be_null}
    assert set(re.findall(r'Objects\.requireNonNull\(\w+, "(\w+)"\)[,\n]', text)) == required


def test_names_that_java_keeps_are_refused() -> None:
    """A field that is called `class` would only be noticed by whoever compiles."""
    assert name_of("response_id") == "responseId"
    for name in ("class", "default", "hash_code", "event_type", "topic_name"):
        with pytest.raises(ValueError, match="cannot be the name"):
            name_of(name)


def test_what_a_schema_says_does_not_end_a_comment() -> None:
    """A doc is somebody's prose."""
    assert prose.commented("ends */ here\nand  there") == "/** ends * / here and there */\n"
    lines = prose.commented("word " * 60, "    ").splitlines()
    assert (lines[0], lines[-1]) == ("    /**", "     */")
    assert max(map(len, lines)) <= prose.WIDTH


def test_the_command_line_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People call it by hand or in a build, into a folder that may not be there yet."""
    assert main(["typescript", str(tmp_path / "ts")]) == 0
    assert (tmp_path / "ts" / typescript.FILE).read_text(encoding="utf-8") == TYPESCRIPT
    assert main(["java", str(tmp_path / "java"), "com.example.cx"]) == 0
    text = (tmp_path / "java" / "com" / "example" / "cx" / "Answer.java").read_text(encoding="utf-8")
    assert "package com.example.cx;" in text
    assert capsys.readouterr().out.count("files in") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["java", "folder", "com.class.cx"], "no name of a Java package"),
        (["java", "folder", "Com"], "no name of a Java package"),
        (["typescript"], "usage"),
        (["rust", "folder"], "usage"),
        ([], "usage"),
    ],
)
def test_a_wrong_call_writes_nothing(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that asks for what is not there must fail."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_java_compiles_without_a_warning_and_fills_in_defaults(tmp_path: Path) -> None:
    """What is generated for a compiler is judged by one; only where a JDK is."""
    compiler, runtime = shutil.which("javac"), shutil.which("java")
    if compiler is None or runtime is None:
        pytest.skip("no javac is here")
    main(["java", str(tmp_path)])
    program = tmp_path / "Use.java"
    program.write_text(
        """
        import cxledger.events.*;
        public class Use {
            public static void main(String[] arguments) {
                Event event = InvitationOpened.builder().eventId("e").accountId("acme").source("shop:main")
                    .occurredAt(java.time.Instant.parse("2026-10-05T12:30:00Z")).invitationId("i").build();
                System.out.println(event.topicName() + event.fields());
                try { InvitationOpened.builder().build(); }
                catch (NullPointerException missing) { System.out.println(missing.getMessage()); }
            }
        }
        """,
        encoding="utf-8",
    )
    sources = map(str, tmp_path.rglob("*.java"))
    subprocess.run([compiler, "-Xlint:all", "-Werror", "-d", str(tmp_path / "out"), *sources], check=True)
    said = subprocess.run([runtime, "-cp", str(tmp_path / "out"), "Use"], check=True, capture_output=True, text=True)
    assert said.stdout.splitlines() == [
        (
            "survey{event_type=invitation_opened, event_id=e, account_id=acme, occurred_at=2026-10-05T12:30:00Z, "
            "source=shop:main, entity_version=null, actor=UNKNOWN, corrects_event_id=null, is_retraction=false, "
            "is_test=false, invitation_id=i}"
        ),
        "event_id",
    ]
