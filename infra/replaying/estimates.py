"""Estimate what a plan writes and how long it takes, by the tables as they are and by the last replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra import wiring
from sinks import generations
from sinks.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.settings import Settings
    from streams.replay.accounts import Share
    from streams.replay.log import Place

_USUAL = 10_000.0
_KEYS_PER_SECOND = 300_000.0
_FILE = "pace.json"


class _Seen(msgspec.Struct, frozen=True):
    """Events per second and process of the last replay that was long enough to tell."""

    per_process: float


def rows(settings: Settings, share: Share, taken: Mapping[Place, int], *, sparse: bool) -> dict[str, int]:
    """Return about how many rows come of the records, by table: as many for each record as there are now."""
    meant = tuple(name for name, table in TABLES.items() if table.by_account or not sparse)
    with wiring.clickhouse(settings) as client:
        current = generations.current(client, wiring.warehouse(settings))
        found = client.execute(
            "SELECT name, total_rows FROM system.tables WHERE database = %(current)s AND name IN %(tables)s"
            " ORDER BY name",
            {"current": current or "", "tables": meant},
        )
    part = share.records / max(1, sum(taken.values()))
    return {name: round(count * part) for name, count in found if count}


def seconds(settings: Settings, share: Share, processes: int) -> int:
    """Return about how long the records take, over so many processes."""
    work = share.records / _pace(settings) + share.passed_over / _KEYS_PER_SECOND
    return max(1, round(work / processes))


def note(settings: Settings, records: int, elapsed: float, processes: int) -> None:
    """Remember how fast a replay was, for the next plan. Short ones say more about starting than about working."""
    if elapsed >= 10 and records >= 100_000:  # noqa: PLR2004 - as long as that
        path = _path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(_Seen(records / elapsed / processes)))


def _pace(settings: Settings) -> float:
    try:
        return msgspec.json.decode(_path(settings).read_bytes(), type=_Seen).per_process
    except (OSError, msgspec.DecodeError):
        return _USUAL


def _path(settings: Settings) -> Path:
    return settings.data_dir / "replay" / _FILE
