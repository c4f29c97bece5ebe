"""The engine as a service of the Faust application, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from mode import Service

from streams.live.errors import EngineStopped

if TYPE_CHECKING:
    from streams.live.engine import Engine

log = logging.getLogger(__name__)

EXIT_STATUS = 3
_JOIN_SECONDS = 30.0


def end_process(error: BaseException) -> None:
    """End the process at once: whatever else it does, it must not commit, and a hung shutdown must not hide that."""
    reason = str(error) if isinstance(error, EngineStopped) else repr(error)
    log.critical("the engine has stopped: %s", reason, exc_info=not isinstance(error, EngineStopped))
    logging.shutdown()
    os._exit(EXIT_STATUS)


class EngineService(Service):
    """Runs one engine from start to stop of the application; its failure ends the process with status 3."""

    def __init__(self, engine: Engine, **rest: Any) -> None:
        super().__init__(**rest)
        self._engine = engine
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    async def on_start(self) -> None:
        self._thread.start()

    async def on_stop(self) -> None:
        self._engine.stop()
        await asyncio.to_thread(self._thread.join, _JOIN_SECONDS)
        if self._thread.is_alive():
            end_process(TimeoutError(f"the engine did not finish its cycle within {_JOIN_SECONDS:g} s"))

    def _run(self) -> None:
        try:
            self._engine.run()
        except BaseException as error:  # noqa: BLE001 - nothing may escape a thread unseen
            end_process(error)
