"""Run every attempt to get in, and print how many of each kind there were and how many got through (promise G15).

python -m tests.security [pytest options, such as -m "intrusion and not long"]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = {
    "S1": "files of the server, read or written by a login of ClickHouse",
    "S2": "administrator without a password, and web pages",
    "S3": "requests that the server is made to send",
    "S4": "signals lost to a bad key, or to whatever delivery raises",
    "S6": "one reader who stops the others",
    "S7": "a program that somebody else's plan names",
    "S8": "schemas of a hostile registry",
    "S9": "text that acts on a terminal",
    "S10": "content of records in reasons",
    "S11": "state that others may read",
    "S12": "databases of others",
    "S13": "addresses in logs, signals without a key",
    "S14": "lists without a bound",
    "S16": "links and names in folders of others",
    "S17": "cells that a spreadsheet computes",
    "S18": "connections that ask nothing",
    "held": "rights and limits of readers, verbatims by every route",
}


class Counting:
    """A plugin of pytest: attempts by kind, as their tests mark them."""

    def __init__(self) -> None:
        self.attempts: Counter[str] = Counter()
        self.through: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            mark = item.get_closest_marker("intrusion")
            if mark is not None:
                item.user_properties.append(("intrusion", mark.args[0]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties)
        kind = told.get("intrusion")
        if not isinstance(kind, str) or (report.when != "call" and not report.failed):
            return
        self.attempts[kind] += int(str(told.get("attempts", 1)))
        self.through[kind] += report.failed

    def table(self) -> str:
        rows = [f"| {kind} | {said} | {self.attempts[kind]:,} | {self.through[kind]} |" for kind, said in KINDS.items()]
        total = f"| | all | {self.attempts.total():,} | {self.through.total()} |"
        return "\n".join(["| # | attempts | tried | got through |", "|---|---|---:|---:|", *rows, total])


def main(options: list[str]) -> int:
    counting = Counting()
    chosen = options if "-m" in options else ["-m", "intrusion", *options]
    files = sorted(file for file in (ROOT / "tests").rglob("test_*.py") if "mark.intrusion(" in file.read_text("utf-8"))
    status = pytest.main(["-q", "--no-header", *map(str, files), *chosen], plugins=[counting])
    sys.stdout.write(f"\n{counting.table()}\n")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
