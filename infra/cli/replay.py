"""cx replay plan and cx replay run: what a replay would do, and doing it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from infra import private
from infra.cli import output
from infra.cli.context import located, sentences
from infra.cli.pipeline import resumable
from infra.cli.replay_progress import shown
from infra.printable import visible
from infra.replaying import planning, running
from streams.replay.errors import PlanError
from streams.replay.plan import Kind, Plan, fingerprint, seal, unseal
from streams.replay.ranges import Asked

_CORES = os.cpu_count() or 1
Processes = Annotated[int, typer.Option(min=1, max=64, help="Worker processes; each takes whole partitions.")]


def plan(
    topic: Annotated[str, typer.Option(help="Repair a range: this topic, with or without prefix.")] = "",
    partition: Annotated[int | None, typer.Option(min=0, help="Repair a range: this partition of the topic.")] = None,
    start: Annotated[
        str, typer.Option("--from", metavar="MOMENT", help="Where the range begins: an offset, or an ISO 8601 time.")
    ] = "",
    end: Annotated[
        str, typer.Option("--to", metavar="MOMENT", help="Where the range ends, itself left out: offset or time.")
    ] = "",
    account: Annotated[list[str] | None, typer.Option(help="Only this account; may be repeated.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE@VERSION", help="What if: this value in that version (all without @)."),
    ] = None,
    python: Annotated[
        str, typer.Option(metavar="PATH", help="What if: an interpreter that another version of cx is installed for.")
    ] = "",
    kind: Annotated[Kind | None, typer.Option(help="What it is for; follows from the other options.")] = None,
    processes: Processes = _CORES,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the plan is written.")] = Path("plan.json"),
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Say what a replay would read, write and cost, and write that down as a plan; nothing else is changed.

    Without options a rebuild of everything. With accounts, or a range (whose accounts are then meant, from their
    first event on), a repair. With another policy or another version of the code, a what-if that is only compared.
    """
    with sentences():
        here = located()
        wish = planning.Wish(
            kind=kind,
            asked=Asked(topic=topic, partition=partition, start=start, end=end),
            accounts=tuple(account or ()),
            policies=tuple(policy or ()),
            python=python,
        )
        with output.steps() as say:
            made = planning.make(here, wish, processes, say)
        with private.written(file, _is_plan) as content:
            content.write(seal(made).decode())
        if form is output.Machine.JSON:
            output.machine({"file": str(file), "sha256": fingerprint(made), "plan": msgspec.to_builtins(made)})
            return
        _describe(made)
        output.out.print(f"\nwritten to {file}; to do it: {_command(file, made)}", highlight=False, markup=False)


def run(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="A file that `cx replay plan` wrote.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this the command only says what it would do.")
    ] = False,
    rate: Annotated[
        float, typer.Option(min=0, metavar="EVENTS", help="At most so many events a second; 0 sets no limit.")
    ] = 0,
    processes: Processes = _CORES,
    python: Annotated[
        str, typer.Option(metavar="PATH", help="The interpreter that the plan names, said again: it is run as you.")
    ] = "",
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Fill a new generation of tables as the plan says, beside live traffic; what is served does not change.

    It may be stopped or killed at any time: the same command goes on from there.
    """
    with sentences():
        here = located()
        planned = unseal(file.read_bytes(), str(file))
        if yes:
            running.require_said(planned, python)
        outlook = running.outlook(here, planned)
        if not yes:
            _foretell(planned, outlook, file, form)
            return
        choices = running.Choices(processes=processes, per_second=rate, python=python)
        onward = f"stopped, and what was done is kept: `{_command(file, planned)}` goes on from there"
        with resumable(onward), shown(output.err) as turn:
            found = running.perform(here, planned, choices, turn)
        if form is output.Machine.JSON:
            output.machine(
                {
                    "generation": found.generation,
                    "sha256": found.plan_hash,
                    "records": found.records,
                    "did": not outlook.filled,
                }
            )
        else:
            did = "was filled already" if outlook.filled else f"is filled from {found.records:,} records"
            output.out.print(
                f"{found.generation} {did}; to compare it: cx replay diff {found.generation}", highlight=False
            )


def _foretell(planned: Plan, outlook: running.Outlook, file: Path, form: output.Machine) -> None:
    if form is output.Machine.JSON:
        output.machine(
            {
                "generation": outlook.generation or None,
                "resumed": outlook.resumed,
                "filled": outlook.filled,
                "sha256": fingerprint(planned),
                "plan": msgspec.to_builtins(planned),
            }
        )
        return
    _describe(planned)
    if outlook.filled:
        said = f"{outlook.generation} is filled as planned: there is nothing left to do"
    elif outlook.resumed:
        said = f"{outlook.generation} is partly filled; it would go on from there"
    else:
        said = "it would make and fill a new generation; what is served would not change"
    output.out.print(f"\n{said}", highlight=False)
    if not outlook.filled:
        output.out.print(f"to do it: {_command(file, planned)}", highlight=False, markup=False)


def _command(file: Path, planned: Plan) -> str:
    words = ["cx", "replay", "run", str(file), *(["--python", planned.python] if planned.python else []), "--yes"]
    return visible(shlex.join(words), 2_000)


def _is_plan(file: Path) -> bool:
    """Tell whether a file is an earlier plan, which a new one may replace."""
    try:
        unseal(file.read_bytes(), str(file))
    except (OSError, PlanError):
        return False
    return True


def _describe(planned: Plan) -> None:
    """Print what a plan reads, writes and costs."""
    cost = planned.cost
    read = [each for each in planned.stretches if each.records]
    topics = sorted({each.topic for each in read})
    count = len(planned.accounts)
    whom = f"{count:,} account{'s' * (count != 1)}" if count else "every account"
    lines = [
        ("plan", f"{planned.kind} of {whom}, {fingerprint(planned)[:12]}"),
        ("reads", f"{cost.records:,} records of {len(read)} partitions of {', '.join(topics)}, {_size(cost.bytes)}"),
    ]
    if cost.passed_over:
        lines.append(("", f"and passes over {cost.passed_over:,} records of other accounts"))
    rows = ", ".join(f"{table} {count:,}" for table, count in cost.rows.items())
    lines.append(("writes", f"about {sum(cost.rows.values()):,} rows into a generation of its own: {rows or 'none'}"))
    lines.append(("takes", f"about {_duration(cost.seconds)} without a rate limit"))
    lines += [
        ("what if", f"{each.policy} were {each.value:,} in {each.version or 'every version'}")
        for each in planned.overrides
    ]
    if planned.python:
        lines.append(("what if", f"the code were that of {planned.python}"))
    for name, text in lines:
        output.out.print(f"{name:<8}{text}", highlight=False, markup=False)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count:,} bytes"  # noqa: PLR2004 - small ones are told exactly


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
