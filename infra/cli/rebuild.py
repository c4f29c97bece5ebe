"""cx rebuild: `cx replay` in one command. Every table anew from the first event, compared with what is served."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from infra import differing, promoting, wiring
from infra.cli import generations, output
from infra.cli.context import located, sentences, settings
from infra.cli.replay_progress import shown
from infra.judging import PromotionError
from infra.replaying import planning, running
from sinks import replays
from streams.replay.plan import fingerprint

if TYPE_CHECKING:
    from infra.differing import Diff

_CORES = os.cpu_count() or 1
_NOTE = "rebuild.plan"


def rebuild(
    promote: Annotated[bool, typer.Option("--promote", help="Serve the new tables if they are the same.")] = False,
    accept: Annotated[bool, typer.Option("--accept-differences", help="With --promote: even if they differ.")] = False,
    drop: Annotated[str, typer.Option(metavar="GENERATION", help="Only remove this earlier generation's tables.")] = "",
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Fill a fresh generation of tables from the first event on and compare it row by row with what is served.

    Short for `cx replay plan`, `run`, `diff` and, with --promote, `promote`. Exit status 1 where rows differ; with
    --promote they are compared while the workers stand still.
    """
    with sentences(), closing(promoting.Desk(settings(), located(), output.say)) as desk:
        if drop:
            promoting.drop(desk, drop, for_good=True)
            output.say(f"{drop} is dropped")
            return
        name = _filled(desk)
        found = _promoted(desk, name, accept=accept) if promote else differing.diff(desk.here, name)
        _show(found, form)
        if not found.equal and not accept:
            output.fail(f"the tables differ; {name} is kept to look into, until `cx rebuild --drop` names it")


def _promoted(desk: promoting.Desk, name: str, *, accept: bool) -> Diff:
    """Serve the generation if that is right, and return how it compared while no worker wrote."""
    looks: list[Diff] = []

    def judge() -> None:
        looks.append(differing.diff(desk.here, name))
        if not looks[-1].equal and not accept:
            raise PromotionError("the tables differ")

    try:
        done = promoting.promote(desk, name, accept=True, judge=judge)
    except PromotionError:
        if not looks:
            raise
    else:
        output.say(f"the views read from {done.serves} now; {done.current} is kept")
    return looks[-1]


def _filled(desk: promoting.Desk) -> str:
    """Fill a generation from a plan of everything; leave none behind that is not filled."""
    _clear(desk)
    plan = planning.make(desk.here, planning.Wish(), _CORES)
    note = desk.here.data_dir / _NOTE
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(fingerprint(plan), "ascii")
    try:
        with shown(output.err) as turn:
            return running.perform(desk.here, plan, running.Choices(processes=_CORES), turn).generation
    except BaseException:
        _clear(desk)
        raise


def _clear(desk: promoting.Desk) -> None:
    """Drop what an earlier rebuild left half filled: nobody holds its plan."""
    note = desk.here.data_dir / _NOTE
    if not note.exists():
        return
    with wiring.clickhouse(desk.here) as client:
        left = replays.of_plan(client, desk.warehouse, note.read_text("ascii"))
    for each in left:
        if each.state != "filled" and not each.under_way:
            promoting.drop(desk, each.generation)


def _show(found: Diff, form: output.Machine) -> None:
    if form is output.Machine.TEXT:
        generations.show(found)
        return
    output.machine(
        {
            "generation": found.generation,
            "compared_with": found.compared_with,
            "records": found.records,
            "equal": found.equal,
            "refused": msgspec.to_builtins(found.refused),
            "admitted": msgspec.to_builtins(found.admitted),
            "tables": {
                each.table: {
                    "rows": each.rows,
                    "missing": each.missing,
                    "extra": each.extra,
                    "changed": each.changed,
                    "columns": each.columns,
                    "examples": [example.text for example in each.examples],
                }
                for each in found.tables
            },
        }
    )
