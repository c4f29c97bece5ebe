"""`cx dead-letters` as it is typed, on real servers."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra import local, wiring, workers
from infra.cli import app
from infra.deployment import environment
from infra.sending import Sender
from infra.settings import Settings
from infra.standing import settle
from schemas.catalogue import latest_schemas
from sinks import replays
from tests.infra.letters.seed import Seeds
from tests.support.records import CODEC, submitted

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]
EVIL = "\x1b[2J\x9b31m; DROP TABLE x; 'q' \u202e"
Cx = Callable[..., Result]


@pytest.fixture
def cx(here: Settings, monkeypatch: pytest.MonkeyPatch) -> Cx:
    for name, value in {**environment(here), "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(app, ["dead-letters", *arguments])
        assert result.exit_code == status, result.output
        return result

    return run


def sound(number: int, **fields: object) -> bytes:
    return CODEC.encode("response_submitted", submitted(number, f"r{number}", **fields))  # type: ignore[arg-type]


def test_what_a_worker_refuses_is_listed_shown_and_sent_again(cx: Cx, here: Settings) -> None:
    """From a bad record to its end, with the real worker on both sides of the redrive."""
    local.prepare(here)
    with Sender(here) as sender:
        sender.record("survey", b"acme", sound(1)[:-4])
        sender.record("survey", b"acme", sound(2)[:60] + EVIL.encode())
        sender.record("survey", b"other", sound(3))
    worker = workers.start(here, 1, detach=False)

    def alive() -> None:
        assert worker.alive()

    try:
        settle(here, alive)
        listed = {each["reason"]: each for each in json.loads(cx("list", "--format", "json").stdout)}
        assert {reason: each["letters"] for reason, each in listed.items()} == {"malformed": 2, "key_mismatch": 1}
        at = listed["key_mismatch"]["newest"]
        place = f"{at['topic']}-{at['partition']}@{at['offset']}"
        shown = cx("show", place).stdout
        assert "refused   key_mismatch: key '...' is not the account_id '...'" in shown
        assert re.search(r'^response_id +"r3"$', shown, re.MULTILINE)
        assert "can be read to its end" in shown
        cx("redrive", place, "--all", "--yes")
        settle(here, alive)
        chain = json.loads(cx("list", "--reason", "key_mismatch", "--format", "json").stdout)[0]
        assert (chain["letters"], chain["open"], chain["redriven"]) == (2, 1, 1)
        again = chain["newest"]
        place_again = f"{again['topic']}-{again['partition']}@{again['offset']}"
        told = json.loads(cx("show", place_again, "--format", "json").stdout)
        assert (told["history"]["cx-redriven-from"], told["history"]["cx-attempt"]) == (place, "2")
    finally:
        worker.stop(workers.STOP_GRACE_S)


def test_one_letter_is_shown_as_far_as_it_goes(cx: Cx, here: Settings) -> None:
    """Where it broke, and what stands there, without a byte that the terminal would obey."""
    value = sound(1)
    cut = value.index(b"ovey:main")
    broken = value[: cut - 1] + b"\x7f" + EVIL.encode() + b"\x00" * 100
    at = Seeds(here).letter(broken, EVIL.encode(), detail=EVIL, carried=[(EVIL, b"\x1b]0;x\x07"), ("n", None)])
    shown = cx("show", str(at), "--hex-bytes", "32").stdout
    assert all(line.isprintable() for line in shown.splitlines())
    assert f"at byte {cut - 1} of {len(broken)}: source: there is no" not in shown
    assert f"at byte {cut - 1} of {len(broken)}: source: a string of -64 bytes" in shown
    assert f"{cut - 1:08x}  7f 1b 5b 32 4a c2 9b 33  31 6d" in shown
    assert f"{len(broken) - cut - 31} more bytes" in shown
    assert re.search(r'^account_id +"acme"$', shown, re.MULTILINE)
    assert f"which is {'response_submitted v1'}" in shown
    told = json.loads(cx("show", at.topic, "0", str(at.offset), "--format", "json").stdout)
    assert base64.b64decode(told["value"]) == broken
    assert (told["decoded"]["fields"]["account_id"], told["decoded"]["read_to"]) == ("acme", cut - 1)
    assert told["headers"][0][0] == EVIL
    assert "\x9b" not in cx("show", str(at), "--format", "json").stdout


def test_a_schema_that_is_not_known_is_named_with_its_nearest(cx: Cx, here: Settings) -> None:
    """A schema rolled out in the wrong order reads as a fingerprint; the engineer wants its name."""
    mark = bytes(byte ^ 255 for byte in latest_schemas()["response_submitted"].fingerprint)
    at = Seeds(here).letter(b"\xc3\x01" + mark + sound(1)[10:], reason="unknown_schema")
    shown = cx("show", str(at)).stdout
    assert f"fingerprint {mark.hex()}, which is unknown; nearest known: response_submitted v1" in shown


def test_list_groups_filters_and_is_safe_to_print(cx: Cx, here: Settings) -> None:
    """Keys come from strangers and end on terminals, in spreadsheets and in scripts."""
    seeds = Seeds(here)
    assert "there are no dead letters" in cx("list").stderr
    assert json.loads(cx("list", "--format", "json").stdout) == []
    seeds.letter(b"{}", EVIL.encode())
    seeds.letter(b"{}", b"acme")
    for form in ("table", "csv"):
        printed = cx("list", "--by", "account", "--format", form).stdout
        assert all(line.isprintable() for line in printed.splitlines())
        assert "\\x1b[2J" in printed
    (told,) = json.loads(cx("list", "--by", "account", "--account", EVIL, "--format", "json").stdout)
    assert (told["account"], told["letters"]) == (EVIL, 1)
    assert "no dead letter matches" in cx("list", "--reason", "key_missing").stderr
    assert "give one of reason, topic, account, source, hour" in cx("list", "--by", "colour", status=1).stderr
    assert "did you mean malformed?" in cx("list", "--reason", "malforme", status=1).stderr


def test_nothing_is_done_without_yes_and_the_command_to_do_it_is_told(cx: Cx, here: Settings) -> None:
    """The dry run ends with the line that the engineer needs next, quoted for the shell."""
    seeds = Seeds(here)
    seeds.letter(sound(1, account_id="it's"), b"it's")
    seeds.letter(b"{}", b"it's")
    dry = cx("redrive", "--account", "it's").stdout
    assert "1 letter would be sent" in dry
    assert "to do it: cx dead-letters redrive --account 'it'\"'\"'s' --yes" in dry
    assert "unknown_frame" in dry
    put = cx("discard", "--account", "it's", "--why", "a test's").stdout
    assert "2 letters would be discarded" in put
    assert seeds.sent() == []
    for sent in (1, 0):
        told = json.loads(cx("redrive", "--account", "it's", "--yes", "--format", "json").stdout)
        assert (told["did"], told["sent"]) == (True, sent)
    told = json.loads(cx("discard", "--account", "it's", "--why", "w", "--yes", "--format", "json").stdout)
    assert (told["discarded"], told["did"], told["why"]) == (1, True, "w")
    assert "nothing to send" in cx("redrive").stdout
    assert "nothing to discard" in cx("discard", "--reason", "malformed", "--why", "w", "--yes").stdout
    with wiring.clickhouse(here) as client:
        rows = replays.audited(client, wiring.warehouse(here))
    assert [each.outcome for each in rows] == ["done", "begun"] * (len(rows) // 2)


def test_a_dry_run_says_whose_letters_they_are(cx: Cx, here: Settings) -> None:
    """Given a flood of one sender and an old letter of another for the same reason, then both are seen before --yes."""
    seeds = Seeds(here)
    old = seeds.letter(sound(1)[:-3], b"acme", source="ovey:main")
    flood = [seeds.letter(sound(number)[:-3], b"globex", source="crm:main", number=1) for number in range(2, 5)]
    for words in (("discard", "--why", "a load test"), ("redrive",)):
        told = json.loads(cx(*words, "--reason", "malformed", "--format", "json").stdout)
        assert [(each["account"], each["source"], each["letters"], each["example"]) for each in told["senders"]] == [
            ("globex", "crm:main", 3, str(flood[0])),
            ("acme", "ovey:main", 1, str(old)),
        ]
    dry = cx("discard", "--source", "crm:main", "--why", "a load test").stdout
    assert re.search(r"globex +│ crm:main +│ +│ +3 │", dry)
    assert "--source crm:main" in dry
    assert "acme" not in dry
    cx("discard", "--source", "crm:main", "--why", "a load test", "--yes")
    (left,) = json.loads(cx("list", "--by", "source", "--format", "json").stdout)[1:]
    assert (left["source"], left["open"]) == ("ovey:main", 1)


def test_any_record_of_a_source_topic_can_be_shown(cx: Cx, here: Settings) -> None:
    """Given records that no worker has taken in, as behind a limit, then show says what each is and how it fares."""
    seeds = Seeds(here)
    good, bad, misplaced = seeds.store(sound(1)), seeds.store(sound(2)[:-3]), seeds.store(sound(3), number=2)
    shown = cx("show", str(good)).stdout
    assert f"{good}  not taken in: no later record of its partition was, either" in shown
    assert "now       accepted" in shown
    assert "sent by   ovey:main, event" in shown
    assert "refused" not in shown
    assert "now       refused (malformed" in cx("show", str(bad)).stdout
    assert "now       refused (wrong_partition" in cx("show", str(misplaced)).stdout
    assert json.loads(cx("show", str(bad), "--format", "json").stdout)["standing"].startswith("not taken in")


_REFUSED = (
    (("discard", "--reason", "malformed"), "give it with --why"),
    (("discard", "--reason", "malformed", "--why", "  "), "give it with --why"),
    (("discard", "--why", "all of them"), "say which letters"),
    (("show", "survey", "0"), "names no record"),
    (("show",), "names no record"),
    (("show", "survey-0@99999"), "there is no record at"),
    (("show", "survey-9@0"), "has no partition 9: it has 4"),
    (("redrive", "survey-0@99999", "--yes"), "there is no dead letter at"),
    (("discard", "survey-0@99999", "--why", "w"), "there is no dead letter at"),
    (("export", "--status", "lost"), "give one of open, redriven, discarded, any"),
    (("export", "--out", "/"), "is there already"),
)


def test_what_cannot_be_done_is_one_sentence(cx: Cx, here: Settings) -> None:
    """A wrong place is a mistake, and status 1; a filter that nothing matches is not."""
    local.prepare(here)
    for arguments, sentence in _REFUSED:
        told = cx(*arguments, status=1).stderr
        assert sentence in told
        assert (told.startswith("cx: "), told.count("\n")) == (True, 1)


def test_letters_leave_as_lines_of_json(cx: Cx, here: Settings, tmp_path: Path) -> None:
    """What a producer's team needs to mend its side: the bytes, and what could be read of them."""
    seeds, file = Seeds(here), tmp_path / "letters.jsonl"
    value = sound(1, answers=[{"question_id": "q", "kind": "CSAT", "number": float("nan")}])
    place, large = seeds.letter(value, None), seeds.letter(b"\xff" * 5_000_000)
    cx("export", "--out", str(file))
    lines = [json.loads(line) for line in file.read_text("ascii").splitlines()]
    assert [base64.b64decode(line["value"]) for line in lines] == [value, b"\xff" * 5_000_000]
    assert lines[0]["decoded"]["fields"]["answers"][0]["number"] == "nan"
    assert (lines[0]["at"]["offset"], lines[0]["key"], lines[1]["at"]["offset"]) == (place.offset, None, large.offset)
    assert "is there already" in cx("export", "--out", str(file), status=1).stderr
    assert list(tmp_path.glob("*.partial")) == []
    assert cx("export", "--status", "redriven").stdout == ""
    piped = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m infra.cli dead-letters export | head -c 1; echo ${{PIPESTATUS[0]}}"],
        env=os.environ | environment(here),
        capture_output=True,
        text=True,
        check=True,
    )
    assert piped.stdout == "{1\n"
    assert "Traceback" not in piped.stderr


