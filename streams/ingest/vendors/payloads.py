"""Bodies decoded strictly, and their parts read: whatever is wrong is a NotUnderstoodError that repeats no value.

Python's decoder takes the last of two equal keys, infinite numbers, whole numbers of any length and half of a surrogate
pair. Each of these would be a different delivery to somebody else who reads the same bytes, so each is refused.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from streams.ingest.vendors.model import NotUnderstoodError

DEEPEST = 64
"""Objects and lists within each other; payloads of vendors have about ten."""
_LONGEST_INTEGER = 20
_INTEGERS = range(-(2**63), 2**63)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NAME = re.compile(r"[A-Za-z0-9_.:/ +-]{1,100}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST_SECOND = 253_402_300_799
"""Of the year 9999."""

Id = str | int
"""How vendors write ids: zero and nothing stand for none."""
Shape = TypeVar("Shape")


def decoded(body: bytes) -> Any:
    """Return the JSON value of a body; raises NotUnderstoodError, whatever the bytes are."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUnderstoodError("malformed", f"byte {error.start} is no UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotUnderstoodError("malformed", f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    _require_shallow(value)
    if _SURROGATE.search(body) is not None:
        _require_characters(value)
    return value


def decoded_lines(body: bytes) -> list[Any]:
    """Return the JSON values of a body with one a line; empty lines are left out."""
    return [decoded(line) for line in body.split(b"\n") if line.strip()]


def shaped(value: Any, shape: type[Shape]) -> Shape:
    """Return a value as a struct; raises NotUnderstoodError that names the place of what does not fit."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise NotUnderstoodError("invalid_field", str(error)) from None


def options_of(options: dict[str, Any], shape: type[Shape]) -> Shape:
    """Return the vendor's own options of an instance; raises NotUnderstoodError for what its operator got wrong."""
    try:
        return msgspec.convert(options, shape)
    except msgspec.ValidationError as error:
        raise NotUnderstoodError("invalid_options", str(error)) from None


def required(value: Shape | None, place: str) -> Shape:
    """Return a value that has to be there."""
    if value is None:
        raise NotUnderstoodError("missing_field", f"{place} is not there")
    return value


def id_of(value: Id | None) -> str | None:
    """Return an id as text, None for what stands for none."""
    text = "" if value is None else str(value).strip()
    return None if text in ("", "0") else text


def instant(text: str, place: str, *, zone_is_utc: bool = False) -> int:
    """Return the microseconds of an ISO 8601 time; finer digits are cut off.

    A time without an offset is refused, unless the vendor's are UTC.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstoodError("invalid_time", f"{place} is no ISO 8601 time") from None
    if at.tzinfo is None:
        if not zone_is_utc:
            raise NotUnderstoodError("invalid_time", f"{place} names no offset")
        at = at.replace(tzinfo=UTC)
    return (at - _EPOCH) // _MICROSECOND


def unix_seconds(value: float, place: str) -> int:
    """Return the microseconds of a time in Unix seconds."""
    if not 0 <= value <= _LAST_SECOND:
        raise NotUnderstoodError("invalid_time", f"{place} is no time in seconds")
    return round(value * 1_000_000)


def counted_name(*parts: str) -> str:
    """Return a name to count by, its parts joined by slashes; `other` in place of what could be somebody's words."""
    return "/".join(part if _NAME.fullmatch(part) else "other" for part in parts)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotUnderstoodError("duplicate_key", "an object has the same key twice")
    return found


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER or (number := int(text)) not in _INTEGERS:
        raise NotUnderstoodError("number_out_of_range", "a whole number has more than 64 bits")
    return number


def _real(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotUnderstoodError("number_out_of_range", "a number is too large for 64 bits")
    return number


def _constant(_word: str) -> float:
    raise NotUnderstoodError("malformed", "NaN and Infinity are no numbers of JSON")


def _too_deep() -> NotUnderstoodError:
    return NotUnderstoodError("too_deep", f"more than {DEEPEST} objects and lists within each other")


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _require_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotUnderstoodError("malformed", "a text holds half of a surrogate pair") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_real, parse_constant=_constant, strict=True
)
