"""Fold a page of Markdown for a terminal: prose is broken between words, commands and tables stay as they are."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = re.compile(r"^(- |\d+\. )")
_WHOLE = ("#", "|")
_FENCE = "```"


def folded(page: str, width: int) -> str:
    """Return the page with no line of prose wider than that, unless one word is."""
    return "".join(f"{line}\n" for line in _lines(page, width))


def _lines(page: str, width: int) -> Iterator[str]:
    prose: list[str] = []
    within = False
    for line in page.splitlines():
        fence = line.startswith(_FENCE)
        whole = within or fence or not line.strip() or line.startswith(_WHOLE)
        if whole or _ITEM.match(line):
            yield from _paragraph(prose, width)
            prose = []
        if whole:
            yield line
        else:
            prose.append(line.strip())
        within ^= fence
    yield from _paragraph(prose, width)


def _paragraph(prose: list[str], width: int) -> Iterator[str]:
    if prose:
        item = _ITEM.match(prose[0])
        hang = " " * len(item[0]) if item else ""
        text = " ".join(prose)
        yield from textwrap.wrap(text, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
