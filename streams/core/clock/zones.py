"""UTC offsets of IANA time zones, from the one pinned database: a machine's own zone files must not matter."""

from bisect import bisect_right
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HALF_DAY = 12 * 3600
_DATABASE = resources.files("tzdata")

Stretch = tuple[int, int, int]
"""(from, until, offset east of UTC) in microseconds: for so long the offset stays as it is."""


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every zone of the database, such as Europe/Rome."""
    return frozenset((_DATABASE / "zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    """One zone; raises KeyError for a name that the database does not have."""
    if name not in names():
        raise KeyError(name)
    with (_DATABASE / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _offset(zone: ZoneInfo, at: int) -> int:
    """Offset (seconds) at an instant (seconds since 1970)."""
    shift = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    assert shift is not None  # a ZoneInfo always knows
    return round(shift.total_seconds())


def stretches(name: str, start: int, end: int) -> list[Stretch]:
    """Split an interval (microseconds) where the zone's offset changes.

    The offset is looked at twice a day and the second of a change is found by halving: no zone has changed twice
    within twelve hours since 1970. Raises KeyError for a name that is no zone.
    """
    zone = _zone(name)
    at, last = start // SECOND, -(-end // SECOND)
    offset, since, found = _offset(zone, at), start, []
    while at < last:
        ahead = min(at + HALF_DAY, last)
        if _offset(zone, ahead) != offset:
            change = bisect_right(range(at, ahead), 0, key=lambda second: _offset(zone, second) != offset) + at
            found.append((since, change * SECOND, offset * SECOND))
            since, offset = change * SECOND, _offset(zone, ahead)
        at = ahead
    found.append((since, end, offset * SECOND))
    return [stretch for stretch in found if stretch[0] < stretch[1]]
