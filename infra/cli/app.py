"""The commands of `cx` and the examples at the end of each one's help."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Annotated

import typer

from infra.cli import generations, listing, replay
from infra.cli.demo import demo
from infra.cli.doctor import doctor
from infra.cli.emit import emit
from infra.cli.explain import explain
from infra.cli.handbook import compose, runbook
from infra.cli.importing import import_
from infra.cli.letters_app import app as dead_letters
from infra.cli.output import examples
from infra.cli.pipeline import down, up
from infra.cli.proof import prove_all
from infra.cli.rebuild import rebuild
from infra.cli.sql import sql
from infra.cli.status import status
from infra.cli.topics import topics
from infra.cli.worker import migrate, worker

app = typer.Typer(
    name="cx",
    help="Customer-experience metrics from events: Kafka in, exact and explainable ClickHouse tables out.",
    epilog="Settings are environment variables named CX_...: see docs/settings.md.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

_COMMANDS = (
    ("up", up, ("cx up", "cx up --detach --workers 2", "CX_DATA_DIR=/var/lib/cx cx up --no-demo")),
    ("down", down, ("cx down",)),
    ("demo", demo, ("cx demo", "cx demo --format json")),
    (
        "status",
        status,
        ("cx status", "cx status --format json", "cx status --worker http://10.0.0.7:6066 --max-lag 60"),
    ),
    ("doctor", doctor, ("cx doctor", "cx doctor --format json")),
    ("topics", topics, ("cx topics", "cx topics --dry-run --format csv")),
    ("migrate", migrate, ("cx migrate",)),
    ("emit", emit, ("cx emit response_deleted event.json", "cx emit response_submitted < event.json")),
    (
        "import",
        import_,
        ("cx import mapping.yaml answers.csv.gz", "cx import mapping.yaml answers.csv --rejects bad.csv"),
    ),
    ("sql", sql, ('cx sql "SELECT * FROM metric_definition"', "cx sql --format csv - < query.sql")),
    (
        "explain",
        explain,
        (
            "cx explain nps --account acme --window 2026-Q3",
            "cx explain nps --account acme --window 2026-Q3 --known-at 2026-10-01T09:00:00+02:00",
            "cx explain response R1 --account acme --format json",
        ),
    ),
    ("rebuild", rebuild, ("cx rebuild", "cx rebuild --promote", "cx rebuild --drop cx_g1")),
    ("proof", prove_all, ("CX_REAL_DATA=/data cx proof", "cx proof --format json")),
    ("runbook", runbook, ("cx runbook", "cx runbook lag-grows")),
    ("compose", compose, ("cx compose cxledger-stack",)),
    ("worker", worker, ("cx worker", "CX_STACK=external CX_KAFKA_BOOTSTRAP=kafka:9092 cx worker --name worker-1")),
)

_REPLAY = (
    (
        "plan",
        replay.plan,
        (
            "cx replay plan",
            "cx replay plan --account acme --out acme.json",
            "cx replay plan --topic survey --from 2026-11-21T22:00:00Z --to 2026-11-22T03:00:00Z",
            "cx replay plan --policy followup_target_seconds=86400@default",
        ),
    ),
    ("run", replay.run, ("cx replay run plan.json", "cx replay run plan.json --yes --rate 5000")),
    ("diff", generations.diff, ("cx replay diff", "cx replay diff cx_g2 --format json")),
    ("promote", generations.promote, ("cx replay promote cx_g2", "cx replay promote cx_g2 --yes")),
    ("back", generations.back, ("cx replay back", "cx replay back --yes")),
    ("drop", generations.drop, ("cx replay drop cx_g3 --yes", "cx replay drop cx_g1 cx_g1 --yes")),
    ("list", listing.list_, ("cx replay list", "cx replay list --format json")),
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"cxledger {version('cxledger')}")
        raise typer.Exit


@app.callback()
def _every(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Customer-experience metrics from events: Kafka in, exact and explainable ClickHouse tables out."""


replays = typer.Typer(
    help="Compute tables again from the log of record, beside what is served: plan, run, compare, promote.",
    no_args_is_help=True,
    epilog=examples("cx replay plan", "cx replay run plan.json", "cx replay diff", "cx replay promote cx_g2"),
)

for _name, _command, _examples in _COMMANDS:
    app.command(_name, epilog=examples(*_examples))(_command)
for _name, _part, _shown in _REPLAY:
    replays.command(_name, epilog=examples(*_shown))(_part)
app.add_typer(replays, name="replay")
app.add_typer(dead_letters, name="dead-letters")


def main() -> None:
    """Run `cx`."""
    # Its client warns of a slow turn of its own loop: news for its authors.
    logging.getLogger("kafka").setLevel(logging.ERROR)
    # It logs a connection that fails with its traceback; the commands say the same in a sentence.
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    app()
