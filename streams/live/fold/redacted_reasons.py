"""Reasons of a rejection without the record's content: their readers may not be allowed to see it."""

import re

_ENUM = re.compile(r"(?<=^Invalid enum value )'.*'(?= - at |$)", re.DOTALL)
_LITERAL = re.compile(r"""(?<!\w)b?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)""", re.DOTALL)
HIDDEN = "'...'"


def unquoted(detail: str) -> str:
    """Return a reason with dots for whatever it quotes; the record itself says it to those who may read it."""
    return _LITERAL.sub(HIDDEN, _ENUM.sub(HIDDEN, detail))
