"""cx import: turn a table into events, by a mapping."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.cli import output
from infra.cli.context import located, sentences
from infra.sending import ContractError, Sender
from infra.settings import Settings
from schemas.codec import InvalidEventError
from streams.ingest import importing, mapping
from streams.ingest.contract import require_fit
from streams.ingest.importing import RefusedError, Summary
from streams.ingest.translate import Event

_REASON = 300


def bring_in(
    settings: Settings, rules: Path, file: Path, rejects: Path, *, reverse: bool, advance: Callable[[], None]
) -> Summary:
    """Import a file and return once everything is stored; raises MappingError, FileError or Unreachable."""
    loaded = mapping.load(rules)
    require_fit(loaded)
    with Sender(settings) as sender:

        def send(event: Event) -> None:
            try:
                sender.event(event.type, event.fields)
            except (InvalidEventError, ContractError) as error:
                raise RefusedError(" ".join(str(error).split())[:_REASON]) from None

        return importing.run(loaded, file, send, rejects, reverse=reverse, advance=advance)


def _progress() -> Progress:
    columns = SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=output.err, transient=True, disable=not output.err.is_terminal)


def _show(summary: Summary, rejects: Path, form: output.Machine) -> None:
    counts = {name: getattr(summary, name) for name in ("rows", "translated", "filtered", "rejected", "events")}
    if form is output.Machine.JSON:
        first = [{"line": reject.line, "reason": reject.reason} for reject in summary.first]
        output.machine({**counts, "first_rejects": first, "rejects_file": str(rejects) if summary.rejected else None})
        return
    output.out.print(", ".join(f"{count:,} {name}" for name, count in counts.items()), highlight=False)
    if summary.rejected:
        found = [(reject.line, reject.reason) for reject in summary.first]
        output.rows(output.Format.TABLE, ("line", "reason"), found, f"the first of {summary.rejected:,} rejected rows")
        output.out.print(f"all of them, with their reasons: {rejects}", highlight=False)


def import_(
    rules: Annotated[Path, typer.Argument(metavar="MAPPING.yaml", help="How rows become events.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv[.gz]", help="The table, with a header.")],
    rejects: Annotated[
        Path | None, typer.Option(help="Where rejected rows go; FILE.rejects.csv in this folder if absent.")
    ] = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Send the file from its end; it must fit in memory.")
    ] = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Import a table: every row becomes events, is filtered by the mapping, or is rejected with its reason.

    Importing a file again sends the same events under the same ids, which changes nothing.
    """
    with sentences():
        settings = located()
        target = rejects or Path(file.name.removesuffix(".gz").removesuffix(".csv") + ".rejects.csv")
        with _progress() as progress:
            task = progress.add_task(f"importing {file.name}", total=None)
            summary = bring_in(settings, rules, file, target, reverse=reverse, advance=lambda: progress.advance(task))
        _show(summary, target, form)
