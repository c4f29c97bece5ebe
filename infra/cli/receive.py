"""cx receive: webhooks in over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra import rotation, sources, topics, wiring
from infra.cli import output
from infra.cli.context import located, sentences
from infra.sources import SourcesError
from streams.live.worker.web_access import is_loopback
from streams.receive.counting import Counts
from streams.receive.endpoint import Endpoint
from streams.receive.events import MOST_BYTES, PATH, EventReceiver, EventSource
from streams.receive.hooks import HOOKS
from streams.receive.reading import Reading
from streams.receive.receiving import Receiver
from streams.receive.serving import Address, application, serve
from streams.receive.storing import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.settings import Settings

log = logging.getLogger(__name__)


def receive(
    host: Annotated[str, typer.Option(help="Address to listen on: loopback, unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8480,
    cert: Annotated[
        Path | None, typer.Option(help="Certificate chain for TLS, as PEM; without it, plain HTTP.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key, as PEM.")] = None,
) -> None:
    """Receive webhooks until told to stop: verify each as its source signs, store it in Kafka, and then accept it.

    CX_SOURCES names the file of sources. What is received is translated by `cx translate`. Where Kafka is away senders
    are told to come again, and nothing that was accepted is lost.
    """
    with sentences():
        settings = located()
        rotation.watch()
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        address = Address(host, port, _tls(cert, key))
        if address.tls is None and not is_loopback(host):
            log.warning("plain HTTP on %s: tokens can be read on the way unless a proxy ends TLS before it", host)
        endpoints, posting = hooks(settings)
        topics.ensure_if_reachable(settings, "senders are told to come again until there is one", topics.raw(settings))
        gc.freeze()  # what is there now stays: collecting would look at it again and again
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(settings, address, endpoints, posting))


def hooks(settings: Settings) -> tuple[list[Endpoint], list[EventSource]]:
    """Return the ways in that the sources file opens; raises SourcesError with everything that is wrong."""
    found, posting, problems = list[Endpoint](), list[EventSource](), list[str]()
    for source in sources.load(settings.sources, os.environ, with_secrets=True):
        vendor, name = source.instance.vendor, source.instance.name
        if vendor not in HOOKS:
            log.warning("%s.%s: no webhooks are taken from %s", vendor, name, vendor)
            continue
        secrets = [secret.reveal() for secret in source.secrets]
        try:
            endpoint = Endpoint(
                vendor,
                name,
                secrets,
                source.keys,
                prefix=settings.topic_prefix,
                rate=source.rate,
                clock=time.monotonic,
            )
            found.append(endpoint)
        except ValueError as error:
            problems.append(f"{settings.sources}: {error}.")
    for sender in sources.senders(settings.sources, os.environ):
        tokens = [secret.reveal() for secret in sender.secrets]
        try:
            posting.append(EventSource(sender.name, sender.source, tokens, rate=sender.rate, clock=time.monotonic))
        except ValueError as error:
            problems.append(f"{settings.sources}: {error}.")
    if not (found or posting or problems):
        problems.append(f"{settings.sources}: no webhook is described: vendors are {', '.join(HOOKS)}, events.")
    if problems:
        raise SourcesError(problems)
    return found, posting


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return the context of the certificate, None without one; raises OSError or ssl.SSLError."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        output.fail("--cert and --key belong together")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context


async def _run(
    settings: Settings, address: Address, endpoints: Sequence[Endpoint], posting: Sequence[EventSource]
) -> None:
    reading, wide = Reading(), Reading(MOST_BYTES)
    store = Store(settings.kafka_bootstrap, wiring.librdkafka(settings))
    counts = Counts({"reading": lambda: reading.held + wide.held, "storing": lambda: store.held})
    receiver = Receiver(endpoints, store, reading, counts, clock=wiring.clock)
    events = EventReceiver(
        posting, wiring.codec(settings), store, wide, counts, prefix=settings.topic_prefix, clock=wiring.clock
    )
    app = application(receiver, events, counts, lambda: store.is_well, address.host)

    def told(base: str) -> None:
        for each in endpoints:
            output.out.print(f"{base}/hooks/{each.vendor}/{each.instance}", highlight=False, soft_wrap=True)
        if posting:
            output.out.print(f"{base}{PATH}", highlight=False, soft_wrap=True)

    try:
        await serve(app, address, told)
    finally:
        await store.close()
