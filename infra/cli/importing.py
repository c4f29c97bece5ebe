"""cx import: turn a table into events, by a mapping."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra import wiring
from infra.cli import output
from infra.cli.context import located, sentences
from infra.sending import ContractError, Sender
from infra.settings import Settings
from infra.wiring import Unreachable
from schemas.codec import Codec, InvalidEventError
from streams.emit.admission import admitted, topic_of
from streams.ingest import mapping
from streams.ingest.contract import require_fit
from streams.ingest.importing import Import, Ready, RefusedError, Summary
from streams.ingest.rejects import require_rejects
from streams.ingest.translate import Event

REJECTED = 3
"""The exit status where rows were rejected and everything else is stored."""
_INTERRUPTED = 130
_REASON = 300
_OFTEN_S, _SELDOM_S = 0.1, 10.0
Advance = Callable[[Summary], None]


def _prepared(encode: Callable[[Event], bytes]) -> Callable[[Event], Ready]:
    def prepare(event: Event) -> Ready:
        try:
            return Ready(event, encode(event))
        except (InvalidEventError, ContractError) as error:
            raise RefusedError(" ".join(str(error).split())[:_REASON]) from None

    return prepare


def _loaded(rules: Path) -> mapping.Mapping:
    loaded = mapping.load(rules)
    require_fit(loaded)
    return loaded


def bring_in(
    settings: Settings,
    rules: Path,
    file: Path,
    rejects: Path,
    *,
    reverse: bool = False,
    advance: Advance = lambda _: None,
    summary: Summary | None = None,
) -> Summary:
    """Import a file and return once everything is stored; raises MappingError, FileError or Unreachable.

    `summary` is counted up as the import goes on, for whoever must know how far it came.
    """
    loaded = _loaded(rules)
    require_rejects(rejects, (rules, file))
    with Sender(settings, load=True) as sender:

        def send(ready: Ready) -> None:
            event = ready.event
            sender.record(topic_of(event.type), str(event.fields["account_id"]).encode(), ready.value)

        prepare = _prepared(lambda event: sender.encode(event.type, event.fields))
        job = Import(
            loaded, file, prepare=prepare, send=send, rejects=rejects, reverse=reverse, advance=advance, summary=summary
        )
        return job.run()


def look_through(rules: Path, file: Path, advance: Advance) -> Summary:
    """Do all that an import does, but send nothing and write nothing; no server is asked."""
    codec = Codec()
    prepare = _prepared(lambda event: admitted(codec, event.type, event.fields, wiring.clock()))
    return Import(_loaded(rules), file, prepare=prepare, send=lambda _: None, rejects=None, advance=advance).run()


@contextmanager
def _progress(name: str) -> Iterator[Advance]:
    """Yield what shows how far an import is: beside a spinner on a terminal, a line now and then elsewhere."""
    last = time.monotonic()
    terminal = output.err.is_terminal
    columns = SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=output.err, transient=True, disable=not terminal) as progress:
        task = progress.add_task(name, total=None)

        def advance(summary: Summary) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < (_OFTEN_S if terminal else _SELDOM_S):
                return
            last = now
            doing, total = ("sending", summary.checked) if summary.rows else ("looking through", None)
            if terminal:
                done = summary.rows or summary.checked
                progress.update(task, description=f"{doing} {name}", completed=done, total=total)
            elif summary.rows:
                output.say(f"{name}: {summary.rows:,} of {summary.checked:,} rows, {summary.events:,} events")
            else:
                output.say(f"{name}: {summary.checked:,} rows looked through")

        yield advance


def _show(summary: Summary, rejects: Path | None, form: output.Machine) -> None:
    counts = {name: getattr(summary, name) for name in ("rows", "translated", "filtered", "rejected", "events")}
    if form is output.Machine.JSON:
        first = [{"line": reject.line, "reason": reject.reason} for reject in summary.first]
        written = str(rejects) if summary.rejected and rejects is not None else None
        output.machine({**counts, "repeated": summary.repeated, "first_rejects": first, "rejects_file": written})
        return
    output.out.print(", ".join(f"{count:,} {name}" for name, count in counts.items()), highlight=False)
    if summary.repeated:
        line, earlier = summary.example
        output.out.print(
            f"{summary.repeated:,} of the rows repeat earlier ones and count once, such as line {line} after line "
            f"{earlier}; where equal rows are meant, add _copy to the id (docs/import.md)",
            highlight=False,
        )
    if summary.rejected:
        found = [(reject.line, reject.reason) for reject in summary.first]
        output.rows(output.Format.TABLE, ("line", "reason"), found, f"the first of {summary.rejected:,} rejected rows")
        if rejects is not None:
            output.out.print(f"all of them, with their reasons: {rejects}", highlight=False)


def _so_far(summary: Summary) -> str:
    if not summary.rows:
        return "nothing was sent"
    return (
        f"{summary.events:,} events of {summary.rows:,} rows were handed over; "
        "import the file again, what is stored already changes nothing"
    )


def import_(
    rules: Annotated[Path, typer.Argument(metavar="MAPPING.yaml", help="How rows become events.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv[.gz]", help="The table, with a header.")],
    rejects: Annotated[
        Path | None, typer.Option(help="Where rejected rows go; FILE.rejects.csv in this folder if absent.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read and judge everything, send nothing, write nothing, ask no server.")
    ] = False,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Send the file from its end; it must fit in memory.")
    ] = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Import a table: every row becomes events, is filtered by the mapping, or is rejected with its reason.

    The file is read twice: looked through before anything is sent. Importing it again sends the same events under the
    same ids, which changes nothing. Exit status 3: rows were rejected; 1: the import could not begin or go on.
    """
    summary = Summary()
    target = rejects or Path(file.name.removesuffix(".gz").removesuffix(".csv") + ".rejects.csv")
    with sentences():
        try:
            with _progress(file.name) as advance:
                if check:
                    summary = look_through(rules, file, advance)
                else:
                    settings = located()
                    bring_in(settings, rules, file, target, reverse=reverse, advance=advance, summary=summary)
        except Unreachable as error:
            raise Unreachable(f"{error}; {_so_far(summary)}") from error
        except KeyboardInterrupt:
            output.say(f"cx: interrupted; {_so_far(summary)}")
            raise typer.Exit(_INTERRUPTED) from None
        _show(summary, None if check else target, form)
    if summary.rejected:
        raise typer.Exit(REJECTED)
