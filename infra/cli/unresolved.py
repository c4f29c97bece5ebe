"""cx unresolved: whose events wait for somebody to say which account they are of, on a screen of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from infra import wiring
from infra.cli import output
from infra.cli.context import located, sentences
from sinks import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_driver import Client

_COLUMNS = ("account_id", "state", "survivor_id", "events", "topics", "first_at", "last_at", "linked_at", "event_id")
_STATES = {"waiting": "waits", "name_of_two_accounts": "two accounts", "linked": "linked"}
_ROWS = 200
_DAY = len("2026-11-22")
_COPIED = 32
"""Keys that are no longer stand on one line, to be copied."""


def unresolved(
    every: Annotated[bool, typer.Option("--all", help="Those that were linked since, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, the largest first.")] = _ROWS,
    form: output.RowFormat = output.Format.TABLE,
) -> None:
    """List the keys of customers that nobody has told of, with what was sent of them: the largest first.

    They count under that key until `account_linked` says whose they are, and with that account from then on, on all
    days (docs/translating.md). That there are none is good news, and no error.
    """
    with sentences():
        here = located()
        client = wiring.reader(here, typed=True)
        found = _found(client, here.database, every, limit)
        client.disconnect()
        if form is not output.Format.TABLE:
            output.rows(form, _COLUMNS, found)
            return
        if not found:
            output.say("nobody waits: all accounts of events are known")
            return
        output.out.print(_table(found))
        if len(found) == limit:
            output.say(f"the largest {limit:,} only; --limit shows more")


def _found(client: Client, database: str, every: bool, limit: int) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = client.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM {sql.name(database)}.unresolved"  # noqa: S608 - names are checked
        f" WHERE state != 'linked' OR {int(every)} ORDER BY events DESC, account_id LIMIT {int(limit)}"
    )
    return found


def _table(found: Sequence[Sequence[Any]]) -> Table:
    """Return the table: keys are there to be copied, days say how long each has waited."""
    table = Table(header_style="bold")
    table.add_column("key", overflow="fold", no_wrap=max(len(row[0]) for row in found) <= _COPIED)
    table.add_column("state", overflow="fold")
    table.add_column("events", justify="right", no_wrap=True)
    table.add_column("topics", overflow="fold")
    table.add_column("first, last", no_wrap=True, min_width=_DAY)
    for account, state, survivor, events, topics, first, last, _linked, _event in found:
        whose = f"{_STATES.get(state, state)}" + (f"\n{survivor}" if survivor else "")
        names = "\n".join(topic.rpartition(".")[2] for topic in topics)
        row = (account, whose, f"{events:,}", names, f"{first:%Y-%m-%d}\n{last:%Y-%m-%d}")
        table.add_row(*map(output.cell, row))
    return table
