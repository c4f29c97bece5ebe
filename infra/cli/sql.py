"""cx sql: ask the views something, as the user that may only read them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from infra import wiring
from infra.cli import exact, output
from infra.cli.context import located, sentences


def sql(
    query: Annotated[str, typer.Argument(help="A SELECT on the views; - reads it from standard input.")],
    form: output.RowFormat = output.Format.TABLE,
) -> None:
    """Run a query as bi_reader and print what it finds, with every digit.

    A table that is wider than the terminal is printed row below row, one value a line; piped, it stays a table.
    """
    with sentences():
        text = _asked(query)
        client = wiring.reader(located())
        found, columns = client.execute(text, with_column_types=True)
        client.disconnect()
        names, rows = [name for name, _ in columns], exact.singles(found, [kind for _, kind in columns])
        if form is output.Format.TABLE:
            exact.show(names, rows)
        else:
            output.rows(form, names, rows)


def _asked(query: str) -> str:
    """Return the query, from standard input where it is a dash."""
    if query != "-":
        return query
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        output.fail("standard input: holds bytes that are not UTF-8")
