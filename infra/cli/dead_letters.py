"""cx dead-letters list and show: which records could not be taken in, and what is in one of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec
import typer

from infra import wiring
from infra.cli import letter_text as text
from infra.cli import output
from infra.cli.context import located, sentences
from infra.cli.letter_options import Place, takes_options
from infra.letters import choosing, showing
from infra.letters.choosing import Asked
from infra.printable import visible
from sinks import letters
from sinks.letters import By, Chosen

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.letters.showing import Shown
    from infra.settings import Settings

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this the command only says what it would do.")]

_SHOWN = ("letters", "open", "redriven", "discarded", "first_seen", "last_seen", "newest")


def machine(value: Any) -> None:
    """Print a JSON document in ASCII: escapes are exact, and no terminal obeys them."""
    sys.stdout.write(json.dumps(value) + "\n")


def meant(settings: Settings, client: Client, asked: Asked) -> Chosen:
    """Return which letters are meant. Raises LetterError or PlanError."""
    return choosing.chosen(asked, settings, lambda: letters.reasons(client, wiring.warehouse(settings)), wiring.clock())


@takes_options(place=False)
def list_(
    asked: Asked,
    by: Annotated[str, typer.Option(metavar="reason|topic|account|source|hour", help="What a line is.")] = "reason",
    form: output.RowFormat = output.Format.TABLE,
) -> None:
    """Count the records that could not be taken in, with what became of them and the newest to look at.

    That there are none is good news, and no error. The table has what a decision needs; json and csv have everything.
    """
    with sentences():
        if by not in get_args(By):
            raise choosing.LetterError(f"--by {by!r}: give one of {', '.join(get_args(By))}")
        here = located()
        with wiring.clickhouse(here) as client:
            chosen = meant(here, client, asked)
            found = letters.groups(client, wiring.warehouse(here), chosen, by)  # type: ignore[arg-type] # seen above
        rows = [(group.name, *(getattr(group, name) for name in _SHOWN)) for group in found]
        if form is output.Format.JSON:
            machine([dict(zip((by, *_SHOWN), map(_plain, row), strict=True)) for row in rows])
            return
        if not found:
            output.say("no dead letter matches" if asked.anything else "there are no dead letters")
        if form is output.Format.CSV:
            output.rows(form, (by, *_SHOWN), [tuple(map(_shown, row)) for row in rows])
        elif found:
            output.out.print(text.groups(by, found))


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _shown(value: Any) -> Any:
    return value if isinstance(value, int) else visible(str(value))


def show(
    place: Place = None,
    most: Annotated[int, typer.Option("--hex-bytes", min=0, help="At most so many bytes as hex.")] = 512,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Show one letter: why it was refused, what the present code says, its values as far as they go, hex from there.

    Any other record of a source topic can be named, too, such as the one at which a worker stopped.
    Its bytes come from the topic that it was sent to, or from cx.dead-letters where retention has cut them there. Those
    of an account with erased subjects are withheld.
    """
    with sentences():
        here = located()
        at = choosing.place(tuple(place or ()), here)
        found = showing.show(here, Chosen(at=at))
        if form is output.Machine.JSON:
            machine(told(found))
        else:
            for line in _lines(found, most):
                output.out.print(line, markup=False, highlight=False)


def told(found: Shown) -> dict[str, Any]:
    """Return a letter for a machine; bytes are base64."""
    letter, record = found.judged.letter, found.record
    return {
        **msgspec.to_builtins(letter),
        "now": msgspec.to_builtins(found.judged.verdict),
        "history": found.told,
        "withheld": found.withheld,
        "standing": found.standing or None,
        "copy": record.is_copy if record else None,
        "timestamp_ms": record.timestamp_ms if record else None,
        "key": text.in_base64(record.key) if record else None,
        "value": text.in_base64(record.value) if record else None,
        "headers": [[name, text.in_base64(value)] for name, value in record.headers] if record else [],
        "decoded": text.decoded(found.seen),
    }


def _lines(found: Shown, most: int) -> list[str]:
    letter, record, seen = found.judged.letter, found.record, found.seen
    verdict = found.judged.verdict
    lines = [
        f"{letter.at}  {found.standing or letter.status}",
        f"refused   {visible(letter.reason)}" + (f": {visible(letter.detail, 1_000)}" if letter.detail else ""),
        f"now       {verdict.answer}" + (f" ({verdict.reason}: {visible(verdict.detail)})" if verdict.reason else ""),
        f"stored    {text.instant(letter.ingested_at)}, {letter.size_bytes:,} bytes",
    ]
    if found.standing:
        del lines[1]
    if letter.source or seen.walked:
        lines.append(f"sent by   {_sender(found)}")
    if letter.status != "open":
        to = f" to offset {letter.redriven_to}" if letter.redriven_to is not None else ""
        because = f": {visible(letter.why, 1_000)}" if letter.why else ""
        lines.append(f"{letter.status:<9} {letter.decided_at} by {visible(letter.decided_by)}{to}{because}")
    if found.withheld:
        return [*lines, "bytes     withheld: its account has erased subjects"]
    if record is None:
        return [*lines, "bytes     gone: neither its topic nor the dead-letter topic has them"]
    if record.is_copy:
        lines.append("bytes     from the dead-letter topic: retention has cut the original")
    key = "none" if record.key is None else f'"{visible(record.key.decode(errors="backslashreplace"))}"'
    lines.append(f"key       {key}")
    lines += [
        f"header    {visible(name)} = {visible((value or b'').decode(errors='backslashreplace'))}"
        for name, value in [*record.headers, *((n, v.encode()) for n, v in _history(found))][:50]
    ]
    meant_for = f"{seen.claimed}, which is {seen.schema}" if seen.schema else f"{seen.claimed}, which is unknown"
    near = f"; nearest known: {', '.join(seen.nearest)}" if seen.nearest else ""
    lines.append(f"schema    {meant_for}{near}")
    parts = seen.walked.parts if seen.walked else ()
    lines += ["", *text.values(parts)] if parts else []
    value = record.value or b""
    if not seen.why:
        return [*lines, "", f"the record can be read to its end, byte {seen.at:,}"]
    return [
        *lines,
        "",
        f"at byte {seen.at:,} of {len(value):,}: {visible(seen.why)}",
        *text.hexdump(value, seen.at, most),
    ]


def _sender(found: Shown) -> str:
    """Return source, type and id of the event, as far as its bytes name them."""
    letter = found.judged.letter
    fields = found.seen.walked.fields if found.seen.walked and not found.withheld else {}
    names = (letter.source or fields.get("source"), letter.event_id or fields.get("event_id"))
    source, event_id = (visible(each) if isinstance(each, str) and each else "" for each in names)
    return f"{source or 'nobody that its bytes name'}" + (f", event {event_id}" if event_id else "")


def _history(found: Shown) -> list[tuple[str, str]]:
    """Return what only the copy's headers tell."""
    carried = {name for name, _ in found.record.headers} if found.record else set()
    names = ("cx-code-version", "cx-attempt", "cx-first-seen", "cx-redriven-from")
    return [(name, found.told[name]) for name in names if name in found.told and name not in carried]
