"""From the output of a ClickHouse server that ended by itself to one sentence."""

from pathlib import Path
from typing import Final

from infra.embedded.errors import EmbeddedServerError, PortTakenError

_CAUSES: Final = (
    ("Address already in use", PortTakenError, "a port that ClickHouse wanted is taken by another program"),
    ("No space left on device", EmbeddedServerError, "not enough disk space for ClickHouse below {home}"),
    ("NOT_ENOUGH_SPACE", EmbeddedServerError, "not enough disk space for ClickHouse below {home}"),
    ("Cannot lock file", EmbeddedServerError, "the data directory {home} is in use by another ClickHouse server"),
)
_LONGEST: Final = 300


def explain(home: Path) -> EmbeddedServerError:
    """Return the error that the output amounts to."""
    output = home / "output.log"
    text = output.read_text(errors="replace")
    for sign, kind, sentence in _CAUSES:
        if sign in text:
            return kind(sentence.format(home=home))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = next((line for line in lines if "Exception" in line), lines[-1] if lines else "it said nothing")
    return EmbeddedServerError(f"ClickHouse did not start: {telling[:_LONGEST]} (its output is {output})")
