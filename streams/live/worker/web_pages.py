"""The worker's web pages: health, lag, metrics and the live board."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from streams.live.worker import web_answers as web

if TYPE_CHECKING:
    from collections.abc import Callable

    import faust

    from streams.live.engine.engine import Engine
    from streams.live.engine.settings import HostSettings
    from streams.live.worker.invariants import InvariantWatch
    from streams.live.worker.signals import SignalHandler

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_pages(
    app: faust.App,
    engine: Engine,
    handler: SignalHandler,
    settings: HostSettings,
    clock: Callable[[], int],
    invariants: InvariantWatch | None,
) -> None:
    """Add the pages to the application's web server. None of them shows anything of a customer."""

    def beside() -> dict[str, float]:
        space = _space(settings.data_dir)
        broken = 0 if invariants is None else invariants.standing
        return {"cx_broken_invariants": broken, "cx_disk_free_bytes": space.free, "cx_disk_bytes": space.total}

    metrics = web.WorkerMetrics(lambda: engine.stats, handler, beside)

    @app.page("/health")
    async def health(view: Any, _request: Any) -> Any:
        status, body = web.health(engine.stats, clock(), settings.stale_seconds, settings.insert_seconds)
        return view.json(body, status=status)

    @app.page("/lag")
    async def lag(view: Any, _request: Any) -> Any:
        return view.json(web.lag(engine.stats))

    @app.page("/metrics")
    async def scrape(view: Any, _request: Any) -> Any:
        return view.bytes(metrics.render(), headers={"Content-Type": PROMETHEUS})

    @app.page("/board")
    async def live(view: Any, _request: Any) -> Any:
        return view.json([msgspec.to_builtins(minute) for minute in handler.board()])


def _space(folder: Path) -> Any:
    """Return total, used and free bytes of the disk that the folder is on, or will be once it is made."""
    place = folder.resolve()
    return shutil.disk_usage(next(each for each in (place, *place.parents) if each.exists()))
