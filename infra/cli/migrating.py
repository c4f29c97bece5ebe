"""cx migrate: tables and views that must be there before workers run."""

from __future__ import annotations

from infra import upgrading
from infra.cli import output
from infra.cli.context import located, sentences


def migrate(form: output.TextFormat = output.Machine.TEXT) -> None:
    """Bring tables, views and the metric catalogue up to this version; twice is the same as once."""
    with sentences():
        settings = located()
        done = upgrading.migrate(settings)
        if form is output.Machine.JSON:
            told = {"database": settings.database, "generation": done.generation, "other_release": not done.is_ours}
            output.machine(told)
        elif done.is_ours:
            output.out.print(f"{settings.database} reads from {done.generation}, up to date", highlight=False)
        else:
            output.out.print(
                f"{settings.database} reads from {done.generation}, which is left to the release that keeps state"
                " otherwise; what is built beside it is up to date: cx runbook upgrade says how to go on",
                highlight=False,
            )