def test_what_an_erased_person_wrote_is_shown_to_nobody(cx: Cx, here: Settings) -> None:
    """A letter keeps every byte; once its person is erased, no screen and no file may bring them back."""
    seeds = Seeds(here)
    secret, told = "a secret of theirs", {"account_id": "gone", "source": "a secret of theirs"}
    hidden = [
        seeds.letter(b"{" + secret.encode(), b"gone", detail=secret, carried=[("h", secret.encode())]),
        seeds.letter(sound(1, **told), None, detail=secret),
        seeds.letter(sound(2, **told)[:-3], b"\xff", detail=secret),
    ]
    kept = seeds.letter(sound(3), b"acme", detail="it stays")
    with wiring.clickhouse(here) as client:
        client.execute(f"INSERT INTO {here.database}_meta.erased_subject VALUES", [("gone", "someone", 1)])
    for at in hidden:
        for form in ("text", "json"):
            shown = cx("show", str(at), "--format", form).stdout
            assert str(at.offset) in shown
            assert secret not in shown
            assert base64.b64encode(secret.encode()).decode()[2:-4] not in shown
        assert "bytes     withheld: its account has erased subjects" in cx("show", str(at)).stdout
    assert "it stays" in cx("show", str(kept)).stdout
    written = cx("export")
    lines = {line["at"]["offset"]: line for line in map(json.loads, written.stdout.splitlines())}
    assert [lines[at.offset]["withheld"] for at in (*hidden, kept)] == [True, True, True, False]
    for at in hidden:
        line = lines[at.offset]
        assert (line["key"], line["value"], line["headers"], line["detail"]) == (None, None, [], "")
        assert line["decoded"]["fields"] == {}
    assert base64.b64decode(lines[kept.offset]["value"]) == sound(3)
    assert "3 letters of them without bytes" in written.stderr
