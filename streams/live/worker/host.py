"""The worker program: a Faust application that hosts the engine, the signals agent, the live board and the web.

Faust does here what its guarantees are good enough for. Consuming events, state and commits are the engine's.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING, Any, ClassVar

import faust
from faust.transport.drivers import aiokafka as driver

from streams.live.engine.clients import Watermarks
from streams.live.errors import EngineStopped
from streams.live.worker.delivery import LogDelivery, WebhookDelivery
from streams.live.worker.engine_service import EngineService, end_process
from streams.live.worker.notification_pacing import Pace
from streams.live.worker.signals import SignalHandler, agent_function, encoder
from streams.live.worker.stall_detection import Limits
from streams.live.worker.watchdog import STALLED_STATUS, ReadableEnds, Watchdog
from streams.live.worker.web_access import Runner, guard
from streams.live.worker.web_pages import add_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schemas.codec import Codec
    from streams.core.algebra import Signal
    from streams.live.engine.engine import Engine
    from streams.live.engine.settings import EngineSettings, HostSettings
    from streams.live.worker.delivery import Delivery
    from streams.live.worker.invariants import InvariantWatch

log = logging.getLogger(__name__)

_SESSION_SECONDS = 10.0
_LINGER_SECONDS = 0.1
_BUFFERED_SIGNALS = 256
# As in schemas/topics: with a date of its own on each record, a broker refuses what a clock an hour ahead has written.
_STAMPED = {"message.timestamp.type": "LogAppendTime"}


class _CommittedConsumerThread(driver.AIOKafkaConsumerThread):
    """Reads only what is committed: an aborted transaction of the engine must not reach anybody as a signal."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - Faust offers no setting for it
        return consumer


class _CommittedConsumer(driver.Consumer):
    def _new_consumer_thread(self) -> _CommittedConsumerThread:
        return _CommittedConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _Transport(driver.Transport):
    Consumer: ClassVar[Any] = _CommittedConsumer


class WorkerApp(faust.App):
    """An application on the transport above."""

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


class _Worker(faust.Worker):
    """Notify the watchdog when stopping begins."""

    def __init__(self, watchdog: Watchdog, *arguments: Any, **rest: Any) -> None:
        self._watchdog = watchdog
        super().__init__(*arguments, **rest)

    async def stop(self) -> None:
        self._watchdog.stopping()
        await super().stop()


def create_app(
    *,
    engine: Engine,
    engine_settings: EngineSettings,
    settings: HostSettings,
    codec: Codec,
    clock: Callable[[], int],
    invariants: InvariantWatch | None = None,
    turned: Callable[[], None] = lambda: None,
) -> faust.App:
    """Return the application, not yet started. Its own topics carry the deployment's prefix too.

    `turned` is called as long as the event loop turns.
    """
    app = _app(engine_settings, settings)
    handler = SignalHandler(
        codec=codec,
        delivery=_delivery(settings, clock),
        delivered=app.Table("delivered", partitions=settings.partitions, extra_topic_configs=_STAMPED),
        minutes=app.Table("board", partitions=settings.partitions, extra_topic_configs=_STAMPED),
        attempts=settings.delivery_attempts,
        clock=clock,
    )
    topic = app.topic(
        engine_settings.topic(engine_settings.signals_topic),
        key_serializer="raw",
        value_serializer="raw",
        partitions=settings.partitions,
    )
    pace = Pace(lambda: sum(engine.stats.lag_records.values()) > engine_settings.batch_records)
    app.agent(topic, name="signals")(agent_function(handler, pace))
    app.add_dependency(EngineService(engine, turned))
    app.web.web_app.middlewares.append(guard(settings.web_host))
    app.web._runner = Runner(app.web.web_app)  # noqa: SLF001 - no setting; its own waits for ever
    add_pages(app, engine, handler, settings, clock, invariants)
    if invariants is not None:
        _watch(app, topic, invariants, encoder(codec), settings.invariant_seconds)
    return app


def run(
    *,
    engine: Engine,
    engine_settings: EngineSettings,
    settings: HostSettings,
    codec: Codec,
    clock: Callable[[], int],
    invariants: InvariantWatch | None = None,
) -> None:
    """Run the worker in this process's main thread until SIGTERM or SIGINT.

    Exits with 0, with 3 if the engine fails, or with 4 if the watchdog has ended it.
    """
    watchdog = Watchdog(
        stats=engine.stats,
        ends=ReadableEnds(Watermarks(engine_settings)),
        limits=Limits.of(engine_settings, settings),
        clock=clock,
        end=lambda reason: end_process(EngineStopped("watchdog", reason), STALLED_STATUS),
    )
    app = create_app(
        engine=engine,
        engine_settings=engine_settings,
        settings=settings,
        codec=codec,
        clock=clock,
        invariants=invariants,
        turned=watchdog.turned,
    )
    watchdog.start()
    worker = _Worker(watchdog, app, loglevel="INFO", override_logging=False, redirect_stdouts=False, quiet=True)
    worker.execute_from_commandline()


def _watch(
    app: faust.App, topic: Any, invariants: InvariantWatch, encode: Callable[[Signal], bytes], seconds: float
) -> None:
    """Look at the invariants from time to time, on one worker of the group; a look that fails is made again later."""

    async def look() -> None:
        try:
            signals = await asyncio.to_thread(invariants.check)
        except Exception:
            log.exception("the invariants could not be looked at")
            return
        for signal in signals:
            await topic.send(key=signal.account_id.encode(), value=encode(signal))

    app.timer(seconds, on_leader=True)(look)


def _app(engine: EngineSettings, settings: HostSettings) -> WorkerApp:
    """Return the Faust application. Faust's defaults would bind to all interfaces and serve tables."""
    return WorkerApp(
        f"{engine.prefix}host",
        broker=[f"kafka://{address}" for address in engine.bootstrap.split(",")],
        broker_credentials=credentials(engine.client),
        broker_session_timeout=_SESSION_SECONDS,
        broker_heartbeat_interval=_SESSION_SECONDS / 5,
        consumer_auto_offset_reset="earliest",
        processing_guarantee="at_least_once",
        producer_linger=_LINGER_SECONDS,
        stream_buffer_maxsize=_BUFFERED_SIGNALS,
        store="memory://",
        datadir=str(settings.data_dir),
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        value_serializer="json",
        web_bind=settings.web_host,
        web_host=settings.web_host,
        web_port=settings.web_port,
        web_router_enabled=False,
        web_tables_enabled=False,
        web_metrics_enabled=False,
        autodiscover=False,
    )


def credentials(client: Mapping[str, str]) -> faust.types.auth.CredentialsT | None:
    """Return Faust's form of librdkafka's security settings.

    Faust sends SASL passwords in plain text unless it is given a TLS context, so it is given one for every protocol
    that has TLS in it.
    """
    protocol = client.get("security.protocol", "PLAINTEXT").upper()
    if protocol == "PLAINTEXT":
        return None
    context = ssl.create_default_context(cafile=client.get("ssl.ca.location")) if "SSL" in protocol else None
    if protocol == "SSL":
        return faust.SSLCredentials(context)
    return faust.SASLCredentials(
        username=client["sasl.username"],
        password=client["sasl.password"],
        mechanism=client["sasl.mechanism"],
        ssl_context=context,
    )


def _delivery(settings: HostSettings, clock: Callable[[], int]) -> Delivery:
    if settings.webhook_url:
        return WebhookDelivery(settings.webhook_url, settings.webhook_secrets, clock)
    return LogDelivery()
