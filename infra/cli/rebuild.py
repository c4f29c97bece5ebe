"""cx rebuild: every table anew from the first event, compared row by row with what is served."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra import wiring, workers
from infra.cli import output
from infra.cli.context import located, sentences, settings
from infra.deployment import recorded
from infra.rebuilding import Candidate, live_members
from sinks import generations

if TYPE_CHECKING:
    from infra.settings import Settings
    from sinks.compare import Difference
    from streams.replay.rebuild import Progress as Done


def _paused(here: Settings) -> Any:
    """Return a block in which no worker runs; raises Unreachable where that is not ours to arrange."""
    told = settings()
    record = None if told.stack == "external" else recorded(told)
    if record is not None:
        return workers.pause(told, here, detached=record.detached)
    if live_members(here):
        raise wiring.Unreachable("workers run elsewhere and would go on writing to the former tables: stop them first")
    return nullcontext()


def _show(found: list[Difference], candidate: Candidate, form: output.Machine) -> None:
    if form is output.Machine.JSON:
        output.machine(
            {
                "generation": candidate.name,
                "compared_with": candidate.current,
                "records": candidate.progress.records,
                "equal": all(each.equal for each in found),
                "tables": {
                    each.table: {
                        "rows": each.rows,
                        "missing": each.missing,
                        "extra": each.extra,
                        "changed": each.changed,
                        "columns": each.columns,
                        "examples": [example.text for example in each.examples],
                    }
                    for each in found
                },
            }
        )
        return
    rows = [(each.table, each.rows, each.missing, each.extra, each.changed) for each in found]
    title = f"{candidate.name} beside {candidate.current}, after {candidate.progress.records:,} records"
    output.rows(output.Format.TABLE, ("table", "rows", "missing", "extra", "changed"), rows, title)
    for each in found:
        for example in each.examples:
            output.out.print(f"{each.table}: {example.text}", highlight=False, markup=False)


def _drop(here: Settings, name: str) -> None:
    client = wiring.clickhouse(here)
    try:
        generations.drop(client, wiring.warehouse(here), name)
    finally:
        client.disconnect()
    output.say(f"{name} is dropped")


def rebuild(
    promote: Annotated[bool, typer.Option("--promote", help="Serve the new tables if they are the same.")] = False,
    accept: Annotated[bool, typer.Option("--accept-differences", help="With --promote: even if they differ.")] = False,
    drop: Annotated[str, typer.Option(metavar="GENERATION", help="Only remove this earlier generation's tables.")] = "",
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Fill a fresh generation of tables from the first event on and compare it row by row with what is served.

    The code is the one that runs live; nothing but rows is written, and the workers go on meanwhile. With --promote
    the workers stand still while the views are pointed at the new tables. Exit status 1 where rows differ.
    """
    with sentences(), ExitStack() as open_:
        here = located()
        if drop:
            _drop(here, drop)
            return
        progress = open_.enter_context(
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=output.err,
                transient=True,
                disable=not output.err.is_terminal,
            )
        )
        task = progress.add_task("rebuilding", total=None)

        def show(done: Done) -> None:
            progress.update(task, completed=done.records, total=done.total)

        candidate = Candidate(here, show)
        open_.callback(candidate.close)
        try:
            found = _run(candidate, here, promote=promote, accept=accept)
        except BaseException:
            candidate.drop()
            raise
        _show(found, candidate, form)
        if not all(each.equal for each in found) and not accept:
            output.fail(f"the tables differ; {candidate.name} is kept to look into, until `cx rebuild --drop` names it")


def _run(candidate: Candidate, here: Settings, *, promote: bool, accept: bool) -> list[Difference]:
    """Fill, compare and, if asked and the same, promote; return the comparison."""
    if not candidate.fill():
        output.say("events keep coming: rows that differ may only be newer")
    if not promote:
        return candidate.compare()
    with _paused(here):
        candidate.fill()
        found = candidate.compare()
        if accept or all(each.equal for each in found):
            candidate.promote()
            output.say(f"the views read from {candidate.name} now; {candidate.current} is kept")
    return found
