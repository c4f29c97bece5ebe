"""Readers of single texts: numbers, amounts of money, truth values, times."""

from __future__ import annotations

import datetime as dt
import math
import re
import zoneinfo
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_DAY = dt.timedelta(days=1)
_MOST_DIGITS = 18
_QUOTED = 64
_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class CellError(Exception):  # the row is bad, the program is not
    """A cell that the mapping cannot read; the message is the reason that the rejected row is shown with."""


def number(decimal: str, group: str) -> Callable[[str], float]:
    """Return a reader of numbers with these marks; exponents such as 1e3 are read, too large numbers are not."""
    ungrouped = _ungrouped(decimal, group)

    def read(text: str) -> float:
        plain = ungrouped(text)
        if plain is None or not _NUMBER.fullmatch(plain) or not math.isfinite(value := float(plain)):
            raise CellError(f"{_short(text)} is not a number")
        return value

    return read


def integer(group: str) -> Callable[[str], int]:
    """Return a reader of whole numbers of up to 18 digits."""
    ungrouped = _ungrouped("", group)

    def read(text: str) -> int:
        plain = ungrouped(text)
        if plain is None or not _INTEGER.fullmatch(plain):
            raise CellError(f"{_short(text)} is not a whole number")
        return int(plain)

    return read


def _ungrouped(decimal: str, group: str) -> Callable[[str], str | None]:
    """Return what writes digits as Python does; None where marks stand elsewhere than between groups of three."""
    if decimal in ("", ".") and not group:
        return lambda text: text
    point = re.escape(decimal) if decimal else r"(?!)"
    form = re.compile(rf"([+-]?)([0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]*)(?:{point}([0-9]*))?([eE].*)?")

    def read(text: str) -> str | None:
        found = form.fullmatch(text)
        if found is None:
            return None
        sign, whole, places, power = found.groups()
        digits = whole.replace(group, "") if group else whole
        return sign + digits + ("" if places is None else f".{places}") + (power or "")

    return read


def _short(text: str) -> str:
    """Quote a text in a reason, long ones not in full."""
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}..."


def boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.casefold()]
    except KeyError:
        raise CellError(f"{_short(text)} is neither true nor false") from None


def money(exponent: int, decimal: str, group: str) -> Callable[[str], int]:
    """Return a reader of amounts in minor units: with exponent 2, 50.4 is 5040. No float takes part."""
    point, mark = re.escape(decimal), re.escape(group)
    whole = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    form = re.compile(f"([+-]?)({whole})(?:{point}([0-9]+))?")

    def read(text: str) -> int:
        found = form.fullmatch(text)
        if found is None:
            raise CellError(f"{_short(text)} is not an amount of money")
        sign, units, places = found[1], found[2], (found[3] or "").rstrip("0")
        if len(places) > exponent:
            raise CellError(f"{_short(text)} has more than {exponent} decimal places")
        digits = (units.replace(group, "") if group else units) + places.ljust(exponent, "0")
        if len(digits) > _MOST_DIGITS:
            raise CellError(f"{_short(text)} is too large an amount")
        return -int(digits) if sign == "-" else int(digits)

    return read


@lru_cache(maxsize=64)
def clock(form: str, zone_name: str, day: str) -> Callable[[str], int]:
    """Return a reader of local times: UTC microseconds since 1970; an hour that comes twice is its first.

    With `day` "end", a date is the last microsecond of that day in the zone. Some thousand texts are remembered, as
    rows tell of one time in several fields, and of few days.
    """
    zone = zoneinfo.ZoneInfo(zone_name)

    def local(moment: dt.datetime, text: str) -> dt.datetime:
        here = moment.replace(tzinfo=zone)
        if here.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise CellError(f"{text!r} does not exist in {zone_name}: the clocks were put forward")
        return here

    @lru_cache(maxsize=4_096)
    def read(text: str) -> int:
        try:
            moment = dt.datetime.strptime(text, form)  # noqa: DTZ007  # the mapping names the zone
            if day == "end":
                return _micros((moment + _DAY).replace(tzinfo=zone)) - 1
            return _micros(local(moment, text) if moment.tzinfo is None else moment)
        except ValueError:
            raise CellError(f"{_short(text)} is not a time of the form {form!r}") from None
        except OverflowError:
            raise CellError(f"{text!r} is at the end of the calendar") from None

    return read


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
