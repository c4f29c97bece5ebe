"""Events to bytes and back, straight from the .avsc files with fastavro: what the checkers trust is not the product's.

Avro 1.12, single-object encoding: C3 01, the CRC-64-AVRO fingerprint of the writer's schema, the record.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

FOLDER = Path(__file__).parents[2] / "schemas" / "avro"
MAGIC = b"\xc3\x01"
HEADER = 10


class BadRecordError(Exception):
    """The bytes are no event of the contract."""


class Contract:
    """Every schema of the contract. Event types are named as the files are: `response_submitted`."""

    def __init__(self) -> None:
        self._writers: dict[str, tuple[bytes, Any]] = {}
        self._readers: dict[bytes, tuple[str, Any]] = {}
        self.topic_of: dict[str, str] = {}
        for path in sorted(FOLDER.glob("*/*.avsc"), key=_version):
            definition = json.loads(path.read_text())
            header = MAGIC + bytes.fromhex(fingerprint(to_parsing_canonical_form(definition), "CRC-64-AVRO"))
            event_type = path.name.partition(".")[0]
            schema = fastavro.parse_schema(definition)
            self._writers[event_type] = header, schema
            self._readers[header] = event_type, schema
            self.topic_of[event_type] = path.parent.name

    def encode(self, event_type: str, fields: dict[str, Any]) -> bytes:
        header, schema = self._writers[event_type]
        body = io.BytesIO()
        fastavro.schemaless_writer(body, schema, fields)
        return header + body.getvalue()

    def decode(self, value: bytes | None) -> tuple[str, dict[str, Any]]:
        """Return event type and fields, instants as aware datetimes; raises BadRecordError."""
        known = self._readers.get((value or b"")[:HEADER])
        if value is None or known is None:
            raise BadRecordError("no schema of the contract wrote this")
        event_type, schema = known
        body = io.BytesIO(value[HEADER:])
        try:
            fields = fastavro.schemaless_reader(body, schema)
        except Exception as error:
            raise BadRecordError(f"{event_type}: {error!r}") from error
        if body.tell() != len(value) - HEADER:
            raise BadRecordError(f"{event_type}: bytes are left over")
        return event_type, fields


def _version(path: Path) -> int:
    return int(path.name.split(".")[1].removeprefix("v"))
