"""Rows of an account's health out of what was assessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.billing.money import within
from streams.core.health.components import evidence_of
from streams.core.health.facts import DAY
from streams.core.health.model import POINT, WHOLE
from streams.core.health.picture import Picture, level, started, text
from streams.core.health.score import contributions
from streams.core.rows_health import AccountHealthRow, AccountNowRow

if TYPE_CHECKING:
    from streams.core.health.watch import Assessed, Watch


def health_row(watch: Watch, model: str, at: int, found: Assessed, cause: tuple[str, str, str]) -> AccountHealthRow:
    """Return the row of one model at a moment."""
    listed, variant, every = found.listed, found.variant, found.every
    parts = [] if variant is None else contributions(variant, every, at // DAY)
    has_score = listed.score is not None
    return AccountHealthRow(
        watch.account,
        model,
        watch.is_known,
        at,
        listed.variant_id,
        listed.version,
        None if listed.score is None else listed.score / POINT,
        listed.coverage / WHOLE,
        listed.band,
        "" if variant is None else variant.bands_version,
        listed.disagreement,
        listed.override,
        *cause,
        tuple(line.component.name for line in every),
        tuple(line.component.signal for line in every),
        tuple(None if line.raw is None else float(line.raw) for line in every),
        tuple(None if line.value is None else line.value / POINT for line in every),
        tuple(share / WHOLE for share, _ in parts),
        tuple(points / POINT if has_score else 0.0 for _, points in parts),
        tuple(() if line.value is None else evidence_of(watch.now, line.component.signal) for line in every),
    )


def now_row(watch: Watch) -> AccountNowRow:
    """Return the row of the account as it stands."""
    picture, at = watch.now, watch.at
    statements = picture.statements
    mrr, receivable = _by_unit(picture, "mrr"), _by_unit(picture, "receivable")
    said = statements["sentiment"].get("", ()) if "sentiment" in statements else ()
    sentiment = said[-1].value if said else None
    start = started(picture)
    return AccountNowRow(
        watch.account,
        at,
        text(picture, "segment", at) if "segment" in statements else "",
        text(picture, "owner", at) if "owner" in statements else "",
        None if start is None else start * DAY,
        tuple(mrr),
        tuple(mrr.values()),
        tuple(receivable),
        tuple(receivable.values()),
        _count(picture, "tickets_open"),
        _count(picture, "escalations_open"),
        _count(picture, "payments_failing"),
        _count(picture, "cancels_scheduled"),
        _count(picture, "milestones_open"),
        float(sentiment) if isinstance(sentiment, int) else None,
        _last_day(picture, "touch"),
        _last_day(picture, "nps_answer"),
        max(0, sum(picture.heard.values())),
    )


def _by_unit(picture: Picture, name: str) -> dict[str, int]:
    by_unit = picture.levels.get(name)
    return {unit: within(by_unit[unit].total()) for unit in sorted(by_unit)} if by_unit else {}


def _count(picture: Picture, name: str) -> int:
    return max(0, level(picture, name)) if name in picture.levels else 0


def _last_day(picture: Picture, name: str) -> int | None:
    series = picture.happened.get(name, {}).get("")
    return None if series is None else series.days[-1] * DAY
