"""What it costs to decode one event: `python -m bench.codec` prints microseconds of one core per event.

Input: response_submitted with one NPS answer, 30 % of them with a comment, as `bench.events` makes them.
"""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import avro.io
import avro.schema
import fastavro

from bench import events
from schemas.catalogue import latest_schemas, without_logical_types
from schemas.codec import Codec
from streams.core.events import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EVENTS = 2_000
ROUNDS = 7
HEADER = 10
START = 1_790_000_000_000_000


def best(act: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """Microseconds of CPU per input in the fastest of several rounds: the others met other work on the machine."""
    spent: list[float] = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for each in inputs:
            act(each)
        spent.append(time.process_time() - began)
    return min(spent) / len(inputs) * 1e6


def main() -> None:
    codec = Codec()
    schema = latest_schemas()[events.EVENT_TYPE]
    plain = without_logical_types(schema.definition)
    micros, datetimes = fastavro.parse_schema(plain), fastavro.parse_schema(schema.definition)
    apache = avro.io.DatumReader(avro.schema.parse(json.dumps(plain)))
    fields = list(events.responses(EVENTS, START))
    values = [codec.encode(events.EVENT_TYPE, each) for each in fields]
    bodies = [value[HEADER:] for value in values]
    rows = {
        "Apache avro": best(lambda b: apache.read(avro.io.BinaryDecoder(io.BytesIO(b))), bodies[:200]),
        "fastavro, instants as datetimes": best(
            lambda b: fastavro.schemaless_reader(io.BytesIO(b), datetimes, None), bodies
        ),
        "fastavro, instants as integers": best(
            lambda b: fastavro.schemaless_reader(io.BytesIO(b), micros, None), bodies
        ),
        "schemas.codec decode, by name": best(codec.decode, values),
        "schemas.codec decode_array": best(codec.decode_array, values),
        "  and parse into the struct": best(lambda value: parse(*codec.decode_array(value)), values),
        "schemas.codec encode, checked": best(lambda each: codec.encode(events.EVENT_TYPE, each), fields),
    }
    for name, cost in rows.items():
        print(f"{name:34s} {cost:7.1f}")


if __name__ == "__main__":
    main()
