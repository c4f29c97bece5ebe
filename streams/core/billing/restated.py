"""What corrections and late events changed in revenue that had been published, told beside the new rows."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter

from streams.core.algebra import Note
from streams.core.billing.choices import PROFILES, SHIPPED, MrrPolicy
from streams.core.billing.money import MAX_EXPONENT
from streams.core.billing.steps import steps_of
from streams.core.billing.subscription import Phase, Subscription, fold
from streams.core.restating import LATE_AFTER, Restated, restatement
from streams.core.rows import RestatementRow

_SHIPPED = (MrrPolicy(PROFILES[0], 0, "default", SHIPPED[PROFILES[0]]),)


def restatements(subscription: Subscription) -> Iterator[RestatementRow]:
    """Rows by the shipped policy: the log tells that a figure moved, the ledger by how much under each policy."""
    yield from _late(subscription)
    for place, note in enumerate(subscription.every):
        if note.event.corrects_event_id is not None:
            yield from _corrected(subscription, place, note)


def _late(subscription: Subscription) -> Iterator[RestatementRow]:
    """A phase that was told of later than two weeks after it began, against what would have gone on without it."""
    before: Phase | None = None
    for phase in subscription.phases:
        note = phase.note
        if note.event.corrects_event_id is None and note.ingested_at - phase.at > LATE_AFTER:
            old, new = _worth(before, phase.at), _worth(phase, phase.at)
            yield from _rows(subscription, note, phase.at, old, new, "late")
        before = phase


def _corrected(subscription: Subscription, place: int, note: Note) -> Iterator[RestatementRow]:
    """What was known up to a correction, without it and with it, where the event that it corrects took effect."""
    earlier = subscription.every[:place]
    before, after = fold(earlier), fold((*earlier, note))
    meant = [each for each in earlier if each.event.event_id == note.event.corrects_event_id]
    moments = {_at(each) for each in meant} | (set() if note.event.is_retraction else {_at(note)})
    reason = "retracted" if note.event.is_retraction else "corrected"
    for at in sorted(moments):
        old, new = _worth(_in_force(before, at), at), _worth(_in_force(after, at), at)
        yield from _rows(subscription, note, at, old, new, reason)


def _at(note: Note) -> int:
    return note.event.effective_at  # type: ignore[union-attr] # every event of this entity has it


def _in_force(subscription: Subscription | None, at: int) -> Phase | None:
    """The phase that holds at a moment, None before the first."""
    phases: Sequence[Phase] = () if subscription is None else subscription.phases
    place = bisect_right(phases, at, key=attrgetter("at"))
    return phases[place - 1] if place else None


def _worth(phase: Phase | None, at: int) -> dict[str, float]:
    """Monthly revenue within a phase at a moment by currency, in its major unit: what went before has no say in it."""
    held = [step for step in steps_of(() if phase is None else (phase,), _SHIPPED) if step.at <= at]
    return {held[-1].currency: held[-1].total / 10**MAX_EXPONENT} if held and held[-1].lines else {}


def _rows(
    subscription: Subscription, note: Note, at: int, old: dict[str, float], new: dict[str, float], reason: str
) -> Iterator[RestatementRow]:
    event = note.event
    for currency in sorted(old.keys() | new.keys()):
        if old.get(currency) != new.get(currency):
            moved = Restated(note, "mrr", currency, at, old.get(currency), new.get(currency), reason)
            entity_id = event.subscription_id  # type: ignore[union-attr] # every event of this entity names it
            yield restatement(moved, "subscription", entity_id, is_test=subscription.is_test or event.is_test)
