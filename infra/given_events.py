"""Events out of JSON, as people, files of lines and the contract's examples write them.

Everything is read and completed before anything is judged or sent, so input is bounded; services use an emitter.
"""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.catalogue import latest_schemas
from streams.emit.admission import topic_of
from streams.receive.event_json import TYPE, ContractError, completed, objects

MOST_BYTES = 64 << 20
_EXAMPLE = frozenset({"why", "event", "reason", "key", "sent_to", "stored_at", "earlier", "value_hex"})
_GZIP = b"\x1f\x8b"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


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
