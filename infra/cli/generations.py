"""cx replay diff, promote, back, drop and list: looking at generations, serving one, and taking that back."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from infra import differing, judging, promoting
from infra.cli import output
from infra.cli.context import located, sentences, settings
from infra.cli.pipeline import Stopped, until_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.differing import Diff
    from sinks.compare import Difference

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this the command only says what it would do.")]
Generation = Annotated[str, typer.Argument(metavar="GENERATION", help="As `cx replay list` names it.")]


@contextmanager
def _desk(action: str) -> Iterator[promoting.Desk]:
    """Yield where to act; Ctrl-C ends the block as a sentence that says how to finish."""
    with sentences(), output.steps() as say:
        desk = promoting.Desk(settings(), located(), say)
        stopped = False
        try:
            with until_told():
                try:
                    yield desk
                except Stopped:
                    stopped = True
        finally:
            desk.close()
    if stopped:
        output.fail(f"stopped: nothing is lost, and `cx replay {action} --yes` goes on from there")


def diff(
    generation: Annotated[str, typer.Argument(metavar="[GENERATION]", help="The newest that is not served.")] = "",
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Compare a generation row by row with what is served: missing, extra and changed rows, with the first of each.

    Missing rows are served and not in the generation, extra ones the other way round. Versions are left out.
    """
    with sentences(), output.steps() as say:
        here = located()
        say("comparing")
        found = differing.diff(here, generation)
    if form is output.Machine.JSON:
        output.machine(msgspec.to_builtins(found))
        return
    show(found)


def show(found: Diff) -> None:
    """Print a comparison for people."""
    whom = f", {found.accounts:,} accounts" if found.accounts else ""
    title = f"{found.generation} ({found.kind}{whom}) beside {found.compared_with}"
    _tables(found, title)
    for each in found.tables:
        for example in each.examples:
            line = f"{each.table}: {example.kind} {json.dumps(example.key, ensure_ascii=False)}"
            output.out.print(line, highlight=False, markup=False)
            for change in example.changes:
                told = f"    {change.column}: {output.plain(change.a)!r} -> {output.plain(change.b)!r}"
                output.out.print(told, highlight=False, markup=False)
    for turned, said in (
        (found.refused, f"served, and refused in {found.generation}"),
        (found.admitted, f"refused in {found.compared_with}, and taken in by {found.generation}"),
    ):
        for kind in turned:
            whom = f"{kind.records:,} records of {kind.accounts:,} keys"
            _print(f"{said}: {whom} as {kind.reason}, such as {output.plain(kind.example)}")
    if found.behind:
        output.say(f"the workers have taken in {found.behind:,} records since: rows that differ may only be newer")
    verdict = "every row is the same" if found.equal else "the tables differ"
    output.out.print(f"{verdict}; what differs is recorded as {found.summary[:12]}", highlight=False)


def _tables(found: Diff, title: str) -> None:
    """Print the tables that differ, and only how many do not: what matters must not scroll away."""
    differ = [each for each in found.tables if not each.equal]
    same = len(found.tables) - len(differ)
    rows = sum(each.rows for each in found.tables if each.equal)
    if not differ:
        _print(f"{title}: {same} tables, {rows:,} rows")
        return
    columns = ("table", "rows", "missing", "extra", "changed", "columns")
    told = [(each.table, each.rows, each.missing, each.extra, each.changed, _columns(each)) for each in differ]
    output.rows(output.Format.TABLE, columns, told, title)
    _print(f"the other {same} tables are the same, {rows:,} rows")
    _print(f"what {found.compared_with} has, which is served -> what {found.generation} has instead")


def _columns(each: Difference) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in each.columns.items())


