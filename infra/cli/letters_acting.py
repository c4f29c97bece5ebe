"""cx dead-letters redrive, discard and export: what can be done with records that could not be taken in."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from infra import private, wiring
from infra.cli import letter_text as text
from infra.cli import output
from infra.cli.context import located, sentences
from infra.cli.dead_letters import Yes, machine, meant
from infra.cli.letter_options import takes_options
from infra.cli.pipeline import resumable
from infra.letters import discarding, guard, judging, redriving
from infra.letters.choosing import Asked, LetterError
from infra.letters.withholding import Withheld, hidden
from infra.printable import visible
from schemas.claims import look
from sinks import letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.letters.judging import Judged
    from infra.settings import Settings
    from schemas.claims import Look
    from sinks.letters import Chosen, Known, Status
    from streams.replay.letters import Refused

_STOPPED = "stopped: {}, and the same command goes on from there"


def _chosen(here: Settings, asked: Asked) -> Chosen:
    """Return which letters are meant. Raises LetterError, also for a place where there is none."""
    with wiring.clickhouse(here) as client:
        chosen = meant(here, client, asked)
        if chosen.at is not None and not letters.found(client, wiring.warehouse(here), chosen):
            raise LetterError(f"there is no dead letter at {chosen.at}: `cx dead-letters list` names some")
    return chosen


@takes_options(place=True)
def redrive(
    asked: Asked,
    everything: Annotated[
        bool, typer.Option("--all", help="Send those, too, that the present code would refuse again.")
    ] = False,
    yes: Yes = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Send open letters to their topics again, byte for byte, once what they were refused for is fixed.

    Each is first judged by the code that is installed here; only what it would accept is sent. A letter is sent at
    most once, however often the command runs.
    """
    with sentences():
        here = located()
        chosen = _chosen(here, asked)
        if yes:
            with resumable(_STOPPED.format("each letter was sent once or not at all")), output.steps() as say:
                did = redriving.perform(here, chosen, everything=everything, show=say)
            _report(did.judged, did.sent, did, form)
            return
        with output.steps() as say, wiring.clickhouse(here) as client, wiring.replay_log(here, at_once=500) as log:
            judged = redriving.outlook(here, client, log, chosen, say)
            if everything:
                redriving.require_bearable(here, judged)
        due = len(redriving.due(judged, everything=everything))
        _report(judged, due, None, form)
        if due and form is output.Machine.TEXT:
            _print(f"to do it: {_command('redrive', asked, ['--all'] if everything else [])}")


def _report(judged: Sequence[Judged], sent: int, did: redriving.Redriven | None, form: output.Machine) -> None:
    answers = Counter(each.verdict.answer for each in judged)
    confirmed = did.confirmed if did else 0
    senders = text.by_sender((each.letter, each.verdict.answer) for each in judged)
    if form is output.Machine.JSON:
        because = Counter(each.verdict.reason for each in judged if each.verdict.answer == "refused")
        told = {"letters": len(judged), "answers": answers, "refused_for": because}
        told |= {"senders": msgspec.to_builtins(senders)}
        machine({**told, "did": did is not None, "sent" if did else "due": sent, "sent_before": confirmed})
        return
    if confirmed:
        _print(f"{_letters(confirmed)} had been sent by a redrive that was cut short")
    if not judged:
        _print("no open letter matches: there is nothing to send")
        return
    groups: dict[tuple[str, str], list[Judged]] = {}
    for each in judged:
        groups.setdefault((each.verdict.answer, each.verdict.reason), []).append(each)
    rows = [
        (answer, visible(why), len(each), str(each[0].letter.at), visible(each[0].verdict.detail))
        for (answer, why), each in sorted(groups.items())
    ]
    output.out.print(output.grid("", ("now", "because", "letters", "example", "detail"), rows))
    output.out.print(text.senders(senders))
    _print(f"{_letters(sent)} sent" if did else f"{_letters(sent)} would be sent")


