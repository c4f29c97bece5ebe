"""Check what a server needs before it starts, so that a refusal is a sentence and not a log."""

import errno
import random
import shutil
import socket
from itertools import islice
from pathlib import Path
from typing import Final

from infra.embedded.errors import EmbeddedServerError, PortTakenError

LOOPBACK: Final = "127.0.0.1"
MIN_FREE_BYTES: Final = 512 * 1024 * 1024
_PORTS: Final = range(15_000, 32_768)  # where Linux begins by default to give ports away
_RANDOM: Final = random.SystemRandom()  # processes whose generators are seeded alike must not pick alike


def prepare_directory(directory: Path, *, min_free_bytes: int = MIN_FREE_BYTES) -> Path:
    """Make the directory and return it resolved; refuse if it is not writable or the disk is nearly full.

    Nobody but its owner may enter it, and the folders above it that are made.
    """
    try:
        make_private(directory)
        path = directory.resolve()
        probe = path / ".write-probe"
        probe.write_bytes(b"")
        probe.unlink()
        free = shutil.disk_usage(path).free
    except OSError as error:
        raise EmbeddedServerError(explain_os_error(directory, error)) from error
    if free < min_free_bytes:
        raise EmbeddedServerError(
            f"not enough disk space: {path} has {free >> 20} MiB left and a server needs"
            f" {min_free_bytes >> 20} MiB; free some space or choose another data directory"
        )
    return path


def make_private(directory: Path) -> None:
    """Make a directory that only its owner may enter, and those above it that are missing alike."""
    for each in (*reversed(directory.parents), directory):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
    directory.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def explain_os_error(directory: Path, error: OSError) -> str:
    """Put a failure to write below the directory into one sentence."""
    if error.errno == errno.ENOSPC:
        return f"not enough disk space: nothing more can be written to {directory}"
    return f"the data directory {directory} cannot be written: {error.strerror or error}"


def require_free_port(port: int, server: str) -> int:
    """Return the port, or refuse when something else listens on it."""
    if not is_free(port):
        raise port_taken(port, server)
    return port


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers themselves do: a connection that is only timing out does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def port_taken(port: int, server: str) -> PortTakenError:
    return PortTakenError(
        f"port {port} on {LOOPBACK}, wanted by {server}, is taken by another program:"
        " stop that one or choose another port"
    )


def connects(port: int) -> bool:
    """Tell whether something answers on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def pick_free_ports(count: int) -> list[int]:
    """Return different ports that were free a moment ago; another program may still win the race for one.

    They lie below those that the system gives to passing connections and to whoever asks for any port, so that
    hardly anybody can: seconds may go by until a server binds its port, and minutes while one is restarted.
    """
    ports = list(islice((port for port in _RANDOM.sample(_PORTS, len(_PORTS)) if is_free(port)), count))
    if len(ports) < count:
        raise EmbeddedServerError(f"no {count} ports from {_PORTS.start} to {_PORTS.stop - 1} are free on {LOOPBACK}")
    return ports
