"""The plain NPS fold that every contender of the first comparison runs: same decoding, same state, same output.

Promoters answered 9 or 10, detractors 0 to 6 (Reichheld 2003). The fold knows no duplicates, corrections or order:
it is the least work that still needs state, so that the comparison is about the engines.
"""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import fastavro

FRAME_BYTES = 10  # C3 01 and the fingerprint of single-object encoding stand before the body
PROMOTER_FROM = 9
DETRACTOR_TO = 6
EMPTY = [0, 0, 0]

State = list[int]  # responses, promoters, detractors


class ResponseReader:
    """Decodes `response_submitted` with fastavro, the frame skipped. Times stay numbers, which costs less."""

    def __init__(self, schema_path: str) -> None:
        definition = json.loads(Path(schema_path).read_text(), object_hook=_without_logical_type)
        self._schema: Any = fastavro.parse_schema(definition)

    def __call__(self, value: bytes) -> dict[str, Any]:
        body = io.BytesIO(value)
        body.seek(FRAME_BYTES)
        event: dict[str, Any] = fastavro.schemaless_reader(body, self._schema, None)
        return event


def _without_logical_type(node: dict[str, Any]) -> dict[str, Any]:
    node.pop("logicalType", None)
    return node


def nps_score(event: dict[str, Any]) -> float | None:
    """The first NPS number of a response, or None where it has none."""
    for answer in event["answers"]:
        if answer["kind"] == "NPS":
            score: float | None = answer["number"]
            return score
    return None


def fold(state: State, score: float | None) -> State:
    if score is None:
        return state
    responses, promoters, detractors = state
    return [responses + 1, promoters + (score >= PROMOTER_FROM), detractors + (score <= DETRACTOR_TO)]


def output(state: State) -> bytes:
    """The output record of one event: three big-endian int32."""
    return struct.pack(">iii", *state)
