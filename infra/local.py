"""A whole pipeline on this machine: servers, topics, tables and workers, started in order and stopped in reverse."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from infra import deployment, stack, topics, wiring, workers
from infra.embedded import checks
from infra.embedded.errors import EmbeddedServerError

_RESTARTS = 3
_RESTARTS_WITHIN_S = 120.0

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.embedded.process import ServerProcess
    from infra.settings import Settings
    from infra.stack import Ports, Stack


class Pipeline:
    """A running pipeline: the settings that name its servers, and the workers that it watches over."""

    def __init__(self, settings: Settings, *, detach: bool) -> None:
        self.settings = settings
        self._detach = detach
        self._workers: dict[int, ServerProcess] = {}
        self._restarts: deque[float] = deque(maxlen=_RESTARTS)

    def start(self, number: int) -> None:
        self._workers[number] = workers.start(self.settings, number, detach=self._detach)

    def stop(self) -> None:
        """Stop the workers, those included whose start was cut short before they were noted here."""
        noted = {worker.pid for worker in self._workers.values()}
        others = [worker for worker in workers.running(self.settings) if worker.pid not in noted]
        workers.stop([*self._workers.values(), *others])

    def watch(self, now: float) -> None:
        """Start a worker again that has ended: the engine stops at whatever it does not expect, to be restarted.

        ``now`` in seconds. Raises WorkerDiedError when that happens again and again. A pause (a promotion under way)
        is respected.
        """
        if workers.paused(self.settings):
            return
        for number, worker in self._workers.items():
            if not worker.alive():
                if len(self._restarts) == _RESTARTS and now - self._restarts[0] < _RESTARTS_WITHIN_S:
                    raise workers.death(worker)
                self._restarts.append(now)
                worker.stop(workers.STOP_GRACE_S)
                self.start(number)


def ports_of(settings: Settings) -> Ports:
    """Return the ports that the settings name for servers on this machine."""
    broker = int(settings.kafka_bootstrap.rsplit(":", 1)[-1])
    return stack.Ports(broker, settings.clickhouse_port, settings.clickhouse_http_port)


def prepare(settings: Settings) -> None:
    """Create the topics and tables that are missing on servers that run."""
    admin = wiring.admin(settings)
    try:
        topics.ensure(admin, settings)
    finally:
        admin.close()
    wiring.migrate(settings)


@contextmanager
def running(
    settings: Settings,
    *,
    ports: Ports = stack.ANY_PORTS,
    count: int = 1,
    detach: bool = False,
    say: Callable[[str], None],
) -> Iterator[Pipeline]:
    """Run a pipeline for the length of a block; detached, it is left running when the block ends well.

    Raises EmbeddedServerError and its like with nothing left running. The data stays in any case.
    """
    if deployment.recorded(settings) is not None:
        raise EmbeddedServerError(
            f"a pipeline runs on {settings.data_dir}: stop it with `cx down`, or set CX_DATA_DIR to another folder"
        )
    if settings.web_port:
        checks.require_free_port(settings.web_port, "the worker's web")
    with ExitStack() as started:
        servers = _servers(settings, ports, detach=detach, say=say)
        started.callback(servers.stop)
        deployment.note(settings, servers, detached=detach)
        workers.resume(settings)
        started.callback(deployment.forget, settings)
        located = deployment.locate(settings)
        say("creating topics and tables")
        prepare(located)
        say("starting the worker" if count == 1 else f"starting {count} workers")
        pipeline = Pipeline(located, detach=detach)
        started.callback(pipeline.stop)
        for number in range(1, count + 1):
            pipeline.start(number)
        yield pipeline
        if detach:
            started.pop_all()


def _servers(settings: Settings, ports: Ports, *, detach: bool, say: Callable[[str], None]) -> Stack:
    if settings.stack == "external":
        raise EmbeddedServerError("CX_STACK=external names servers of your own: create topics and tables with"
                                  " `cx topics` and `cx migrate`, then start `cx worker`")  # fmt: skip
    if detach and settings.stack == "docker":
        raise EmbeddedServerError("--detach works with the embedded servers; with Docker use compose.yaml")
    choice = "embedded" if detach else settings.stack
    say("starting Kafka and ClickHouse")
    return stack.choose(choice, settings, settings.data_dir, ports=ports, detach=detach, log=say)


def stop(settings: Settings) -> list[str]:
    """Stop what an earlier command left running on the data directory; return the names of what was stopped."""
    found = workers.running(settings)
    workers.stop(found)
    names = [worker.name for worker in found] + stack.stop_running(settings.data_dir)
    deployment.forget(settings)
    return names
