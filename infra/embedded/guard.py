"""End a server when its starter is gone: `python -m infra.embedded.guard DIR PID CREATED < pipe`."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from infra.embedded.errors import EmbeddedServerError
from infra.embedded.process import Identity, ServerProcess

GRACE_S: Final = 20.0


def main(arguments: list[str]) -> None:
    directory, pid, created = arguments
    server = ServerProcess("guarded", Path(directory), Identity(int(pid), float(created)))
    while sys.stdin.buffer.read(1):
        pass
    with suppress(EmbeddedServerError):
        server.stop(GRACE_S)


if __name__ == "__main__":
    main(sys.argv[1:])
