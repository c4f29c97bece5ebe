"""cx up and down: the whole pipeline on this machine."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape

from infra import deployment, intake, local
from infra.cli import output
from infra.cli.context import sentences, settings
from infra.demo import webhook
from infra.demo.day import day_of
from infra.demo.feed import feed
from infra.demo.live import Screen
from infra.demo.plan import messages
from infra.embedded import passwords
from infra.sending import Sender
from infra.workers import WorkerDiedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings
    from infra.watching import Watch

QUERY = (
    "SELECT window_start, value, ci_low, ci_high, n FROM nps"
    " WHERE grain = 'week' AND dimension = 'all' ORDER BY window_start"
)
_PACE = 1_000
_LOOK_S = 0.5
_ASKED = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or another terminal asks to stop; the text says how that ended."""


def _stop(*_: object) -> NoReturn:
    # One is enough: a second must not cut short the stopping of what was started.
    for asked in _ASKED:
        signal.signal(asked, signal.SIG_IGN)
    raise Stopped("stopped; the data stays")


@contextmanager
def until_told() -> Iterator[None]:
    """Let Ctrl-C or SIGTERM end the block and everything that it has started, as a good end."""
    before = {asked: signal.signal(asked, _stop) for asked in _ASKED}
    try:
        yield
    except Stopped as told:
        output.say(str(told))
    finally:
        for asked, handler in before.items():
            signal.signal(asked, handler)


@contextmanager
def resumable(sentence: str) -> Iterator[None]:
    """Let Ctrl-C or SIGTERM end the command with exit status 1 and a sentence that says how to go on."""
    stopped = False
    with until_told():
        try:
            yield
        except Stopped:
            stopped = True
    if stopped:
        output.fail(sentence)


def where(settings: Settings) -> list[tuple[str, str]]:
    """Return what to connect to, by name."""
    host = settings.clickhouse_host
    kept = passwords.path(settings.data_dir / "clickhouse", settings.bi_user)
    password = f", password in {kept}" if kept.exists() else ""
    return [
        ("Kafka", settings.kafka_bootstrap),
        ("ClickHouse", f"{host}:{settings.clickhouse_port} (native), http://{host}:{settings.clickhouse_http_port}"),
        ("to read", f"user {settings.bi_user}, database {settings.database}{password}"),
        ("to try", f'cx sql "{QUERY}"'),
    ]


def _webhooks(settings: Settings) -> list[tuple[str, str]]:
    """Return where webhooks are taken in, and the line that sends one where the source is that to try with."""
    if not settings.sources:
        return []
    base = intake.address(settings)
    if settings.sources != str(webhook.file_in(settings.data_dir)):
        return [("webhooks", f"{base}/hooks/VENDOR/NAME, as {settings.sources} has them")]
    seen = f"cx sql \"SELECT account_id, nps, submitted_at FROM response WHERE source = '{webhook.SOURCE}'\""  # noqa: S608 - our own name
    return [("webhooks", webhook.command(settings.data_dir, base)), ("to see it", seen)]


def _welcome(settings: Settings) -> None:
    for name, text in [*where(settings), *_webhooks(settings)]:
        # Soft: the terminal wraps, and a line that is copied stays one.
        output.out.print(f"[bold]{name:<11}[/bold] {escape(text)}", highlight=False, soft_wrap=True)


def _told(text: str) -> None:
    """Print what became of a worker, above the figures and with the time: somebody reads it hours later."""
    output.out.print(escape(f"{time.strftime('%H:%M:%S')} {text}"), highlight=False)


def _watch(watch: Watch, *, demonstration: bool) -> None:
    """Feed the demonstration while showing what becomes of it, then go on showing until told to stop."""
    with Screen(watch.settings, output.out) as screen:

        def look() -> None:
            screen.refresh()
            if not deployment.is_noted(watch.settings):
                raise Stopped("taken down by `cx down`; the data stays")
            # That no worker is left was said; the servers stay, for whoever looks at why.
            with suppress(WorkerDiedError):
                watch.look()

        if demonstration:
            with Sender(watch.settings) as sender:
                records = messages(sender.encode_only, day=day_of(watch.settings))
                task = screen.task("demonstration", len(records))

                def show(done: int) -> None:
                    screen.advance(task, done)
                    look()

                feed(sender, records, per_second=_PACE, show=show)
        while True:
            look()
            time.sleep(_LOOK_S)


def up(
    detach: Annotated[bool, typer.Option("--detach", help="Leave everything running and return.")] = False,
    demonstration: Annotated[bool, typer.Option("--demo/--no-demo", help="Feed demonstration events.")] = True,
    count: Annotated[int, typer.Option("--workers", min=1, max=16, help="Workers to start.")] = 1,
) -> None:
    """Start Kafka, ClickHouse and a worker on this machine, feed demonstration events, and show live figures.

    Stays until Ctrl-C, which stops everything and keeps the data. The first run needs the network for Kafka itself.
    """
    with sentences(), until_told():
        told = settings()
        with ExitStack() as open_:
            with output.steps() as say:
                ports = local.ports_of(told)
                started = local.running(
                    told, ports=ports, count=count, detach=detach, to_try=demonstration, say=say, told=_told
                )
                watch = open_.enter_context(started)
                if detach and demonstration:
                    say("sending demonstration events")
                    with Sender(watch.settings) as sender:
                        feed(sender, messages(sender.encode_only, day=day_of(watch.settings)))
            _welcome(watch.settings)
            if detach:
                output.out.print(f"[bold]{'watched':<11}[/bold] a worker that ends is started again", highlight=False)
            else:
                _watch(watch, demonstration=demonstration)


def down() -> None:
    """Stop what `cx up --detach` left running; the data stays."""
    with sentences():
        told = settings()
        names = local.stop(told)
        output.out.print(
            f"stopped: {', '.join(names)}" if names else f"nothing ran on {told.data_dir}", highlight=False
        )


def restart(
    count: Annotated[
        int, typer.Option("--workers", min=0, max=16, help="Workers that there should be then; 0 for as many as now.")
    ] = 0,
) -> None:
    """Stop the workers and start them again, those included that had been given up; Kafka and ClickHouse stay up.

    Topics and tables are brought up to date first. After `cx up --detach` workers get the settings of this command,
    otherwise those of the `cx up` that watches over them.
    """
    with sentences(), output.steps() as say:
        watcher = local.restart(settings(), count, say)
    output.out.print(f"the workers are started anew; {watcher}", highlight=False)
