"""A terminal in which `cx` is the command line of a tree of sources, and a follower who types what a page says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from infra.deployment import surroundings
from tests.runbooks.pages import Command, Page

ROOT = Path(__file__).parents[2]
_SECONDS = 150.0
Value = str | Callable[[], str]


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    text: str
    status: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"$ {self.text}\n{self.out}{self.err}[status {self.status}]"


class Shell:
    """A folder to work in, variables, and the sources that `cx` runs: `deploy` exchanges these."""

    def __init__(self, folder: Path, told: Mapping[str, str], tree: Path = ROOT) -> None:
        self.folder = folder
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        self.environment = {**surroundings(os.environ), **told, "PATH": f"{self._bin}:{os.environ['PATH']}"}
        self.deploy(tree)

    def deploy(self, tree: Path) -> None:
        """Let `cx` be the one of these sources from now on."""
        cx = self._bin / "cx"
        cx.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m infra.cli "$@"\n')
        cx.chmod(0o755)
        self.tree = tree
        self.environment["PYTHONPATH"] = str(tree)

    def start(self, text: str, **changes: str) -> subprocess.Popen[str]:
        """Start a command line, in a process group of its own."""
        return subprocess.Popen(
            ["bash", "-c", text],
            cwd=self.folder,
            env={**self.environment, **changes},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, text: str, status: int | None = 0, **changes: str) -> Ended:
        """Run a command line to its end and hold its exit status against the expected one (None: any)."""
        with self.start(text, **changes) as process:
            out, err = process.communicate(timeout=_SECONDS)
        ended = Ended(text, process.returncode, out, err)
        assert "Traceback" not in err, ended
        assert status is None or ended.status == status, ended
        return ended

    def cx(self, *arguments: str, status: int | None = 0, **changes: str) -> Ended:
        """Run `cx` with these arguments as they are: no shell reads them."""
        given = {f"ARGUMENT_{at}": argument for at, argument in enumerate(arguments)}
        words = " ".join(f'"${name}"' for name in given)
        ended = self.run(f"cx {words}", status=None, **given, **changes)
        named = ended._replace(text=f"cx {arguments}")
        assert status is None or named.status == status, named
        return named


class Follower:
    """Types a page's commands in the order in which they stand there; on leaving, every one must have been typed."""

    def __init__(self, page: Page, shell: Shell, **given: Value) -> None:
        self.shell, self._left = shell, list(page.commands)
        self._given = given

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        left = [f"{each.page}.md:{each.line} {each.text}" for each in self._left]
        assert kind is not None or not left, f"no test runs {left}"

    def give(self, **values: Value) -> None:
        """Say what the follower writes in place of a page's example values, or how to find it out when it is needed."""
        self._given |= values

    def section(self, name: str, status: int | None = 0, unwell: Collection[str] = ()) -> list[Ended]:
        """Type what stands under a heading, up to the next one, each line once: nobody is told to try again.

        All must end with `status` (None: any), and the words of `cx` that are named `unwell` with 1.
        """
        found: list[Ended] = []
        while self._left and self._left[0].section == name:
            found += self._type(self._left.pop(0), status, unwell)
        assert found, f"nothing stands under {name!r}, or what stands before it was left out: {self._left[:1]}"
        return found

    def next(self, status: int | None = 0) -> Ended:
        """Type the next command; values are filled in on the way."""
        while not (found := self._type(self._left.pop(0), status, ())):
            pass
        return found[0]

    def _type(self, command: Command, status: int | None, unwell: Collection[str]) -> list[Ended]:
        if name := command.assigned:
            value = self._given.get(name)
            line = command.text if value is None else f"{name}={value() if callable(value) else value}"
            ended = self.shell.run(f'{line}\nprintf %s "${name}"')  # a remark ends with its line
            self.shell.environment[name] = ended.out
            return []
        words = command.text.split()
        word = words[1] if len(words) > 1 else ""
        return [self.shell.run(command.text, 1 if word in unwell else status)]
