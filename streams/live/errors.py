"""The one way in which the engine gives up."""

LIMIT = "dead-letter limit"
LIMIT_STATUS = 5
"""Exit status of a worker that stopped at it: starting it again would only repeat that."""


class EngineStopped(Exception):  # noqa: N818 - it names what happened; the process ends by it
    """The worker must not go on: what is not committed will be read again. `reason` is a short fixed phrase.

    The remedy is named in `detail`, with topic, partition and offset where there are any.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
