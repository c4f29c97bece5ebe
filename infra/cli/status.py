"""cx status: one screen of how the deployment is, and an exit status for a monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape

from infra.cli import output
from infra.cli.context import located, sentences, settings
from infra.health.endpoints import AddressError
from infra.health.judging import Tolerance, judge
from infra.health.look import look
from infra.health.text import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.health.model import Check, Look

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}
WorkerUrls = Annotated[
    list[str] | None,
    typer.Option("--worker", metavar="URL", help="Web endpoints of a worker that runs elsewhere; repeatable."),
]
MaxLag = Annotated[
    float, typer.Option("--max-lag", metavar="SECONDS", min=0, help="Lag from which on something is wrong.")
]


def status(
    worker: WorkerUrls = None,
    max_lag: MaxLag = Tolerance().lag_seconds,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Say on one screen how everything is: lag, commits, workers, dead letters, contradictions, disks, versions.

    Exit status 0 while nothing is wrong, 1 otherwise; the checks that failed are named with what to do and the runbook.
    """
    with sentences():
        try:
            found = look(settings(), located(), worker or ())
        except AddressError as error:
            output.fail(str(error))
        checks = judge(found, Tolerance(lag_seconds=max_lag))
        if form is output.Machine.JSON:
            output.machine(document(found, checks))
        else:
            _screen(found, checks)
        if failed(checks):
            raise typer.Exit(1)


def failed(checks: Sequence[Check]) -> bool:
    return any(check.verdict == "fail" for check in checks)


def document(found: Look, checks: Sequence[Check]) -> dict[str, Any]:
    """Return the whole look for a machine: ``topics`` sums what ``broker.places`` has by partition."""
    return {
        "healthy": not failed(checks),
        "checks": msgspec.to_builtins(checks),
        "topics": _topics(found),
        **msgspec.to_builtins(found),
    }


def _topics(found: Look) -> dict[str, dict[str, Any]]:
    topics: dict[str, dict[str, Any]] = {}
    for place in found.broker.places if found.broker else ():
        sums = topics.setdefault(place.topic, {"stored": 0, "taken": 0, "lag": 0, "seconds": None})
        sums["stored"] += place.stored
        sums["taken"] += place.taken
        sums["lag"] += place.waiting
        sums["seconds"] = max(filter(None, (sums["seconds"], place.seconds)), default=None)
    return topics


def _screen(found: Look, checks: Sequence[Check]) -> None:
    broker, tables = found.broker, found.tables
    kafka = f"{found.kafka} ({broker.version})" if broker else f"{found.kafka} (down)"
    clickhouse = f"{found.clickhouse} ({tables.version})" if tables else f"{found.clickhouse} (down)"
    _line("servers", f"Kafka {kafka}, ClickHouse {clickhouse}, cxledger {found.version}")
    if broker:
        at = broker.last_commit_at
        committed = "never" if at is None else f"{duration(found.at - at)} ago"
        count = f"{len(broker.members)} of {found.wanted}" if found.wanted else f"{len(broker.members)}"
        _line("workers", f"{count} in the group, last commit {committed}, {broker.rate:,.0f} records/s")
        columns = ("topic", "partition", "stored", "taken in", "lag", "oldest waits")
        rows = [
            (p.topic, p.partition, p.stored, p.taken, p.waiting, "" if p.seconds is None else duration(p.seconds))
            for p in broker.places
        ]
        output.rows(output.Format.TABLE, columns, rows)
    show(checks)


def _line(name: str, text: str) -> None:
    output.out.print(f"[bold]{name:<9}[/bold] {escape(text)}", highlight=False)


def show(checks: Sequence[Check]) -> None:
    """Print one line for each check, with what to do where something is wrong, and a verdict in the end."""
    for check in checks:
        colour = COLOURS[check.verdict]
        output.out.print(f"[{colour}]{check.verdict:<4}[/{colour}] {escape(check.said)}", highlight=False)
        if check.verdict != "ok" and (check.remedy or check.runbook):
            book = f"cx runbook {check.runbook.removesuffix('.md')}" if check.runbook else ""
            advice = "; ".join(filter(None, (check.remedy, book)))
            output.out.print(f"     {escape(advice)}", highlight=False)
    wrong = [check.name for check in checks if check.verdict == "fail"]
    output.out.print("wrong: " + ", ".join(wrong) if wrong else "nothing is wrong", highlight=False, markup=False)
