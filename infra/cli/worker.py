"""cx worker and cx migrate: what runs beside the servers, and what must be there before it does."""

from __future__ import annotations

import logging
import os
from typing import Annotated

import typer

from infra import rotation, wiring
from infra.cli import output
from infra.cli.context import located, sentences
from infra.embedded.checks import make_private
from infra.embedded.process import PRIVATE
from streams.live.engine.crash_points import crash_at
from streams.live.worker import host
from streams.live.worker.assembly import product_engine

CRASH_AT = "CX_CRASH_AT"
"""Set by the fault suite alone: point:n ends the process where the engine passes the point for the n-th time."""


def worker(
    name: Annotated[
        str, typer.Option(help="Stable name of this worker: a restart then takes its partitions back at once.")
    ] = "",
) -> None:
    """Run one worker in the foreground until it is told to stop: events in, rows and signals out.

    It stops, with a reason, at whatever it does not expect; whoever started it is to start it again.
    """
    with sentences():
        settings = located()
        os.umask(PRIVATE)
        rotation.watch()
        make_private(settings.data_dir)  # Faust makes its own folder, but none above it
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        codec, engine_settings = wiring.codec(settings), wiring.engine_settings(settings, member=name)
        engine = product_engine(
            settings=engine_settings,
            sink=wiring.sink(settings),
            codec=codec,
            clock=wiring.clock,
            open_store=wiring.stores(settings),
            crash=crash_at(os.environ.get(CRASH_AT, "")),
        )
    host.run(
        engine=engine,
        engine_settings=engine_settings,
        settings=wiring.host_settings(settings),
        codec=codec,
        clock=wiring.clock,
        invariants=wiring.invariants(settings),
    )


def migrate(form: output.TextFormat = output.Machine.TEXT) -> None:
    """Bring tables, views and the metric catalogue up to this version; twice is the same as once."""
    with sentences():
        settings = located()
        generation = wiring.migrate(settings)
        if form is output.Machine.JSON:
            output.machine({"database": settings.database, "generation": generation})
        else:
            output.out.print(f"{settings.database} reads from {generation}, up to date", highlight=False)
