import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from infra.cli import app, context
from infra.cli.lazy import Promised
from infra.sending import ContractError
from schemas.codec import InvalidEventError
from streams.emit.admission import topic_of
from streams.receive.event_json import completed

_COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
_PARTS = [
    f"{group} {name}"
    for group in ("replay", "dead-letters")
    for name in sorted(get_command(app).commands[group].commands)  # type: ignore[attr-defined]
]
_ASKED = (
    "up", "down", "restart", "demo", "status", "topics", "migrate", "emit", "import", "sql", "worker", "rebuild",
    "replay", "proof", "doctor", "dead-letters", "explain", "runbook", "compose", "connect", "receive", "translate",
    "unresolved",
)  # fmt: skip
_GROUPS = (get_command(app), *(get_command(app).commands[name] for name in ("replay", "dead-letters")))  # type: ignore[attr-defined]
_CLIENTS = frozenset({"kafka", "confluent_kafka", "clickhouse_driver", "aiokafka", "aiohttp", "requests", "httpx"})
_HEAVY = _CLIENTS | {
    "aiokafka", "authlib", "avro", "chdb", "clickhouse_migrations", "docker", "fastavro", "faust", "jgo", "numpy",
    "pandas", "prometheus_client", "pydantic", "rocksdict", "testcontainers", "yaml",
}  # fmt: skip
_LETTERS = [["dead-letters", *words] for words in (["list"], ["show", "survey-0@1"], ["redrive"], ["export"])]


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CX_DATA_DIR", str(tmp_path / "cx"))
    monkeypatch.setenv("COLUMNS", "200")


def test_the_commands_are_the_promised_ones() -> None:
    """The list is part of the product: runbooks and READMEs name these words."""
    assert set(_COMMANDS) == set(_ASKED)


@pytest.mark.parametrize("name", [*_COMMANDS, *_PARTS])
def test_every_command_explains_itself_with_examples(name: str) -> None:
    """On call at night, --help is the documentation; the command of each example must exist, with its options."""
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert f"cx {name}" in result.stdout.split("Examples:")[1]
    known = set(re.findall(r"--[a-z-]+", result.stdout.split("Examples:")[0]))
    assert set(re.findall(r"--[a-z-]+", result.stdout.split("Examples:")[1])) <= known


@pytest.mark.parametrize(
    "arguments",
    [
        ["sql", "SELECT 1"],
        ["connect"],
        ["status"],
        ["restart"],
        ["topics"],
        ["unresolved"],
        ["translate"],
        ["migrate"],
        ["rebuild"],
        ["replay", "plan"],
        *_LETTERS,
    ],
)
def test_without_servers_each_says_so_in_one_sentence(arguments: list[str]) -> None:
    """A traceback is no answer to "nothing runs here"."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("cx: nothing runs on ")
    assert result.stderr.count("\n") == 1


def test_a_query_in_another_encoding_is_one_sentence() -> None:
    """A query file saved as Latin-1 must not end in a traceback; it is read before any server is asked."""
    result = CliRunner().invoke(app, ["sql", "-"], input=b"SELECT '\xe9'")
    assert (result.exit_code, result.stderr) == (1, "cx: standard input: holds bytes that are not UTF-8\n")


def test_a_file_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The most common mistake of all is a mistyped path."""
    monkeypatch.setenv("CX_STACK", "external")
    for arguments in (["emit", "response_deleted", "gone.json"], ["import", "gone.yaml", "gone.csv"]):
        result = CliRunner().invoke(app, arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert result.stderr.startswith("cx: gone.")


def test_wrong_settings_are_listed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command reads the settings first, so every command reports all that is wrong with them."""
    monkeypatch.setenv("CX_PARTITIONS", "none")
    monkeypatch.setenv("CX_STACKS", "auto")
    result = CliRunner().invoke(app, ["status"])
    assert (result.exit_code, result.stderr.count("cx: CX_")) == (1, 2)


def test_nothing_to_stop_is_no_error() -> None:
    """`cx down` in a clean-up script must not fail because somebody was faster."""
    result = CliRunner().invoke(app, ["down"])
    assert result.exit_code == 0
    assert "nothing ran on" in result.stdout


def test_proof_without_data_skips_and_says_where_to_get_it() -> None:
    """Data sets are not in the repository; whoever wants to repeat the proof must learn where they are."""
    result = CliRunner().invoke(app, ["proof"])
    assert result.exit_code == 0
    assert "skipped sfo_2017" in result.stderr
    assert "DataSF" in result.stderr


def test_times_of_an_emitted_event_are_read_from_iso_8601() -> None:
    """People write times as text; a time without an offset could be any of two dozen moments."""
    fields = completed("response_submitted", {"submitted_at": "2026-05-01T10:00:00+02:00", "account_id": "a"})
    assert fields["submitted_at"].isoformat() == "2026-05-01T10:00:00+02:00"
    assert {"event_id", "occurred_at", "source"} <= fields.keys()
    with pytest.raises(ContractError, match="names no offset"):
        completed("response_submitted", {"submitted_at": "2026-05-01T10:00:00"})
    with pytest.raises(ContractError, match="is no ISO 8601 time"):
        completed("response_submitted", {"submitted_at": "yesterday"})


def test_an_unknown_type_is_refused() -> None:
    """A mistyped event type must not be sent anywhere."""
    for refuse in (lambda: topic_of("respons_submitted"), lambda: completed("respons_submitted", {})):
        with pytest.raises((ContractError, InvalidEventError), match="there is no event type 'respons_submitted'"):
            refuse()


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], set()),
        (["replay", "--help"], set()),
        (["sql", "SELECT 1"], {"clickhouse_driver"}),
        (["status"], {"clickhouse_driver"}),
    ],
)
def test_no_command_imports_what_it_does_not_use(
    arguments: list[str], needed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call used to take 1.4 s of CPU to import the clients of all commands; the servers here do not answer."""
    monkeypatch.setenv("CX_STACK", "external")
    monkeypatch.setenv("CX_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("CX_CLICKHOUSE_PORT", "1")
    command = [sys.executable, "-X", "importtime", "-m", "infra.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if "--help" in arguments else 1), done.stderr[-2000:]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert imported & _HEAVY == needed


def test_help_that_is_read_without_importing_is_the_help_of_the_command() -> None:
    """`cx --help` reads sentences from source; whoever moves a function must not leave a line empty."""
    for group in _GROUPS:
        for promised in (each for each in group.commands.values() if isinstance(each, Promised)):  # type: ignore[attr-defined]
            promised.describe()
            assert promised.help
            assert promised.help == promised.load().help


def test_every_error_that_ends_in_a_sentence_is_where_it_is_looked_for() -> None:
    """They are named by module, to be looked for where that is loaded: one that moved would show as a traceback."""
    for place in (*context.SENTENCES, *context.SILENT):
        module, _, name = place.partition(":")
        assert issubclass(getattr(import_module(module), name), Exception)


def test_workers_of_ones_own_servers_are_not_ours_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """`cx restart` knows the workers of a data directory; systemd, Compose or Kubernetes know the others."""
    monkeypatch.setenv("CX_STACK", "external")
    result = CliRunner().invoke(app, ["restart"])
    assert (result.exit_code, result.stderr.count("cx: ")) == (1, 1)
    assert "started anew by whatever runs them" in result.stderr
