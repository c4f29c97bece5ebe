"""Things that nobody may reach: a file with a text of its own, and a port where nobody may call."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Canary:
    """`file` holds `text` and nothing else does; `address` is a listener on loopback that notes who calls."""

    file: Path
    text: str
    address: str
    folder: Path
    calls: int = 0

    def unharmed(self) -> bool:
        """Tell whether nobody called, and the folder holds what it held."""
        return self.calls == 0 and list(self.folder.iterdir()) == [self.file] and self.file.read_text() == self.text


@contextmanager
def canary(folder: Path) -> Iterator[Canary]:
    folder.mkdir()
    text = f"canary {secrets.token_hex(8)}"
    file = folder / "canary.txt"
    file.write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Canary(file, text, f"127.0.0.1:{listener.getsockname()[1]}", folder)
        threading.Thread(target=_count, args=(listener, made), daemon=True).start()
        yield made


def _count(listener: socket.socket, made: Canary) -> None:
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        made.calls += 1
        caller.close()
