"""Give both embedded servers the one face that whoever started them sees."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from infra.embedded.process import ServerProcess

STOP_GRACE_S: Final = 20.0


class Stoppable(ABC):
    """Stops at the end of a `with` block."""

    @abstractmethod
    def stop(self) -> None:
        """Stop and wait for the end; twice is the same as once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@dataclass(frozen=True)
class Server(Stoppable):
    """A running server that owns a data directory."""

    directory: Path
    process: ServerProcess

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """Stop the server and wait for its end; the data stays. Twice is the same as once."""
        self.process.stop(STOP_GRACE_S)
