"""Facts that subscriptions hand over to the health of their account: revenue as it moves, ends that are agreed.

Revenue is that of the first policy. A fact holds from its moment on, and not since it was agreed: what is dated after
all that is known waits, and comes by a deadline.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from streams.core.billing import revenue
from streams.core.billing.money import within
from streams.core.billing.revenue import Passage
from streams.core.billing.subscription import Phase
from streams.core.health.facts import Fact, Happened, Level, Stated, day_of

if TYPE_CHECKING:
    from streams.core.billing.timeline import Timeline

_KIND = "subscription"


def of_phase(timeline: "Timeline", phase: Phase) -> Iterator[Fact]:
    """Yield what a phase that passes changes: when it began, whether and when it is to end, that it has ended."""
    at, member, by = phase.at, timeline.subscription_id, phase.cause.event_id
    if timeline.started_at == at and phase.full is not None:
        yield Stated(at, _KIND, member, "started", by, "started", day_of(at), of=member)
    was, leaves_at = timeline.leaves_on, None if phase.ended else phase.cancel_at
    timeline.leaves_on = now = None if leaves_at is None else day_of(leaves_at)
    if was != now:
        if was is not None:
            yield Level(at, _KIND, member, "cancels_scheduled/off", by, "cancels_scheduled", -1, was)
        if now is not None:
            yield Level(at, _KIND, member, "cancels_scheduled/on", by, "cancels_scheduled", 1, now)
    if phase.ended and not timeline.has_left:
        yield Happened(at, _KIND, member, "churned", by, "churned")
    timeline.has_left = phase.ended


def of_moves(subscription_id: str, passage: Passage) -> Iterator[Fact]:
    """Yield how revenue moves, by currency."""
    for at, moves in passage.moves.items():
        move = moves[0]
        if move is not None:
            by = move.after.event_id
            for (_, currency, _, _), (amount, _, _) in revenue.moved((move,)):
                yield Level(at, _KIND, subscription_id, f"mrr/{currency}", by, "mrr", within(amount), unit=currency)


def may_turn(phase: Phase, known: int) -> bool:
    """Return whether something agreed in a phase may come about after a moment by itself."""
    if phase.at > known or phase.pause_ends_at is not None or phase.cancel_at is not None:
        return True
    if phase.due_since is not None or (phase.ended and phase.service_end > known):
        return True
    return phase.full is not None and any(item.discounts for item in phase.full.items)
