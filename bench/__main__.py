"""Compare the engine and the whole product with Faust and Quix Streams on one topic of survey events.

Starts its own Kafka and ClickHouse on loopback, fills one topic of four partitions with generated response_submitted
events (Avro, one NPS answer each, 30 % with a comment, 10,000 accounts), runs one contender after the other over it in
the order of the table, prints the table and writes bench.json. Each contender runs in processes of its own; CPU and
memory are theirs alone. docs/performance.md says what is measured and how.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from confluent_kafka import KafkaException
from rich.console import Console

from bench.run import ContenderError
from bench.session import NAMES, Choice, compare
from bench.table import table, write_json
from infra.embedded.errors import EmbeddedServerError

EVENTS, QUICK_EVENTS = 400_000, 20_000
FAUST_S, QUICK_FAUST_S = 45.0, 8.0


def main() -> int:
    args = _arguments()
    console = Console(stderr=True)
    choice = Choice(
        events=args.events or (QUICK_EVENTS if args.quick else EVENTS),
        faust_seconds=args.faust_seconds or (QUICK_FAUST_S if args.quick else FAUST_S),
        names=tuple(args.only or NAMES),
    )
    try:
        results = compare(choice, args.build, lambda text: console.print(text, highlight=False))
    except (EmbeddedServerError, ContenderError, KafkaException, subprocess.CalledProcessError) as error:
        console.print("bench:", " ".join(str(error).split()), style="red", highlight=False)
        return 1
    Console(width=None if sys.stdout.isatty() else 140).print(table(results))
    write_json(results, args.build / "bench.json")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--events", type=int, help=f"events in the topic ({EVENTS:,})")
    parser.add_argument("--quick", action="store_true", help=f"a smoke test: {QUICK_EVENTS:,} events, no fit figures")
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--faust-seconds", type=float, help=f"how long Faust may work ({FAUST_S:.0f})")
    parser.add_argument("--build", type=Path, default=Path("build"), help="directory of results and logs (build)")
    return parser.parse_args()


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the description's lines."""


if __name__ == "__main__":
    sys.exit(main())
