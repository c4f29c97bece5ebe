"""The score of an account by one variant of a model: a weighted mean over what is there, and how much of it is there.

All numbers are whole: values and scores hundredths of a point, coverage ten-thousandths. Contributions of components
add up to the score exactly. Between the days on which a value changes, only weights that fade move; so the score is a
ratio of two linear functions of the day, which rises or falls and never turns.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.core.health.components import SIGNALS_OF, TIMED, read
from streams.core.health.model import DAILY, NO_END, POINT, UNKNOWN, WHOLE, Component, Variant
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


class Kept:
    """Lines of a variant as they were on a day: kept with a picture, beside what it is.

    `untils` are the last days of their values, `stale` the places of lines that other facts have come for since.
    """

    __slots__ = ("day", "lines", "stale", "untils", "variant")

    def __init__(
        self, variant: Variant, day: int, lines: list[Line], untils: list[int], stale: tuple[int, ...] = ()
    ) -> None:
        self.variant, self.day, self.lines, self.untils, self.stale = variant, day, lines, untils, stale

    def without(self, names: Iterable[str]) -> "Kept":
        """Return these lines for a picture after facts of some names."""
        places = [place for name in names for place in _places_of(self.variant, name)]
        return Kept(self.variant, self.day, self.lines, self.untils, (*self.stale, *places)) if places else self

    def again(self, picture: Picture, day: int) -> Iterable[int]:
        """Return the places of lines that have to be read again on a day."""
        signals = self.variant.signals
        places = [*self.stale]
        if TIMED[0] in picture.statements and TIMED[0] in signals:
            places += [place for place, signal in enumerate(signals) if signal in TIMED]
        if day != self.day:
            pairs = zip(self.untils, signals, strict=True)
            places += [place for place, (until, signal) in enumerate(pairs) if until < day or signal in DAILY]
        return places


def _places_of(variant: Variant, name: str) -> Sequence[int]:
    """Return the places of the components that rest on facts of a name, found once for a variant."""
    known: dict[str, tuple[int, ...]] = variant.__dict__.setdefault("places", {})
    found = known.get(name)
    if found is None:
        signals = SIGNALS_OF.get(name, ())
        found = known[name] = tuple(place for place, signal in enumerate(variant.signals) if signal in signals)
    return found


def lines(picture: Picture, variant: Variant, day: int, at: int) -> tuple[list[Line], int]:
    """Return the components on a day, and the last day through which their values stay. Nobody may change them.

    Lines are kept with the picture (`Kept`).
    """
    every: dict[str, Kept] = picture.__dict__.setdefault("lines", {})
    kept = every.get(variant.model_id)
    if kept is None or kept.variant is not variant or kept.day > day:
        pairs = [_line(picture, component, day, at) for component in variant.components]
        kept = Kept(variant, day, [line for line, _ in pairs], [until for _, until in pairs])
        every[variant.model_id] = kept
    elif again := kept.again(picture, day):
        found, untils = kept.lines.copy(), kept.untils.copy()
        for place in again:
            found[place], untils[place] = _line(picture, variant.components[place], day, at)
        kept = every[variant.model_id] = Kept(variant, day, found, untils)
    elif day != kept.day:
        kept = every[variant.model_id] = Kept(variant, day, kept.lines, kept.untils)
    return kept.lines, min(kept.untils, default=NO_END)


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
    weight = mass = soft = soft_mass = hard = hard_mass = 0
    for line, weighed in zip(every, variant.weights, strict=True):
        value = line[2]
        if value is None:
            continue
        own, days, a_day, part = weighed
        if days:
            own = a_day * max(0, days - max(0, day - line.since))
        weight += own
        mass += own * value
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
