"""The score of an account by one variant of a model: a weighted mean over what is there, and how much of it is there.

All numbers are whole: values and scores hundredths of a point, coverage ten-thousandths. Contributions of components
add up to the score exactly. Between the days on which a value changes, only weights that fade move; so the score is a
ratio of two linear functions of the day, which rises or falls and never turns.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from streams.core.health.components import TIMED, read
from streams.core.health.model import DAILY, NO_END, PART_OF, POINT, UNKNOWN, WHOLE, Component, Variant
from streams.core.health.picture import Picture, level

APART = 40 * POINT
"""From this difference between money and all else on, they disagree."""
_SOFT = frozenset({"survey", "support", "relationship"})
_HARD = frozenset({"billing"})


class Line(NamedTuple):
    """A component as it stands: `value` is None without data. `since` is the day its age counts from."""

    component: Component
    raw: float | None
    value: int | None
    since: int

    def weight(self, day: int, scale: int) -> int:
        """Return the weight on a day in units of 1 / scale; 0 without data."""
        component = self.component
        if self.value is None:
            return 0
        if component.is_fading:
            most = component.max_age_days
            return component.weight * max(0, most - max(0, day - self.since)) * (scale // most)
        return component.weight * scale


class Result(NamedTuple):
    """The score on a day; None where too little is there. `lean` is 1 where money is far below all else, -1 above."""

    score: int | None
    coverage: int
    band: str
    lean: int


Kept = tuple[Variant, int, Sequence[tuple[Line, int] | None]]
"""Lines of a variant as they were on a day, each with the last day of its value; None where other facts have come."""


def without(kept: Kept, signals: Collection[str]) -> Kept:
    """Return kept lines without those of some signals."""
    variant, day, every = kept
    pairs = zip(every, variant.components, strict=True)
    return variant, day, [None if component.signal in signals else each for each, component in pairs]


def lines(picture: Picture, variant: Variant, day: int, at: int) -> tuple[list[Line], int]:
    """Return the components on a day, and the last day through which their values stay.

    Lines are kept with the picture (`Kept`), beside what it is.
    """
    kept: dict[str, Kept] = picture.__dict__.setdefault("lines", {})
    known = kept.get(variant.model_id)
    if known is None or known[0] is not variant or known[1] > day:
        found = [_line(picture, component, day, at) for component in variant.components]
    else:
        is_today = known[1] == day
        found = [
            each
            if each is not None
            and (is_today or (day <= each[1] and component.signal not in DAILY))
            and component.signal not in TIMED
            else _line(picture, component, day, at)
            for each, component in zip(known[2], variant.components, strict=True)
        ]
    kept[variant.model_id] = variant, day, found
    return [line for line, _ in found], min((until for _, until in found), default=NO_END)


def _line(picture: Picture, component: Component, day: int, at: int) -> tuple[Line, int]:
    """Return a component on a day, and the last day through which its value stays."""
    raw, since, until, grows = read(picture, component.signal, day, at)
    most = component.max_age_days
    if raw is None or (most and day - since >= most):
        return Line(component, None, None, since), until
    if most:
        until = min(until, since + most - 1)
    if grows:
        until = min(until, day + component.steady_days(raw))
    return Line(component, raw, component.value(raw), since), until


def result(variant: Variant, every: Sequence[Line], day: int) -> Result:
    """Return the score on a day through which the values stay."""
    scale, weight, mass = variant.scale, 0, 0
    soft = soft_mass = hard = hard_mass = 0
    for line in every:
        value = line.value
        if value is None:
            continue
        component = line.component
        own = line.weight(day, scale) if component.is_fading else component.weight * scale
        weight += own
        mass += own * value
        part = PART_OF[component.signal]
        if part in _HARD:
            hard += own
            hard_mass += own * value
        elif part in _SOFT:
            soft += own
            soft_mass += own * value
    coverage = (WHOLE * weight) // variant.all_weight
    if not weight or WHOLE * weight < variant.minimum_coverage * variant.all_weight:
        return Result(None, coverage, UNKNOWN, 0)
    score, lean = (2 * mass + weight) // (2 * weight), 0
    if soft and hard:
        difference = soft_mass * hard - hard_mass * soft
        if abs(difference) >= APART * soft * hard:
            lean = 1 if difference > 0 else -1
    return Result(score, coverage, variant.band(score), lean)


def contributions(variant: Variant, every: Sequence[Line], day: int) -> list[tuple[int, int]]:
    """Return (weight in ten-thousandths of all that is there, contribution to the score) of each component.

    Both are rounded by the largest remainder, so they add up to the whole and to the score.
    """
    weights = [line.weight(day, variant.scale) for line in every]
    weight = sum(weights)
    masses = [own * (line.value or 0) for own, line in zip(weights, every, strict=True)]
    if not weight:
        return [(0, 0)] * len(every)
    score = (2 * sum(masses) + weight) // (2 * weight)
    shares = _rounded([WHOLE * own for own in weights], weight, WHOLE)
    return list(zip(shares, _rounded(masses, weight, score), strict=True))


def _rounded(parts: list[int], by: int, whole: int) -> list[int]:
    """Divide parts so that they add up to a whole."""
    found = [part // by for part in parts]
    left = whole - sum(found)
    order = sorted(range(len(parts)), key=lambda place: (-(parts[place] % by), place))
    for place in order[: max(0, left)]:
        found[place] += 1
    return found


def disagreement(picture: Picture, variant: Variant, found: Result) -> str:
    """Return how score and money disagree; empty where they do not.

    "leaving": the best band, while an end is scheduled or dunning goes on. "money_below", "money_above": the part of
    billing lies 40 points or more below or above that of surveys, support and relationship.
    """
    if found.band == variant.bands[-1].name and (level(picture, "cancels_scheduled") or level(picture, "dunning_open")):
        return "leaving"
    return {0: "", 1: "money_below", -1: "money_above"}[found.lean]
