"""The day that the demonstration leads up to: the one on which a deployment was first told it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from infra import wiring
from infra.demo.present import EARLIEST, SOURCES
from infra.sending import ContractError

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.settings import Settings

_DAY = 86_400_000_000
_FRESH = dt.timedelta(days=1)


def today(now: int) -> dt.date:
    """Return the day of a moment (microseconds since 1970), in UTC."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=now // _DAY)


def is_fresh(day: dt.date, now: int) -> bool:
    """Tell whether what is open now is what was open on the day: its figures have a margin of one more day."""
    return today(now) - day <= _FRESH


def told_on(client: Client) -> dt.date | None:
    """Return the day on which a deployment's demonstration was told; None where none was."""
    asked = f"SELECT max(source) FROM event WHERE startsWith(source, '{SOURCES}')"  # noqa: S608 - own names
    ((source,),) = client.execute(asked)
    return dt.date.fromisoformat(source.partition(":")[2]) if source else None


def chosen(told: dt.date | None, asked: dt.date | None, today: dt.date) -> dt.date:
    """Return the day that was told, or is asked for, or today. Raises ContractError for one that cannot be told."""
    day = asked or told or today
    if told not in (None, day):
        raise ContractError(f"the demonstration here was told on {told}: another day needs a data directory of its own")
    if not EARLIEST <= day <= today:
        raise ContractError(f"the demonstration tells of days from {EARLIEST} to today, not of {day}")
    return day


def day_of(settings: Settings, asked: dt.date | None = None) -> dt.date:
    """Return the day of the demonstration that is here, or else the one asked for, or today. Raises ContractError."""
    client = wiring.reader(settings)
    try:
        return chosen(told_on(client), asked, today(wiring.clock()))
    finally:
        client.disconnect()
