"""Text that cannot act on a terminal: what is no printable character is shown as an escape.

Control characters (ESC and those of C1 begin what a terminal obeys), characters that turn the direction of writing or
have no width, and what no character is, are all of them not printable in Python's sense.
"""

from __future__ import annotations

LONGEST = 200
_LATIN, _BASIC = 0xFF, 0xFFFF
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, most: int = LONGEST) -> str:
    """Return a text as one line of printable characters, cut where it is longer than `most`."""
    shown = "".join(each if each.isprintable() else escaped(each) for each in text[:most])
    return shown if len(text) <= most else f"{shown}... ({len(text):,} characters)"


def harmless(text: str) -> str:
    """Return a text whole, with its lines and tabs, and nothing else that a terminal obeys."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in "\n\t" else escaped(each) for each in text)


def escaped(character: str) -> str:
    code = ord(character)
    width, letter = (2, "x") if code <= _LATIN else (4, "u") if code <= _BASIC else (8, "U")
    return _NAMED.get(character) or f"\\{letter}{code:0{width}x}"


def in_json(document: str) -> str:
    """Return a JSON document with its unprintable characters, which only stand in its strings, as JSON escapes them."""
    if document.isprintable():
        return document
    return "".join(each if each.isprintable() or each in "\n\t" else _units(each) for each in document)


def _units(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
