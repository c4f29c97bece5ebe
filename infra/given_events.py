"""Events out of JSON, as people, files of lines and the contract's examples write them.

Everything is read and completed before anything is judged or sent, so input is bounded; services use an emitter.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from infra.sending import ContractError
from schemas.catalogue import latest_schemas
from streams.emit.admission import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 64 << 20
TYPE = "event_type"
"""The key that may name an event's type beside its fields; no field of an event is called so."""
_EXAMPLE = frozenset({"why", "event", "reason", "key", "sent_to", "stored_at", "earlier", "value_hex"})
_GZIP = b"\x1f\x8b"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_BLANK = re.compile(r"\s*")


class Given(msgspec.Struct, frozen=True):
    """An event with its type, complete but not yet judged; `place` says where it stands, for messages."""

    place: str
    event_type: str
    fields: dict[str, Any]


def decoded(content: bytes) -> str:
    """Return the text of an input; raises ContractError where it is none, or too much."""
    if len(content) > MOST_BYTES:
        raise ContractError(f"more than {MOST_BYTES >> 20} MiB: send parts, or use an emitter or cx import")
    if content.startswith(_GZIP):
        raise ContractError("compressed with gzip: unpack it, as with zcat")
    if content.startswith(_WIDE):
        raise ContractError("written in UTF-16: write it in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ContractError(f"line {line}: holds bytes that are not UTF-8") from None


def objects(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield JSON objects, one to a line or over several lines, each with the line that it begins in.

    Raises ContractError with the line for anything else: lists, texts, a key that stands twice, NaN.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=_no_constant)
    at, line = _BLANK.match(text).end(), 1  # type: ignore[union-attr] # it matches nothing too
    line += text.count("\n", 0, at)
    while at < len(text):
        try:
            found, end = decoder.raw_decode(text, at)
        except RecursionError:
            raise ContractError(f"line {line}: nested too deeply") from None
        except ContractError as error:
            raise ContractError(f"line {line}: {error}") from None
        except json.JSONDecodeError as error:
            raise ContractError(f"line {error.lineno}: not JSON: {error.msg} (column {error.colno})") from None
        except ValueError as error:  # a number of thousands of digits
            raise ContractError(f"line {line}: not JSON: {error}") from None
        if not isinstance(found, dict):
            raise ContractError(f"line {line}: an event must be a JSON object, each behind the other")
        yield line, found
        behind = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        line += text.count("\n", at, behind)
        at = behind


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ContractError(f"the key {key[:64]!r} stands twice")
        found[key] = value
    return found


def _no_constant(word: str) -> float:
    raise ContractError(f"{word} is no JSON and no number of an event")


def given(text: str, event_type: str | None, name: str = "") -> list[Given]:
    """Return the events of a text in their order; raises ContractError for the first that cannot be read.

    The type is the one asked for, or each event's own `event_type`, or that in the name of an example's file.
    Of an example of the contract the events before it come first, as a worker would have to see them.
    """
    found: list[Given] = []
    for line, written in objects(text):
        place = f"{name}, line {line}" if name else f"line {line}"
        try:
            for fields in _unwrapped(written):
                kind = _kind(fields.pop(TYPE, None), event_type, name)
                found.append(Given(place, kind, completed(kind, _keyed(fields))))
        except ContractError as error:
            raise ContractError(f"{place}: {error}") from None
    if not found:
        raise ContractError(f"{name or 'the input'}: holds no event")
    return found


def _unwrapped(written: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of an example of the contract as it stands in its file, or the event itself."""
    if not ("why" in written and written.keys() <= _EXAMPLE):
        return [dict(written)]
    events = [*_listed(written.get("earlier", [])), written.get("event")]
    if not all(isinstance(event, dict) for event in events):
        raise ContractError("this example is a record's bytes and no event that could be sent")
    if written.keys() & {"key", "sent_to"}:
        raise ContractError("this example is of a record with a key or topic of its own, which no emitter sends")
    return [dict(event) for event in events]


def _keyed(fields: dict[str, Any]) -> dict[str, Any]:
    if "account_id" not in fields:
        raise ContractError("account_id is missing: it is the event's key")
    return fields


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _kind(own: Any, asked: str | None, name: str) -> str:
    if own is not None and not isinstance(own, str):
        raise ContractError(f"{TYPE} must be a text")
    if own and asked and own != asked:
        raise ContractError(f"it says that it is a {own[:64]!r}, and {asked!r} was asked for")
    kind = own or asked or name.rpartition("/")[2].partition(".")[0]
    if kind not in latest_schemas():
        how = f"there is no event type {kind[:64]!r}" if own or asked else f"no {TYPE} says which event it is"
        raise ContractError(how)
    topic_of(kind)
    return kind


def completed(event_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with times read from ISO 8601, and an id, time and source where none is given.

    Raises ContractError for a time that cannot be read or that names no offset.
    """
    schemas = latest_schemas()
    if event_type not in schemas:
        raise ContractError(f"there is no event type {event_type!r}")
    timed = schemas[event_type].instants.changed(fields, _time)
    now = dt.datetime.now(dt.UTC)
    return {"event_id": str(uuid.uuid4()), "occurred_at": now, "source": "cx:emit", **timed}


def _time(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise ContractError(f"{name}: {value[:64]!r} is no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise ContractError(f"{name}: {value!r} names no offset, such as Z or +02:00")
    return moment
