"""cx demo: run the demonstration, print what it comes to, and check it against what the generator knows."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from infra import local, wiring
from infra.cli import output
from infra.cli.context import sentences, settings
from infra.cli.pipeline import until_told
from infra.demo import check, check_present, oracle
from infra.demo.day import day_of, is_fresh
from infra.demo.feed import feed
from infra.demo.live import Screen
from infra.demo.plan import messages, tally
from infra.deployment import locate, recorded
from infra.sending import Sender
from infra.standing import settle

if TYPE_CHECKING:
    from infra.demo.plan import Message
    from infra.settings import Settings
    from infra.watching import Watch

_SHOWN = 20
_READING = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()


def counts(settings: Settings) -> tuple[int, int]:
    client = wiring.reader(settings)
    try:
        return check.counts(client)
    finally:
        client.disconnect()


def play(settings: Settings, pipeline: Watch | None, day: dt.date) -> tuple[list[Message], int, int]:
    """Send the demonstration and wait for it; return its records, the events taken in and the dead letters it left."""
    with Screen(settings, output.err) as screen, Sender(settings, load=True) as sender:

        def turn() -> None:
            screen.refresh()
            if pipeline is not None:
                pipeline.look()

        settle(settings, turn)
        _, before = counts(settings)
        records = messages(sender.encode_only, day=day)
        task = screen.task("demonstration", len(records))

        def show(done: int) -> None:
            screen.advance(task, done)
            turn()

        feed(sender, records, show=show)
        settle(settings, turn)
    taken, dead = counts(settings)
    return records, taken, dead - before


def read(settings: Settings, day: dt.date | None) -> dict[check.Key, check.Row]:
    """Return the demonstration's figures as the views say them, with those of a day where one is given."""
    questions = [*check.QUESTIONS, *(check_present.questions(day) if day else ())]
    client = wiring.reader(settings)
    try:
        with Progress(*_READING, console=output.err, transient=True, disable=not output.err.is_terminal) as progress:
            task = progress.add_task("asking the views", total=len(questions))
            return check.read(client, lambda: progress.advance(task), questions)
    finally:
        client.disconnect()


def show(found: dict[check.Key, check.Row], form: output.Format) -> None:
    """Print the metrics of the demonstration's first quarter."""
    rows = sorted(check.headline(found), key=lambda row: str(row[0]))
    output.rows(form, ("metric", "value", "from", "to", "n"), rows, "January to March 2025")
    if form is output.Format.TABLE:
        for dimension in ("segment", "manager", "account"):
            output.rows(form, (dimension, "NPS", "from", "to", "n", ""), check.slices(found, dimension))


def _pipeline(open_: ExitStack, told: Settings) -> tuple[Settings, Watch | None]:
    """Return the pipeline that runs on the data directory, or start one on free ports for as long as this lasts."""
    if told.stack == "external" or recorded(told) is not None:
        return locate(told), None
    alone = msgspec.structs.replace(told, web_port=0)
    with output.steps() as say:
        pipeline = open_.enter_context(local.running(alone, say=say, told=output.say))
    return pipeline.settings, pipeline


def _at_risk(settings: Settings) -> None:
    """Print who is at risk now, and why."""
    client = wiring.reader(settings)
    try:
        rows = client.execute(check_present.AT_RISK)
    finally:
        client.disconnect()
    output.rows(output.Format.TABLE, ("at risk", "rule", "severity", "days", "MRR"), rows, "Now")


def demo(
    form: Annotated[output.Format, typer.Option("--format", help="How the metrics are printed.")] = output.Format.TABLE,
    day: Annotated[
        dt.datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="Day that the events lead up to; today unless told before."),
    ] = None,
) -> None:
    """Run the demonstration to its end and check every figure: exit status 1 if one differs.

    The events are the same for the same day, with duplicates, late ones and records that cannot be used among them.
    They happen in the first half of 2025, which must hold no others, and in the eighteen weeks before the day, so
    that there is somebody at risk today. A second run on the same data keeps the day of the first.
    """
    with sentences(), until_told(), ExitStack() as open_:
        here, pipeline = _pipeline(open_, settings())
        ends = day_of(here, day.date() if day else None)
        records, taken, dead = play(here, pipeline, ends)
        compared = ends if here.health == "on" and is_fresh(ends, wiring.clock()) else None
        expected, found = oracle.expect(records, compared), read(here, compared)
        show(found, form)
        if form is output.Format.TABLE:
            _at_risk(here)
        if compared is None:
            why = "CX_HEALTH is off" if here.health == "off" else f"it was told on {ends}, and days have gone by"
            output.say(f"who is at risk is not compared: {why}")
        wrong: list[tuple[Any, ...]] = [
            (" ".join(filter(None, row.key)), row.expected, row.found) for row in check.compare(expected, found)
        ]
        events, twice, faults = tally(records)
        if taken != events:
            wrong.append(("events taken in", events, taken))
        if dead != faults:
            wrong.append(("dead letters", faults, dead))
        if wrong:
            output.err.print(
                output.grid(
                    f"{len(wrong)} of {len(expected) + 2} figures differ",
                    ("figure", "expected", "found"),
                    wrong[:_SHOWN],
                )
            )
            raise typer.Exit(1)
        output.say(
            f"{len(records):,} records sent; all {len(expected):,} figures are as the generator knows them,"
            f" and so are the {taken:,} events taken in, the {twice:,} duplicates and the {dead} dead letters"
        )
