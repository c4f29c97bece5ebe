"""cx translate: what sources sent, into events."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer
from prometheus_client import start_http_server

from infra import rotation, topics, translating, wiring
from infra.cli import output
from infra.cli.context import located, sentences
from streams.live.engine.crash_points import crash_at
from streams.replay.ranges import moment
from streams.translating.counting import Counts
from streams.translating.transacting import POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.settings import Settings

CRASH_AT = "CX_CRASH_AT"
"""Set by tests alone: point:n ends the process where a translator passes the point for the n-th time."""


def translate(
    name: Annotated[
        str, typer.Option(help="Stable name of this translator: a restart then goes on at once.")
    ] = "translate-1",
    until_end: Annotated[
        bool, typer.Option("--until-end", help="End once everything that there is has been translated.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Translate once more what was translated or refused, and end.")
    ] = False,
    since: Annotated[str, typer.Option("--from", help="With --again: from this ISO 8601 time on.")] = "",
    vendor: Annotated[str, typer.Option(help="Only this vendor's.")] = "",
    waiting: Annotated[
        bool, typer.Option("--waiting", help="List what waits as dead letters, by reason, and end.")
    ] = False,
    form: output.RowFormat = output.Format.TABLE,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for Prometheus on loopback; 0 for none.")
    ] = 0,
) -> None:
    """Translate what `cx receive` stored into events until told to stop, each exactly once.

    CX_SOURCES names the file of sources. What is not understood waits as a dead letter with its reason; after a fix,
    `--again` goes over the raw topics once more, and what was told before changes nothing. `--waiting` lists such
    letters, and what the present code makes of them. Several may run at a time, each under a name of its own.
    """
    with sentences():
        if since and not again:
            output.fail("--from goes with --again: without it, translation goes on where it stood")
        settings = located()
        rotation.watch()
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        translators, counts = translating.Translators(settings, os.environ, vendor), Counts()
        if waiting:
            _list(translating.waiting(settings, translators), form)
            return
        topics.ensure_if_reachable(settings, "what is stored there is translated once there is one")
        try:
            if again:
                start = moment(since, "--from", wiring.clock(), or_offset=False) if since else None
                with output.steps() as show:
                    translating.again(settings, translators, counts, since=start, show=show)
            else:
                _follow(settings, translators, counts, name, metrics_port, until_end=until_end)
        finally:
            _last_words(counts)


def _follow(
    settings: Settings,
    translators: translating.Translators,
    counts: Counts,
    name: str,
    port: int,
    *,
    until_end: bool,
) -> None:
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    if port:
        start_http_server(port, addr="127.0.0.1", registry=counts.registry)
    translating.follow(
        settings,
        translators,
        counts,
        member=name,
        until_end=until_end,
        stopped=stop.is_set,
        crash=crash_at(os.environ.get(CRASH_AT, ""), POINTS),
    )


def _list(found: Sequence[translating.Waits], form: output.Format) -> None:
    if not found and form is output.Format.TABLE:
        output.say("nothing waits: whatever was received has been understood")
        return
    title = "letters of raw topics" if form is output.Format.TABLE else ""
    output.rows(form, translating.Waits._fields, found, title)


def _last_words(counts: Counts) -> None:
    for line in counts.lines():
        output.say(line)
    output.say(f"{sum(counts.outcomes.values()):,} records, {counts.events:,} events")
