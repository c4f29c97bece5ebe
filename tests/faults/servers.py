"""Faults done to the servers of a trial: their processes frozen and thawed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil

from tests.faults.recount import Where


def listener(port: int) -> psutil.Process:
    """Return the process on this machine that listens on a port; raises LookupError."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            return psutil.Process(connection.pid)
    raise LookupError(f"nothing on this machine listens on port {port}")


def broker(where: Where) -> psutil.Process:
    return listener(int(where.bootstrap.rpartition(":")[2]))


def database(where: Where) -> psutil.Process:
    port = urlsplit(where.clickhouse).port
    assert port is not None
    return listener(port)


@contextmanager
def frozen(process: psutil.Process) -> Iterator[None]:
    """Stop a process for the length of a block (SIGSTOP), and let it go on whatever happens."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
