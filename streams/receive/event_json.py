"""Events as JSON: objects one behind the other, with times in ISO 8601 and the type beside the fields."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from schemas.catalogue import latest_schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPE = "event_type"
"""The key that may name an event's type beside its fields; no field of an event is called so."""
_BLANK = re.compile(r"\s*")


class ContractError(Exception):
    """Refuse what is no event that could be held against the contract; the message says why."""


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


def completed(event_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with times read from ISO 8601, and an id, time and source where none is given.

    Raises ContractError for a time that cannot be read or that names no offset.
    """
    now = dt.datetime.now(dt.UTC)
    return {"event_id": str(uuid.uuid4()), "occurred_at": now, "source": "cx:emit", **timed(event_type, fields)}


def timed(event_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with times read from ISO 8601; raises ContractError as `completed` does."""
    schemas = latest_schemas()
    if event_type not in schemas:
        raise ContractError(f"there is no event type {event_type[:64]!r}")
    return schemas[event_type].instants.changed(fields, _time)


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
