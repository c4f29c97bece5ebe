"""Models of health as somebody sets them: what cannot be a model, and variants out of what can."""

from itertools import pairwise

from streams.core.events import HealthComponent, HealthModelSet
from streams.core.health.model import AGEING, POINT, SIGNALS, UNKNOWN, WHOLE, Band, Component, Variant
from streams.core.limits import Refusal, repeated, unfit_id, unfit_moment

MOST_WEIGHT = 1_000
MOST_AGE = 365
"""Days; what happened is kept for 400."""
MOST_MONTHS = 1_200
BEST = 100
_HIGHEST = 1e15


def content(event: HealthModelSet) -> Refusal | None:
    """Return why a model cannot be taken, or None."""
    return (
        unfit_moment("valid_from", event.valid_from)
        or unfit_id("model_id", event.model_id)
        or unfit_id("variant_id", event.variant_id)
        or repeated("segments", event.segments)
        or _months(event)
        or _coverage(event)
        or _components(event)
        or _bands(event)
    )


def _months(event: HealthModelSet) -> Refusal | None:
    end = MOST_MONTHS if event.until_month is None else event.until_month
    if not 0 <= event.from_month < end <= MOST_MONTHS:
        return "invalid_field", f"months from {event.from_month} to {end} are none of 0 to {MOST_MONTHS}"
    return None


def _coverage(event: HealthModelSet) -> Refusal | None:
    if not 0 <= event.minimum_coverage <= 1:
        return "invalid_field", f"minimum_coverage {event.minimum_coverage} is no share from 0 to 1"
    return None


def _components(event: HealthModelSet) -> Refusal | None:
    if not event.components:
        return "invalid_field", "a model without components says nothing"
    if not sum(max(0, each.weight) for each in event.components):
        return "invalid_field", "weights that add up to nothing have no mean"
    for each in event.components:
        refusal = unfit_id("name of a component", each.name) or _component(each) or _points(each)
        if refusal is not None:
            return refusal
    return repeated("components", [each.name for each in event.components])


def _component(each: HealthComponent) -> Refusal | None:
    if each.signal not in SIGNALS:
        return "invalid_field", f"signal {each.signal[:64]!r} is none of {', '.join(sorted(SIGNALS))}"
    if not 0 <= each.weight <= MOST_WEIGHT:
        return "invalid_field", f"weight {each.weight} of {each.name} is none of 0 to {MOST_WEIGHT}"
    if each.max_age_days is None:
        return ("invalid_field", f"{each.name} fades, and has no max_age_days") if each.is_fading else None
    if each.signal not in AGEING:
        return "invalid_field", f"{each.signal} has no age; only {', '.join(sorted(AGEING))} have"
    if not 1 <= each.max_age_days <= MOST_AGE:
        return "invalid_field", f"max_age_days {each.max_age_days} of {each.name} is none of 1 to {MOST_AGE}"
    return None


def _points(each: HealthComponent) -> Refusal | None:
    if not each.points:
        return "invalid_field", f"{each.name} has no points"
    for point in each.points:
        if not (0 <= point.value <= BEST and -_HIGHEST <= point.signal_from <= _HIGHEST):
            return "invalid_field", f"{each.name} has a value outside of 0 to {BEST}, or a signal that is no number"
    if any(one.signal_from >= other.signal_from for one, other in pairwise(each.points)):
        return "invalid_field", f"points of {each.name} have to rise by signal_from"
    return None


def _bands(event: HealthModelSet) -> Refusal | None:
    if not event.bands or event.bands[-1].up_to != BEST:
        return "invalid_field", f"the last band has to go up to {BEST}"
    if not all(0 <= each.up_to <= BEST for each in event.bands):
        return "invalid_field", f"bands lie between 0 and {BEST}"
    if any(one.up_to >= other.up_to for one, other in pairwise(event.bands)):
        return "invalid_field", "bands have to rise by up_to"
    for each in event.bands:
        refusal = unfit_id("name of a band", each.name)
        if refusal is not None:
            return refusal
        if each.name == UNKNOWN:
            return "invalid_field", f"{UNKNOWN} is the band of what has no score"
    return repeated("bands", [each.name for each in event.bands])


def variant_of(event: HealthModelSet) -> Variant:
    """Return the variant that an event sets."""
    return Variant(
        event.position,
        event.model_id,
        event.variant_id,
        event.valid_from,
        event.model_version,
        event.is_active,
        tuple(event.segments),
        event.from_month,
        event.until_month or 0,
        tuple(_component_of(each) for each in event.components),
        round(event.minimum_coverage * WHOLE),
        tuple(Band(round(each.up_to * POINT), each.name) for each in event.bands),
        event.bands_version,
    )


def _component_of(each: HealthComponent) -> Component:
    return Component(
        each.name,
        each.signal,  # type: ignore[arg-type] # admission takes none but these
        each.weight,
        tuple((point.signal_from, round(point.value * POINT)) for point in each.points),
        each.is_linear,
        each.max_age_days or 0,
        each.is_fading,
    )
