"""Compare the engine and the whole product with Faust and Quix Streams on one topic of survey events.

Starts its own Kafka and ClickHouse on loopback, fills one topic of four partitions with generated response_submitted
events (Avro, one NPS answer each, 30 % with a comment, 10,000 accounts), runs one contender after the other over it in
the order of the table, prints the table and writes bench.json. Each contender runs in processes of its own; CPU and
memory are theirs alone. Then: latency under steady traffic, memory and recovery time of the state, and a rebuild of
mixed events beside live throughput, and the same of survey and billing events at one to three, and of survey, billing
and support events at one to three to ten (bench-more.json). Last, without servers: one event behind ten to ten
thousand of its entity (bench.json).
docs/performance.md says what is measured and how.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from rich.console import Console

from bench import depth, depth_table, table
from bench import report as documents
from bench.latency import UnseenError
from bench.run import ContenderError
from bench.session import CONTENDERS, EXTRAS, Choice, Report, measured
from infra.embedded.errors import EmbeddedServerError

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL = Choice(
    400_000,
    10_000_000,
    1_000_000,
    45.0,
    30.0,
    (*CONTENDERS, "latency", "state", "rebuild", "money", "support", "depth"),
)
QUICK = Choice(20_000, 100_000, 5_000, 8.0, 3.0, FULL.names, depth.QUICK)
NAMES = (*CONTENDERS, *EXTRAS)
ERRORS = (EmbeddedServerError, ContenderError, UnseenError, KafkaException, subprocess.CalledProcessError)


def main() -> int:
    args = arguments()
    console, load = Console(stderr=True), os.getloadavg()[0]
    try:
        report = measured(chosen(args), args.build, lambda text: console.print(text, highlight=False))
    except ERRORS as error:
        console.print("bench:", " ".join(str(error).split()), style="red", highlight=False)
        return 1
    _show(report, Console(width=None if sys.stdout.isatty() else 140))
    _write(report, args.build)
    if args.document is not None:
        documents.document(report, args.document, load)
    return 0


def chosen(args: argparse.Namespace) -> Choice:
    usual = QUICK if args.quick else FULL
    return Choice(
        events=args.events or usual.events,
        rebuilt=args.events or usual.rebuilt,
        keys=args.keys or usual.keys,
        faust_seconds=args.faust_seconds or usual.faust_seconds,
        traffic_seconds=usual.traffic_seconds,
        names=(*args.names, *(args.only or ())) or usual.names,
        limits=usual.limits,
    )


def _show(report: Report, console: Console) -> None:
    if report.results:
        console.print(table.table(report.results))
    if report.profile is not None:
        console.print(table.profile_table(report.profile))
    if report.latency is not None:
        console.print(table.latency_table(report.latency))
    if report.explain is not None:
        console.print(table.explain_table(report.explain))
    if report.state:
        console.print(table.state_table(report.state))
    if report.rebuild is not None:
        console.print(table.rebuild_table(report.rebuild, "mixed events"))
    if report.money is not None:
        console.print(table.rebuild_table(report.money, "survey and billing events, 1 to 3"))
    if report.support is not None:
        console.print(table.rebuild_table(report.support, "survey, billing and support events, 1 to 3 to 10"))
    if report.depth:
        console.print(depth_table.depth_table(report.depth))


def _write(report: Report, build: Path) -> None:
    if report.results or report.depth:
        table.write_json(report.results, build / "bench.json", depth.as_json(report.depth))
    more = {name: found for name, found in asdict(report).items() if name not in ("results", "depth") and found}
    if more:
        (build / "bench-more.json").write_text(json.dumps(more, indent=2) + "\n")


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    listed = f"of {', '.join(NAMES)}"
    parser = argparse.ArgumentParser(
        "python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"smoke test: {QUICK.events:,} events, no fit figures")
    parser.add_argument("names", nargs="*", type=_named, metavar="NAME", help=f"the same as --only: {listed}")
    parser.add_argument("--only", nargs="+", type=_named, metavar="NAME", help=listed)
    parser.add_argument(
        "--events", type=int, help=f"events in the topic ({FULL.events:,}), or rebuilt ({FULL.rebuilt:,})"
    )
    parser.add_argument("--keys", type=int, help=f"open entities of the state measurement ({FULL.keys:,})")
    parser.add_argument("--faust-seconds", type=float, help=f"how long Faust may work ({FULL.faust_seconds:.0f})")
    parser.add_argument("--document", type=Path, help="page whose figures the run replaces (docs/performance.md)")
    parser.add_argument("--build", type=Path, default=Path("build"), help="directory of results and logs (build)")
    return parser.parse_intermixed_args(given)


def _named(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(NAMES)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
