"""cx connect: what a BI tool is told to reach the views."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli import output
from infra.cli.context import located, sentences
from infra.embedded import passwords


def connect(
    password: Annotated[bool, typer.Option("--password", help="Print the password and nothing else.")] = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Print where the views are and who reads them, for a BI tool: host, ports, database, user, password file.

    The password itself is printed with --password only, so that it does not stand on a shared screen by accident.
    """
    with sentences():
        here = located()
        if password:
            if not here.bi_password.reveal():
                output.fail(f"no password of {here.bi_user} is known here: set CX_BI_PASSWORD or CX_BI_PASSWORD_FILE")
            typer.echo(here.bi_password.reveal())
            return
        kept = passwords.path(here.data_dir / "clickhouse", here.bi_user)
        told = {
            "host": here.clickhouse_host,
            "http_port": here.clickhouse_http_port,
            "native_port": here.clickhouse_port,
            "secure": here.clickhouse_secure,
            "database": here.database,
            "user": here.bi_user,
            "password_file": str(kept.absolute()) if kept.exists() else None,
        }
        if form is output.Machine.JSON:
            output.machine(told)
            return
        for name, value in told.items():
            shown = value if value is not None else "none here: the one that CX_BI_PASSWORD or its administrator knows"
            output.out.print(f"{name.replace('_', ' '):<14} {shown}", markup=False, highlight=False)
