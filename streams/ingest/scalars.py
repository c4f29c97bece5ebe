"""Readers of single texts: numbers, amounts of money, truth values, times."""

from __future__ import annotations

import datetime as dt
import math
import re
import zoneinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_DAY = dt.timedelta(days=1)
_MOST_DIGITS = 18
_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class CellError(Exception):  # the row is bad, the program is not
    """A cell that the mapping cannot read; the message is the reason that the rejected row is shown with."""


def number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(value := float(text)):
        raise CellError(f"{text!r} is not a number")
    return value


def integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise CellError(f"{text!r} is not a whole number")
    return int(text)


def boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.casefold()]
    except KeyError:
        raise CellError(f"{text!r} is neither true nor false") from None


def money(exponent: int, decimal: str, group: str) -> Callable[[str], int]:
    """Return a reader of amounts in minor units: with exponent 2, 50.4 is 5040. No float takes part."""
    point, mark = re.escape(decimal), re.escape(group)
    whole = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    form = re.compile(f"([+-]?)({whole})(?:{point}([0-9]+))?")

    def read(text: str) -> int:
        found = form.fullmatch(text)
        if found is None:
            raise CellError(f"{text!r} is not an amount of money")
        sign, units, places = found[1], found[2], (found[3] or "").rstrip("0")
        if len(places) > exponent:
            raise CellError(f"{text!r} has more than {exponent} decimal places")
        digits = (units.replace(group, "") if group else units) + places.ljust(exponent, "0")
        if len(digits) > _MOST_DIGITS:
            raise CellError(f"{text[:64]!r} is too large an amount")
        return -int(digits) if sign == "-" else int(digits)

    return read


def clock(form: str, zone_name: str, day: str) -> Callable[[str], int]:
    """Return a reader of local times: UTC microseconds since 1970; an hour that comes twice is its first.

    With `day` "end", a date is the last microsecond of that day in the zone.
    """
    zone = zoneinfo.ZoneInfo(zone_name)

    def local(moment: dt.datetime, text: str) -> dt.datetime:
        here = moment.replace(tzinfo=zone)
        if here.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise CellError(f"{text!r} does not exist in {zone_name}: the clocks were put forward")
        return here

    def read(text: str) -> int:
        try:
            moment = dt.datetime.strptime(text, form)  # noqa: DTZ007  # the mapping names the zone
            if day == "end":
                return _micros((moment + _DAY).replace(tzinfo=zone)) - 1
            return _micros(local(moment, text) if moment.tzinfo is None else moment)
        except ValueError:
            raise CellError(f"{text!r} is not a time of the form {form!r}") from None
        except OverflowError:
            raise CellError(f"{text!r} is at the end of the calendar") from None

    return read


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
