"""The reasons for the health of an account: by model, the components that add up to the score, and their events."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from schemas.writer import EPOCH, MICROSECOND
from streams.core.rows_health import AccountHealthRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PARTS = ("components", "signals", "raws", "component_values", "weights", "contributions", "evidence")
_PART = ("component", "signal", "raw", "value", "weight", "contribution", "evidence")
_SAID = (
    "model_id", "variant_id", "model_version", "at", "score", "coverage", "band", "override", "disagreement",
    "changed_by", "member", "event_id",
)  # fmt: skip
_BEFORE = ("at", "score", "band")


def rows_of(tables: Mapping[str, Sequence[tuple[Any, ...]]], until: int) -> list[dict[str, Any]]:
    """Return the rows that tables held by a moment (microseconds since 1970, UTC), by the names of their columns."""
    names = AccountHealthRow.__struct_fields__
    rows = [dict(zip(names, row, strict=True)) for row in tables.get(AccountHealthRow.TABLE, ())]
    return [row | {"at": EPOCH + row["at"] * MICROSECOND} for row in rows if not row["is_known"] and row["at"] <= until]


def by_model(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what each model says last, what it said before, and its components: their contributions are the score."""
    found = []
    ordered = sorted(rows, key=itemgetter("model_id", "at"))
    for _, every in groupby(ordered, key=itemgetter("model_id")):
        *earlier, newest = every
        before = {name: earlier[-1][name] for name in _BEFORE} if earlier else None
        parts = zip(*(newest[name] for name in _PARTS), strict=True)
        components = [dict(zip(_PART, part, strict=True)) for part in parts]
        found.append({name: newest[name] for name in _SAID} | {"before": before, "components": components})
    return found


def evidence_of(models: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of all events that models rest on, and of those that changed them last."""
    found = {event for model in models for part in model["components"] for event in part["evidence"]}
    return found | {model["event_id"] for model in models if model["event_id"]}
