"""The engine as a service of the Faust application, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from mode import Service

from streams.live.errors import LIMIT, LIMIT_STATUS, EngineStopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.live.engine.engine import Engine

log = logging.getLogger(__name__)

EXIT_STATUS = 3
_WORDS_SECONDS = 2.0
_TURN_SECONDS = 0.5
LINGER_SECONDS = 12.0
"""More than one scrape of the metrics, which name the record at which a worker stopped: the alert lives by the last."""


def end_process(error: BaseException, status: int = EXIT_STATUS) -> None:
    """End the process at once: whatever else it does, it must not commit, and a hung shutdown must not hide that.

    What is said of it may be what hangs (a full pipe, a lock that a stuck thread holds), so it gets two seconds.
    """
    saying = threading.Thread(target=_last_words, args=(error,), daemon=True)
    saying.start()
    saying.join(_WORDS_SECONDS)
    os._exit(status)


def _last_words(error: BaseException) -> None:
    reason = str(error) if isinstance(error, EngineStopped) else repr(error)
    log.critical("the engine has stopped: %s", reason, exc_info=None if isinstance(error, EngineStopped) else error)
    logging.shutdown()


class EngineService(Service):
    """Runs one engine from start to stop of the application.

    Its failure ends the process with status 3, or 5 where it stopped at the dead-letter limit. `turned` is called
    whenever the event loop has turned. Stopping waits for the engine's cycle for as long as it takes: the watchdog cuts
    what takes too long.
    """

    def __init__(self, engine: Engine, turned: Callable[[], None], **rest: Any) -> None:
        super().__init__(**rest)
        self._engine = engine
        self._turned = turned
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    async def on_start(self) -> None:
        self._thread.start()

    @Service.task
    async def _turn(self) -> None:
        while not self.should_stop:
            self._turned()
            await self.sleep(_TURN_SECONDS)

    async def on_stop(self) -> None:
        self._engine.stop()
        self._released.set()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            self._engine.run()
        except BaseException as error:  # noqa: BLE001 - nothing may escape a thread unseen
            self._linger(error)
            end_process(error, _status(error))

    def _linger(self, error: BaseException) -> None:
        """Answer a while longer where a worker has stopped at the dead-letter limit; it has left its group by now."""
        if isinstance(error, EngineStopped) and error.reason == LIMIT:
            log.critical("the engine has stopped: %s", error)
            self._released.wait(LINGER_SECONDS)


def _status(error: BaseException) -> int:
    return LIMIT_STATUS if isinstance(error, EngineStopped) and error.reason == LIMIT else EXIT_STATUS
