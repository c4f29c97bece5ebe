"""From a broker's log to one sentence."""

import re
from pathlib import Path
from typing import Final

from infra.embedded.errors import EmbeddedServerError, PortTakenError

_CAUSES: Final = (
    ("Address already in use", PortTakenError, "a port that Kafka wanted is taken by another program"),
    ("No space left on device", EmbeddedServerError, "not enough disk space for Kafka below {home}"),
    (
        "Failed to acquire lock",
        EmbeddedServerError,
        "the data directory {home} is in use by another Kafka broker",
    ),
    ("Could not reserve enough space", EmbeddedServerError, "not enough memory for Kafka's Java runtime"),
    ("Cannot allocate memory", EmbeddedServerError, "not enough memory for Kafka's Java runtime"),
)
_TELLING: Final = re.compile(r"ERROR|Exception|Error:|Invalid")
_LONGEST: Final = 300


def explain(output: Path, home: Path) -> EmbeddedServerError:
    """Return the error that the log of a broker that ended by itself amounts to."""
    text = output.read_text(errors="replace")
    for sign, kind, sentence in _CAUSES:
        if sign in text:
            return kind(sentence.format(home=home))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = next(filter(_TELLING.search, lines), lines[-1] if lines else "it said nothing")
    return EmbeddedServerError(f"Kafka did not start: {telling[:_LONGEST]} (its log is {output})")
