"""Find what an installed cxledger carries for people: runbooks, and the files that `docker compose` needs.

In a checkout the runbooks and compose.yaml are links to where readers of the repository look for them.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

INDEX = "README"
_MOUNTED = ("clickhouse", "grafana", "prometheus")


def runbooks() -> dict[str, str]:
    """Return every runbook by name, in Markdown; README is the page that leads to the others."""
    folder = files("infra.handbook") / "runbooks"
    pages = {page.name.removesuffix(".md"): page for page in folder.iterdir() if page.name.endswith(".md")}
    return {name: pages[name].read_text("utf-8") for name in sorted(pages)}


def compose() -> dict[str, bytes]:
    """Return compose.yaml and each file that it mounts, by the path at which it is looked for."""
    folder = files("infra.compose")
    mounted = {path: data for name in _MOUNTED for path, data in _within(folder / name, f"infra/compose/{name}")}
    return {"compose.yaml": (folder / "compose.yaml").read_bytes()} | mounted


def _within(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        at = f"{path}/{each.name}"
        if each.is_dir():
            yield from _within(each, at)
        else:
            yield at, each.read_bytes()
