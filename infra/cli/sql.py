"""cx sql: ask the views something, as the user that may only read them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from infra import wiring
from infra.cli import output
from infra.cli.context import located, sentences


def sql(
    query: Annotated[str, typer.Argument(help="A SELECT on the views; - reads it from standard input.")],
    form: output.RowFormat = output.Format.TABLE,
) -> None:
    """Run a query as bi_reader and print what it finds."""
    with sentences():
        client = wiring.reader(located())
        found, columns = client.execute(sys.stdin.read() if query == "-" else query, with_column_types=True)
        client.disconnect()
        output.rows(form, [name for name, _ in columns], found)
