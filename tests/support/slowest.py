"""`make slowest`: which tests, and which files of tests, took longest in the last `make test`, in seconds."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET

TESTS, FILES = 20, 20


def times(report: Path) -> dict[str, dict[str, float]]:
    """Return seconds by file and test, fixtures included, out of pytest's JUnit report."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for case in ET.parse(report).iter("testcase"):
        name, file = case.get("name", ""), case.get("classname", "")
        # Of a test whose end failed there are two lines.
        found[file][name] = found[file].get(name, 0.0) + float(case.get("time", "0"))
    return found


def listed(found: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield the lines of both lists, the slowest first."""
    tests = chain.from_iterable(((s, f"{file}::{name}") for name, s in of.items()) for file, of in found.items())
    files = ((sum(of.values()), f"{file} ({len(of)} tests)") for file, of in found.items())
    for title, counted, most in (("Slowest tests", tests, TESTS), ("Slowest files", files, FILES)):
        yield title
        yield from (f"{seconds:8.1f} s  {name}" for seconds, name in sorted(counted, reverse=True)[:most])


def main(arguments: list[str]) -> None:
    report = Path(arguments[0])
    if not report.is_file():
        sys.exit(f"there is no {report}: `make test` writes it")
    sys.stdout.write("\n".join(listed(times(report))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
