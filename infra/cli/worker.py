"""cx worker: what runs beside the servers."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Annotated

import typer

from infra import rotation, wiring
from infra.cli.context import located, sentences
from infra.embedded.checks import make_private
from infra.embedded.process import PRIVATE
from sinks import generations
from streams.live.engine.crash_points import crash_at
from streams.live.fold import partition
from streams.live.worker import host
from streams.live.worker.assembly import product_engine

if TYPE_CHECKING:
    from infra.settings import Settings

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
        state = _state(settings)
        codec, engine_settings = wiring.codec(settings), wiring.engine_settings(settings, member=name, state=state)
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


def _state(settings: Settings) -> str:
    """Return the name of the workers' state; raises OtherReleaseError where it is known to be of another format."""
    state = wiring.worker_state(settings)
    if state is not None and state.format != partition.FORMAT.decode():
        with wiring.clickhouse(settings) as client:
            raise wiring.OtherReleaseError(generations.current(client, wiring.warehouse(settings)) or "")
    return "" if state is None else state.name
