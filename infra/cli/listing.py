"""cx replay list: how every generation stands, on a screen of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from infra import differing
from infra.cli import output
from infra.cli.context import located, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.differing import Standing

_MB = 1_000_000
_COLUMNS = ("generation", "kind", "state", "accounts", "records", "of", "bytes", "plan", "begun", "by", "detail")


def list_(form: output.RowFormat = output.Format.TABLE) -> None:
    """List the generations: which is served, which was, and how far each replay got.

    The table has what a decision needs; json and csv have everything.
    """
    with sentences():
        found = differing.listed(located())
        if form is output.Format.TABLE:
            show(found)
        else:
            output.rows(form, _COLUMNS, [_row(each) for each in found])


def _row(each: Standing) -> tuple[str | int | None, ...]:
    replay = (each.records, each.total, each.bytes, each.plan[:12], each.begun_at, each.actor, each.detail)
    return (each.generation, each.kind, each.state, each.accounts or None, *replay)


def show(found: Iterable[Standing]) -> None:
    """Print the table: names and states are there to be copied and never broken, the time may take two lines."""
    table = Table(header_style="bold")
    for name in ("generation", "kind", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("accounts", "read", "MB"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("begun (UTC)")
    for each in found:
        read = f"{100 * each.records // each.total} %" if each.total else ""
        accounts = f"{each.accounts:,}" if each.accounts else ""
        size = f"{each.bytes / _MB:,.1f}"
        row = (each.generation, each.kind, each.state, accounts, read, size, each.begun_at[:16].replace("T", " "))
        table.add_row(*map(output.cell, row))
    output.out.print(table)
