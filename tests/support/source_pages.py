"""The pages of sources, docs/sources: what their blocks hold, for tests that follow them to the letter."""

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "sources"
OURS = ("zendesk", "typeform", "formbricks", "cloudevents", "segment", "discord", "delighted")
TRIED = tuple(vendor for vendor in OURS if vendor != "discord")
"""Those whose page sends something: nobody but Discord can sign as Discord."""
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SECRET = re.compile(r"^(?:SECRET|TOKEN)=\$\{(\w+):-(.*)\}$", re.MULTILINE)


def page(vendor: str) -> str:
    return (PAGES / f"{vendor}.md").read_text("utf-8")


def blocks(vendor: str, language: str) -> list[str]:
    """The blocks of a page in one language, without the margin of the list that they stand in."""
    found = _BLOCK.findall(page(vendor))
    return [re.sub(f"^{margin}", "", text, flags=re.MULTILINE) for margin, kind, text in found if kind == language]


def command(vendor: str) -> str:
    """What a page tells to type to send something."""
    (found,) = blocks(vendor, "bash")
    return found


def secret(vendor: str) -> tuple[str, str]:
    """The variable that a page keeps the secret in, and what its command signs with where that is not set."""
    found = _SECRET.search(command(vendor))
    assert found is not None
    return found[1], found[2]
