"""cx runbook and cx compose: the pages and files that come with the package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infra import handbook
from infra.cli import output
from infra.cli.context import sentences
from infra.handbook.folding import folded


def runbook(
    name: Annotated[str, typer.Argument(help="A page, such as lag-grows; without one, the page that leads to all.")] = (
        handbook.INDEX
    ),
) -> None:
    """Print a runbook: which symptom or alert, what to look at, which commands. Needs no server."""
    pages = handbook.runbooks()
    found = pages.get(name.rsplit("/", 1)[-1].removesuffix(".md"))
    if found is None:
        output.fail(f"there is no such runbook: there are {', '.join(pages)}")
    typer.echo(folded(found, output.out.width) if sys.stdout.isatty() else found, nl=False)


def compose(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; made where it is absent.")],
) -> None:
    """Write compose.yaml with what it mounts: ClickHouse's users and disks, alerts, and boards. Overwrites nothing."""
    with sentences():
        wanted = {folder / path: data for path, data in handbook.compose().items()}
        if there := [str(path) for path in wanted if path.exists()]:
            output.fail(f"{there[0]} is there already: give another folder, or move it away")
        for path, data in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
        output.out.print(
            f"{len(wanted)} files in {folder}: docker compose --project-directory {folder} up --wait",
            markup=False,
            highlight=False,
        )
