"""Figures as people read them."""

from __future__ import annotations

_STEP, _MINUTE, _HOUR, _DAY = 1024, 60, 3600, 86_400
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(octets: float) -> str:
    """Return bytes in the largest unit that leaves a number over one."""
    for unit in _UNITS:
        if octets < _STEP or unit == _UNITS[-1]:
            break
        octets /= _STEP
    return f"{octets:,.0f} {unit}" if unit == "B" else f"{octets:,.1f} {unit}"


def duration(seconds: float) -> str:
    """Return seconds in the two units that matter."""
    whole = round(max(0.0, seconds))
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} days {whole % _DAY // _HOUR} h"


def number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
