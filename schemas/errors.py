"""Name what can go wrong with a record, for the remedy."""

from typing import Literal

UndecodableReason = Literal[
    "empty_value", "unknown_frame", "unknown_schema", "malformed", "trailing_bytes", "too_large"
]


class Undecodable(Exception):  # noqa: N818 - the word of the contract: it says what the record is
    """A record that no retry will make readable; it belongs into the dead letters."""

    def __init__(self, reason: UndecodableReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InvalidEventError(ValueError):
    """An event that its producer must mend before it can be sent."""


class RegistryUnavailableError(Exception):
    """The schema registry did not answer: the record may be sound, so stop or retry, but never dead-letter it."""
