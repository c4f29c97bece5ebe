"""The runbooks as data: their pages, the command lines in them, and the headings under which these stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"
INDEX = "README"
SECTIONS = ("You see", "It means", "Look", "Do", "It is over when", "Never")
_ASSIGNED = re.compile(r"^([A-Z][A-Z_]*)=([^ #]*|'[^']*'|\"[^\"]*\")(\s+#.*)?$")


class Command(NamedTuple):
    """A line to type, `text`, where it stands, and the heading that it stands under."""

    page: str
    line: int
    section: str
    text: str

    @property
    def assigned(self) -> str:
        """The name of the shell variable that the line is there to fill in; empty for a command."""
        found = _ASSIGNED.match(self.text)
        return found[1] if found else ""


class Page(NamedTuple):
    """One runbook. `headings` are those of the second level, in order."""

    name: str
    text: str
    headings: tuple[str, ...]
    commands: tuple[Command, ...]


def load() -> dict[str, Page]:
    """Return every page by name."""
    return {path.stem: read(path.stem, path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.md"))}


def read(name: str, text: str) -> Page:
    """Take a page apart. A line that ends in a backslash goes on in the next; one that begins with # is a remark."""
    headings: list[str] = []
    commands: list[Command] = []
    within, pending = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            within = "" if within else line.removeprefix("```").strip() or "text"
        elif not within and line.startswith("## "):
            headings.append(line.removeprefix("## ").strip())
        elif within == "console":
            pending += line.removesuffix("\\")
            if line.endswith("\\"):
                continue
            if pending.strip() and not pending.lstrip().startswith("#"):
                commands.append(Command(name, number, headings[-1] if headings else "", pending.strip()))
            pending = ""
    return Page(name, text, tuple(headings), tuple(commands))