def promote(
    generation: Generation,
    yes: Yes = False,
    accept: Annotated[
        bool, typer.Option("--accept-differences", help="Even if nobody has looked at `cx replay diff` since.")
    ] = False,
    if_equal: Annotated[
        bool, typer.Option("--if-equal", help="Compare once more while no worker writes, and only if nothing differs.")
    ] = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Serve a generation that a rebuild filled, or put a repair's accounts in place of what is served of them.

    The workers stand still meanwhile and go on with the new tables. A kill at any point is finished by the same
    command. The former generation is kept: `cx replay back` serves it again.
    """
    with _desk(f"promote {generation}") as desk:
        if yes:
            judge = (lambda: _judge(desk, generation)) if if_equal else (lambda: None)
            found = promoting.promote(desk, generation, accept=accept or if_equal, judge=judge)
        else:
            found = judging.promotion_of(desk.told, desk.here, desk.client, generation, accept=accept or if_equal)
        if form is output.Machine.JSON:
            output.machine({**msgspec.to_builtins(found), "did": yes and not found.served})
        elif found.served:
            whole = "" if found.serves == generation else f", as part of {found.serves}"
            _print(f"{generation} is served already{whole}: there is nothing to do")
        elif yes:
            _print(f"{_served(found)}; {found.current} is kept, and `cx replay back` serves it again")
        else:
            told = [*["--accept-differences"] * accept, *["--if-equal"] * if_equal]
            _foretell(_promotion_steps(found), " ".join(["cx replay promote", generation, *told]))


def _served(found: judging.Promotion) -> str:
    if found.serves == found.generation:
        return f"{found.serves} is served now"
    whom = f"{found.accounts:,} account{'s' * (found.accounts != 1)}"
    return f"{found.serves} is served now: {found.current} with the rows of {whom} out of {found.generation}"


def _judge(desk: promoting.Desk, generation: str) -> None:
    found = differing.diff(desk.here, generation)
    if not found.equal:
        tables = ", ".join(each.table for each in found.tables if not each.equal)
        raise judging.PromotionError(f"{generation} differs in {tables}: `cx replay diff {generation}` shows the rows")


def _promotion_steps(found: judging.Promotion) -> list[str]:
    steps = [f"bring {found.generation} up to the last record that they have taken in"]
    if found.kind == "repair":
        steps += [f"put the rows of {found.accounts:,} accounts in place of those in a copy of {found.current}"]
        steps += ["point every view at that copy, one statement each"]
    else:
        steps += [f"point every view at {found.generation} instead of {found.current}, one statement each"]
    if found.state:
        steps.insert(1, f"write the state of this release's workers, {found.state}, beside that of the former release")
        steps += ["make the views of this release"]
    return _around(found.workers, [*steps, f"keep {found.current} for the way back"])


def _around(workers: tuple[str, ...], steps: list[str]) -> list[str]:
    if not workers:
        return ["make sure that no worker runs: none does", *steps]
    return [f"stop {', '.join(workers)}", *steps, f"start {', '.join(workers)} again"]


def back(yes: Yes = False, form: output.TextFormat = output.Machine.TEXT) -> None:
    """Serve the generation that was served before; what the workers have written since goes with it."""
    with _desk("back") as desk:
        found = promoting.back(desk) if yes else judging.way_back(desk.told, desk.here, desk.client)
        if form is output.Machine.JSON:
            output.machine({**msgspec.to_builtins(found), "did": yes})
        elif yes and found.other_release:
            _print(
                f"{found.former} is served again once the release that writes it is started: `cx restart` of that"
                f" release. Its workers take in {found.records:,} records that came since; {found.current} is kept"
            )
        elif yes:
            _print(f"{found.former} is served again; {found.current} is kept until `cx replay drop` names it")
        elif found.other_release:
            _foretell(_hand_back_steps(found), "cx replay back")
        else:
            steps = [f"copy {found.rows:,} rows that they wrote into {found.current} to {found.former}"]
            steps += [f"point every view at {found.former} instead of {found.current}, one statement each"]
            _foretell(_around(found.workers, steps), "cx replay back")


def _hand_back_steps(found: judging.WayBack) -> list[str]:
    stop = f"stop {', '.join(found.workers)}" if found.workers else "make sure that no worker runs: none does"
    return [
        stop,
        f"set the group's offsets to where the state of {found.former} stands",
        f"leave {found.former} to the release that writes it: its `cx restart` starts workers that take in the rest",
        f"keep {found.current}, which nothing leads to again",
    ]


def drop(
    generation: Annotated[list[str], typer.Argument(metavar="GENERATION...", help="As `cx replay list` names them.")],
    no_way_back: Annotated[
        bool, typer.Option("--no-way-back", help="Also one that was served before: nothing leads back to it then.")
    ] = False,
    yes: Yes = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Remove generations and their rows for good: all that are named, or none where one of them must stay.

    What is served cannot be dropped.
    """
    names = list(dict.fromkeys(generation))
    command = " ".join(["drop", *names, *["--no-way-back"] * no_way_back])
    with _desk(command) as desk:
        for name in names:
            promoting.require_droppable(desk, name, for_good=no_way_back, log=yes)
        if yes:
            for name in names:
                promoting.drop(desk, name, for_good=no_way_back)
        if form is output.Machine.JSON:
            output.machine({"generations": names, "did": yes})
        elif yes:
            _print(f"dropped: {', '.join(names)}")
        else:
            steps = [f"drop {name} with all its rows; this cannot be undone" for name in names]
            _foretell(steps, f"cx replay {command}")


def _foretell(steps: list[str], command: str) -> None:
    _print("it would:")
    for at, step in enumerate(steps, 1):
        _print(f"  {at}. {step}")
    _print(f"to do it: {command} --yes")


def _print(text: str) -> None:
    output.out.print(text, highlight=False, markup=False)
