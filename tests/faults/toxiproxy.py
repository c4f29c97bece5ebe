"""The proxy that delays, throttles, cuts and breaks connections: Shopify's toxiproxy, built from its Go module.

The Go toolchain checks the module against Go's checksum database. The program is kept in build/; 2.5.0 is the newest
that Debian 12's Go can build. `latency` and `jitter` are in milliseconds, `rate` in KB/s, `bytes` counts from the
start of a connection.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from infra.embedded.checks import LOOPBACK, connects, pick_free_ports
from infra.embedded.process import launch, own

MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server"
VERSION = "v2.5.0"
HOME = Path(__file__).parents[2] / "build" / f"toxiproxy-{VERSION}"
_BUILD_SECONDS = 600
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0

Toxic = Literal["latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"]
Stream = Literal["upstream", "downstream"]


class NoProxyError(Exception):
    """There is no toxiproxy here, and why not."""


@functools.cache
def program() -> Path:
    """Return the program, built if need be; raises NoProxyError where there is no Go or the build fails."""
    built = HOME / "server"
    if built.exists():
        return built
    go = shutil.which("go")
    if go is None:
        raise NoProxyError("toxiproxy is built with the Go toolchain, which is not installed (golang-go in Debian)")
    scratch = HOME.with_name(f"{HOME.name}.{os.getpid()}")
    scratch.mkdir(parents=True)
    try:
        done = subprocess.run(
            [go, "install", f"{MODULE}@{VERSION}"],
            env={**os.environ, "GOBIN": str(scratch), "GOFLAGS": "", "CGO_ENABLED": "0"},
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
        )
        if done.returncode:
            raise NoProxyError(f"toxiproxy cannot be built: {done.stderr.strip().splitlines()[-1]}")
        HOME.mkdir(exist_ok=True)
        (scratch / "server").replace(built)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return built


@dataclass(frozen=True)
class Link:
    """One way to a server: connect to `port` instead of the server's own."""

    name: str
    port: int
    api: str

    def add(self, kind: Toxic, stream: Stream = "downstream", **attributes: int) -> None:
        """Poison the stream from the server (downstream) or to it; holds for open connections too."""
        told = {"name": f"{kind}-{stream}", "type": kind, "stream": stream, "attributes": attributes}
        _call(f"{self.api}/proxies/{self.name}/toxics", told)

    def clear(self) -> None:
        """Take all poison away and accept connections again."""
        for toxic in _call(f"{self.api}/proxies/{self.name}")["toxics"]:
            _call(f"{self.api}/proxies/{self.name}/toxics/{toxic['name']}", method="DELETE")
        self.enable(True)

    def cut(self) -> None:
        """Break all connections and refuse new ones, until `clear`."""
        self.enable(False)

    def enable(self, accepting: bool) -> None:
        _call(f"{self.api}/proxies/{self.name}", {"enabled": accepting})


@dataclass(frozen=True)
class Proxies:
    """A running toxiproxy; all its links are on loopback."""

    api: str

    def link(self, name: str, upstream: int, *, port: int = 0) -> Link:
        """Open a way to a loopback port; port 0 takes any free one."""
        port = port or pick_free_ports(1)[0]
        told = {"name": name, "listen": f"{LOOPBACK}:{port}", "upstream": f"{LOOPBACK}:{upstream}", "enabled": True}
        _call(f"{self.api}/proxies", told)
        return Link(name, port, self.api)


@contextmanager
def proxies(directory: Path) -> Iterator[Proxies]:
    """Run a toxiproxy for the length of a block; raises NoProxyError."""
    command = program()
    (port,) = pick_free_ports(1)
    directory.mkdir(parents=True, exist_ok=True)
    with own("toxiproxy", directory) as lock:
        process = launch(
            lock,
            "toxiproxy",
            [str(command), "-host", LOOPBACK, "-port", str(port)],
            directory,
            environment={"LOG_LEVEL": "error"},
            output=directory / "toxiproxy.log",
            detach=False,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not connects(port):
            assert process.alive(), (directory / "toxiproxy.log").read_text()
            assert time.monotonic() < deadline, "toxiproxy does not answer"
            time.sleep(0.02)
        yield Proxies(f"http://{LOOPBACK}:{port}")
    finally:
        process.stop(_STOP_SECONDS)


def _call(address: str, told: dict[str, Any] | None = None, *, method: str = "") -> dict[str, Any]:
    data = None if told is None else json.dumps(told).encode()
    # Go's server takes a browser for an attacker: it refuses what says it is one.
    request = urllib.request.Request(
        address,
        data=data,
        method=method or ("GET" if data is None else "POST"),
        headers={"User-Agent": "cxledger-tests"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else {}
