"""A whole pipeline on this machine: servers, topics, tables and workers, started in order and stopped in reverse."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from infra import deployment, intake, keeper, roster, stack, topics, upgrading, wiring, workers
from infra.demo import webhook
from infra.embedded import checks
from infra.embedded.errors import EmbeddedServerError
from infra.watching import Watch

_RESTART_S = 120.0
"""Longest wait until workers have committed what they had in hand and others are started."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.settings import Settings
    from infra.stack import Ports, Stack


def ports_of(settings: Settings) -> Ports:
    """Return the ports that the settings name for servers on this machine."""
    broker = int(settings.kafka_bootstrap.rsplit(":", 1)[-1])
    return stack.Ports(broker, settings.clickhouse_port, settings.clickhouse_http_port)


def prepare(settings: Settings) -> None:
    """Create the topics and tables that are missing on servers that run.

    Raises OtherReleaseError, having changed nothing that it goes on with, where workers of another release are to run.
    """
    admin = wiring.admin(settings)
    try:
        topics.ensure(admin, settings)
    finally:
        admin.close()
    done = upgrading.migrate(settings)
    if not done.is_ours:
        raise wiring.OtherReleaseError(done.generation)


@contextmanager
def running(
    settings: Settings,
    *,
    ports: Ports = stack.ANY_PORTS,
    count: int = 1,
    detach: bool = False,
    to_try: bool = False,
    say: Callable[[str], None],
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Watch]:
    """Run a pipeline for the length of a block; detached, it is left running when the block ends well.

    ``say`` gets each step of the start, ``told`` what the watch that is yielded sees of the workers later on. Over
    detached ones a keeper watches. ``to_try`` makes a source of webhooks to try with, where the settings name no file.

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
        if to_try and not settings.sources:
            webhook.prepare(settings.data_dir, wiring.clock())
        located = deployment.locate(settings)
        say("creating topics and tables")
        prepare(located)
        say("starting the worker" if count == 1 else f"starting {count} workers")
        watch = Watch(located, count, detach=detach, say=told)
        started.callback(roster.forget, settings)
        started.callback(watch.stop)
        if detach:
            started.callback(keeper.stop, settings)
            keeper.start(settings, located, count)
        else:
            watch.begin()
        yield watch
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
    keeper.stop(settings)
    roster.forget(settings)
    found = workers.running(settings)
    workers.stop(found)
    names = [*intake.stop(settings), *(worker.name for worker in found), *stack.stop_running(settings.data_dir)]
    deployment.forget(settings)
    return names


def restart(settings: Settings, count: int = 0, say: Callable[[str], None] = lambda _: None) -> str:
    """Start the workers anew, ``count`` of them or as many as before; the servers are left alone.

    Topics and tables are brought up to date first, so that a version put in place meanwhile finds what it needs; where
    that fails nothing has changed. Returns who watches over the workers. Raises NotRunning where no server runs,
    WorkerDiedError where they cannot be started, EmbeddedServerError where that must wait.
    """
    located, known = deployment.locate(settings), roster.read(settings)
    if settings.stack == "external":
        raise EmbeddedServerError("CX_STACK=external: workers are started anew by whatever runs them")
    if workers.paused(settings):
        raise EmbeddedServerError("a promotion is under way, which starts the workers itself: wait for it to end")
    say("bringing topics and tables up to date")
    prepare(located)
    say("stopping the workers, then starting them again")
    if known is not None and roster.is_watched(known) and keeper.running(settings) is None:
        _asked(settings, count)
        return f"`cx up` (process {known.watcher}) watches over them, with its own settings"
    keeper.stop(settings)
    workers.stop(workers.running(settings))
    keeper.start(settings, located, count or (len(known.members) if known is not None else 1))
    return "a keeper watches over them"


def _asked(settings: Settings, count: int) -> None:
    roster.ask(settings, roster.Request(count))
    deadline = time.monotonic() + _RESTART_S
    while roster.requested(settings) is not None:
        if time.monotonic() > deadline or not roster.is_watched(roster.read(settings)):
            roster.done(settings)
            raise workers.WorkerDiedError("the process that watches over the workers does not start them anew")
        time.sleep(0.1)
