"""From the log of a server that ended by itself to one sentence."""

import re
from pathlib import Path
from typing import Final

from infra.embedded.errors import EmbeddedServerError, PortTakenError

_CAUSES: Final = (
    ("Address already in use", PortTakenError, "a port that {server} wanted is taken by another program"),
    ("No space left on device", EmbeddedServerError, "not enough disk space for {server} below {home}"),
    ("NOT_ENOUGH_SPACE", EmbeddedServerError, "not enough disk space for {server} below {home}"),
    ("Failed to acquire lock", EmbeddedServerError, "the data directory {home} is in use by another {server}"),
    ("Cannot lock file", EmbeddedServerError, "the data directory {home} is in use by another {server}"),
    ("Could not reserve enough space", EmbeddedServerError, "not enough memory for {server}"),
    ("Cannot allocate memory", EmbeddedServerError, "not enough memory for {server}"),
)
_TELLING: Final = re.compile(r"ERROR|Exception|Error:|Invalid")
_LONGEST: Final = 300


def explain(server: str, log: Path, home: Path) -> EmbeddedServerError:
    """Return the error that the log amounts to: a known cause, else its first telling line, else its last."""
    text = log.read_text(errors="replace")
    for sign, kind, sentence in _CAUSES:
        if sign in text:
            return kind(sentence.format(server=server, home=home))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = next(filter(_TELLING.search, lines), lines[-1] if lines else "it said nothing")
    return EmbeddedServerError(f"{server} did not start: {telling[:_LONGEST]} (its log is {log})")
