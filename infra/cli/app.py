"""The commands of `cx` and the examples at the end of each one's help."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from infra.cli import letters_app
from infra.cli.lazy import LazyGroup, examples, promise

app = typer.Typer(
    name="cx",
    cls=LazyGroup,
    help="Customer-experience metrics from events: Kafka in, exact and explainable ClickHouse tables out.",
    epilog="Settings are environment variables named CX_...: see docs/settings.md.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

_COMMANDS = (
    ("up", "infra.cli.pipeline:up", ("cx up", "cx up --detach --workers 2", "CX_DATA_DIR=/var/lib/cx cx up --no-demo")),
    ("down", "infra.cli.pipeline:down", ("cx down",)),
    ("restart", "infra.cli.pipeline:restart", ("cx restart", "cx restart --workers 3")),
    ("demo", "infra.cli.demo:demo", ("cx demo", "cx demo --format json")),
    (
        "status",
        "infra.cli.status:status",
        ("cx status", "cx status --format json", "cx status --worker http://10.0.0.7:6066 --max-lag 60"),
    ),
    ("doctor", "infra.cli.doctor:doctor", ("cx doctor", "cx doctor --format json")),
    ("topics", "infra.cli.topics:topics", ("cx topics", "cx topics --dry-run --format csv")),
    ("migrate", "infra.cli.migrating:migrate", ("cx migrate",)),
    (
        "emit",
        "infra.cli.emit:emit",
        (
            "cx emit response_deleted event.json",
            "cx emit response_submitted - < events.jsonl",
            "cx emit schemas/examples/survey/response_submitted.v1.detractor.pass.json",
        ),
    ),
    (
        "import",
        "infra.cli.importing:import_",
        (
            "cx import mapping.yaml answers.csv --check",
            "cx import mapping.yaml answers.csv.gz",
            "cx import mapping.yaml answers.csv --rejects bad.csv",
        ),
    ),
    ("sql", "infra.cli.sql:sql", ('cx sql "SELECT * FROM metric_definition"', "cx sql --format csv - < query.sql")),
    ("connect", "infra.cli.connect:connect", ("cx connect", "cx connect --password", "cx connect --format json")),
    (
        "explain",
        "infra.cli.explain:explain",
        (
            "cx explain nps --account acme --window 2026-Q3",
            "cx explain nps --account acme --window 2026-Q3 --known-at 2026-10-01T09:00:00+02:00",
            "cx explain mrr --account acme --window 2026-06 --policy stripe",
            "cx explain response R1 --account acme --format json",
        ),
    ),
    ("rebuild", "infra.cli.rebuild:rebuild", ("cx rebuild", "cx rebuild --promote", "cx rebuild --drop cx_g1")),
    ("proof", "infra.cli.proof:prove_all", ("CX_REAL_DATA=/data cx proof", "cx proof --format json")),
    ("runbook", "infra.cli.handbook:runbook", ("cx runbook", "cx runbook lag-grows")),
    ("compose", "infra.cli.handbook:compose", ("cx compose cxledger-stack",)),
    (
        "receive",
        "infra.cli.receive:receive",
        (
            "CX_SOURCES=sources.yaml cx receive",
            "CX_SOURCES=sources.yaml cx receive --host 0.0.0.0 --port 8443 --cert chain.pem --key key.pem",
        ),
    ),
    (
        "translate",
        "infra.cli.translate:translate",
        (
            "CX_SOURCES=sources.yaml cx translate",
            "CX_SOURCES=sources.yaml cx translate --waiting",
            "CX_SOURCES=sources.yaml cx translate --again --from 2026-11-22T00:00:00Z --vendor stripe",
        ),
    ),
    (
        "unresolved",
        "infra.cli.unresolved:unresolved",
        ("cx unresolved", "cx unresolved --all --format json"),
    ),
    (
        "worker",
        "infra.cli.worker:worker",
        ("cx worker", "CX_STACK=external CX_KAFKA_BOOTSTRAP=kafka:9092 cx worker --name worker-1"),
    ),
)

_REPLAY = (
    (
        "plan",
        "infra.cli.replay:plan",
        (
            "cx replay plan",
            "cx replay plan --account acme --out acme.json",
            "cx replay plan --topic survey --from 2026-11-21T22:00:00Z --to 2026-11-22T03:00:00Z",
            "cx replay plan --policy followup_target_seconds=86400@default",
        ),
    ),
    ("run", "infra.cli.replay:run", ("cx replay run plan.json", "cx replay run plan.json --yes --rate 5000")),
    ("diff", "infra.cli.generations:diff", ("cx replay diff", "cx replay diff cx_g2 --format json")),
    ("promote", "infra.cli.generations:promote", ("cx replay promote cx_g2", "cx replay promote cx_g2 --yes")),
    ("back", "infra.cli.generations:back", ("cx replay back", "cx replay back --yes")),
    (
        "drop",
        "infra.cli.generations:drop",
        ("cx replay drop cx_g3 cx_g4 --yes", "cx replay drop cx_g1 --no-way-back --yes"),
    ),
    ("list", "infra.cli.listing:list_", ("cx replay list", "cx replay list --format json")),
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

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
    cls=LazyGroup,
    help="Compute tables again from the log of record, beside what is served: plan, run, compare, promote.",
    no_args_is_help=True,
    epilog=examples("cx replay plan", "cx replay run plan.json", "cx replay diff", "cx replay promote cx_g2"),
)

promise(app, _COMMANDS)
promise(replays, _REPLAY)
app.add_typer(replays, name="replay")
app.add_typer(letters_app.app, name="dead-letters")


def main() -> None:
    """Run `cx`."""
    # Its client warns of a slow turn of its own loop: news for its authors.
    logging.getLogger("kafka").setLevel(logging.ERROR)
    # It logs a connection that fails with its traceback; the commands say the same in a sentence.
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    app()
