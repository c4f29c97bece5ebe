"""Name the encodings that a file may be said to have: those of texts, and none of Python's own odd ones."""

from __future__ import annotations

import codecs
import io

_OF_OTHER_THINGS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7"})
"""For names of hosts and for source text; some take quadratic time, and none is how a table is written."""


def require_text(encoding: str) -> None:
    """Raise LookupError for what is no encoding of text files."""
    refused = LookupError(f"encoding: {encoding[:64]!r} is no encoding of text files")
    try:
        name = codecs.lookup(encoding).name
        with io.TextIOWrapper(io.BytesIO(), encoding=encoding):  # knows which codecs are of text
            pass
    except (LookupError, ValueError, UnicodeError):
        raise refused from None
    if name.replace("_", "-") in {each.replace("_", "-") for each in _OF_OTHER_THINGS}:
        raise refused
