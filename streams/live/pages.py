"""The worker's web pages: health, lag, metrics and the live board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.live import web

if TYPE_CHECKING:
    from collections.abc import Callable

    import faust

    from streams.live.engine import Engine
    from streams.live.settings import HostSettings
    from streams.live.signals import SignalHandler

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_pages(
    app: faust.App, engine: Engine, handler: SignalHandler, settings: HostSettings, clock: Callable[[], int]
) -> None:
    """Add the pages to the application's web server. None of them shows anything of a customer."""
    metrics = web.WorkerMetrics(lambda: engine.figures, handler)

    @app.page("/health")
    async def health(view: Any, _request: Any) -> Any:
        status, body = web.health(engine.figures, clock(), settings.stale_seconds, settings.insert_seconds)
        return view.json(body, status=status)

    @app.page("/lag")
    async def lag(view: Any, _request: Any) -> Any:
        return view.json(web.lag(engine.figures))

    @app.page("/metrics")
    async def scrape(view: Any, _request: Any) -> Any:
        return view.bytes(metrics.render(), headers={"Content-Type": PROMETHEUS})

    @app.page("/board")
    async def live(view: Any, _request: Any) -> Any:
        return view.json([msgspec.to_builtins(minute) for minute in handler.board()])