@takes_options(place=True)
def discard(
    asked: Asked,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why nobody needs them; it is kept for good.")] = "",
    yes: Yes = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Put open letters away for a reason that is written down; their bytes stay in Kafka."""
    with sentences():
        if not why.strip():
            raise LetterError("a letter is discarded for a reason: give it with --why")
        if not why.isprintable():
            raise LetterError("--why is kept and shown: give one line of printable characters")
        if not asked.anything:
            raise LetterError("say which letters: a place, --reason, --topic, --account, --source, --since or --until")
        here = located()
        chosen = _chosen(here, asked)
        if yes:
            with resumable(_STOPPED.format("all letters were discarded or none")):
                found = discarding.perform(here, chosen, why)
        else:
            found = discarding.outlook(here, chosen)
        if form is output.Machine.JSON:
            senders = msgspec.to_builtins(text.by_sender((each, "") for each in found))
            machine({"discarded" if yes else "due": len(found), "did": yes, "why": why, "senders": senders})
        elif not found:
            _print("no open letter matches: there is nothing to discard")
        else:
            output.out.print(text.senders(text.by_sender((each, "") for each in found)))
            _print(f"{_letters(len(found))} {'' if yes else 'would be '}discarded")
            if not yes:
                _print(f"to do it: {_command('discard', asked, ['--why', why])}")


@takes_options(place=True)
def export(
    asked: Asked,
    status: Annotated[str, typer.Option(metavar="open|redriven|discarded|any", help="What became of them.")] = "open",
    file: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File; standard output if absent.")] = None,
) -> None:
    """Write letters out, a line of JSON each: bytes in base64, and what could be decoded of them.

    A file appears when it is complete; one that is there is not touched. Bytes of accounts with erased subjects are
    withheld.
    """
    with sentences():
        if status not in ("open", "redriven", "discarded", "any"):
            raise LetterError(f"--status {status!r}: give one of open, redriven, discarded, any")
        if file is not None:
            private.require_free(file)
        here = located()
        chosen = _chosen(here, asked)
        wanted: Any = None if status == "any" or chosen.at else status
        count = withheld = 0
        with guard.audited(here, "export", lambda: f"{count} letters"):
            for is_withheld in _exported(here, chosen, wanted, file):
                count += 1
                withheld += is_withheld
        output.say(f"{_letters(count)} written{f' to {file}' if file else ''}")
        if withheld:
            output.say(f"{_letters(withheld)} of them without bytes, as their accounts have erased subjects")


def _exported(here: Settings, chosen: Chosen, status: Status | None, file: Path | None) -> Iterator[bool]:
    """Write the letters and yield for each whether its bytes were withheld."""
    registry = wiring.registry(here)
    with wiring.clickhouse(here) as client:
        found = letters.found(client, wiring.warehouse(here), chosen, status)
        withheld = Withheld(here, client)
    with _written(file) as lines, wiring.replay_log(here, at_once=500) as log:
        for letter, record in judging.records(here, log, found):
            seen = look(record.value if record else None, registry)
            hidden = withheld.covers(letter, seen)
            lines.write(json.dumps(_hidden(letter) if hidden else _line(letter, record, seen)) + "\n")
            yield hidden


def _hidden(letter: Known) -> dict[str, Any]:
    return _line(hidden(letter), None, look(None)) | {"withheld": True}


def _line(letter: Known, record: Refused | None, seen: Look) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(letter)
    told |= {"withheld": False, "decoded": text.decoded(seen)}
    if record is None:
        return told | {"key": None, "value": None, "headers": [], "copy": None}
    headers = [[name, text.in_base64(value)] for name, value in record.headers]
    bodies = {"key": text.in_base64(record.key), "value": text.in_base64(record.value)}
    return told | {**bodies, "headers": headers, "copy": record.is_copy}


@contextmanager
def _written(file: Path | None) -> Iterator[IO[str]]:
    """Yield where to write; a file gets its name when all is in it. A reader who leaves early ends it with status 1."""
    if file is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to say to a closed pipe
            raise typer.Exit(1) from None
        return
    with private.written(file) as lines:
        yield lines


def _command(name: str, asked: Asked, more: Sequence[str]) -> str:
    words = ["cx", "dead-letters", name, *asked.place]
    for option in ("reason", "topic", "account", "source", "since", "until"):
        if value := getattr(asked, option):
            words += [f"--{option}", value]
    return visible(shlex.join([*words, *more, "--yes"]), 2_000)


def _letters(number: int) -> str:
    return f"{number:,} letter{'' if number == 1 else 's'}"


def _print(line: str) -> None:
    output.out.print(line, markup=False, highlight=False)
