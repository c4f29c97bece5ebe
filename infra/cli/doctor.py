"""cx doctor: everything that can be examined, whatever of it runs."""

from __future__ import annotations

import msgspec
import typer

from infra.cli import output
from infra.cli.context import sentences, settings
from infra.cli.status import failed, show
from infra.deployment import NotRunning, locate
from infra.health.doctor import examine


def doctor(form: output.TextFormat = output.Machine.TEXT) -> None:
    """Examine servers, topics, tables, views, schemas, rights, clocks and files against what this code expects.

    One line for each check, with what to do and the runbook where something is wrong. Changes nothing, and works with
    servers down: it says which are. Exit status 1 where a check has failed.
    """
    with sentences():
        told = settings()
        try:
            here, absent = locate(told), ""
        except NotRunning as error:
            here, absent = None, str(error)
        checks = list(examine(told, here, absent))
        if form is output.Machine.JSON:
            output.machine({"healthy": not failed(checks), "checks": msgspec.to_builtins(checks)})
        else:
            show(checks)
        if failed(checks):
            raise typer.Exit(1)
