"""The subscription: its timeline out of events that state all of it, and of events that change a part of it.

The timeline follows business time (`effective_at`); events of the same time follow their fold order.
"""

from collections.abc import Iterator, Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note, effective
from streams.core.events import (
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionStarted,
    SubscriptionTrialConverted,
    SubscriptionTrialStarted,
)

FullState = SubscriptionStarted | SubscriptionChanged
SubscriptionEvent = (
    FullState
    | SubscriptionTrialStarted
    | SubscriptionTrialConverted
    | SubscriptionPaused
    | SubscriptionResumed
    | SubscriptionCancelScheduled
    | SubscriptionCancelUnscheduled
    | SubscriptionEnded
)
UNPAID = frozenset({"PAST_DUE", "UNPAID"})


class Phase(msgspec.Struct, gc=False):
    """How a subscription stands from `at` on, until the next phase.

    `status` is the last one told of, whether it has ended or not. `due_since` is when it was first not paid,
    `service_end` until when an ended one was paid for. `on_trial` holds from a trial on until it is ACTIVE: nothing was
    paid for by then. A rank is a place in fold order: what was told of before an end does not undo it, whenever it was
    to take effect. Times are in microseconds; None where nothing is known.
    """

    at: int
    note: Note
    full: FullState | None = None
    status: str = "UNKNOWN"
    before_pause: str = "ACTIVE"
    on_trial: bool = False
    due_since: int | None = None
    trial_ends_at: int | None = None
    pause_ends_at: int | None = None
    cancel_at: int | None = None
    cancel_rank: int = -1
    cancel_note: Note | None = None
    requested_at: int | None = None
    reason: str = ""
    ended: bool = False
    ended_rank: int = -1
    service_end: int = 0
    purchased_at: int = 0


class Subscription(msgspec.Struct, gc=False):
    """A subscription as its standing events say: phases in order of time, what is odd, and all notes in fold order."""

    last: Note
    notes: Sequence[Note]
    every: tuple[Note, ...]
    phases: list[Phase]
    flags: frozenset[str] = frozenset()

    @property
    def is_test(self) -> bool:
        return any(note.event.is_test for note in self.notes)


def everything(notes: tuple[Note, ...]) -> Sequence[Note]:
    """Restatements compare what stood with what stands, so the fold sees overruled notes too."""
    return notes


def fold(notes: Sequence[Note]) -> Subscription | None:
    """The subscription that the notes describe; None where every one was retracted. `notes` are all there are."""
    every = tuple(notes)
    standing = effective(every)
    if not standing:
        return None if not every else Subscription(every[-1], (), every, [])
    flags: set[str] = set()
    phases: list[Phase] = []
    for phase in _phases(standing, flags):
        if phases and phases[-1].at == phase.at:
            phases[-1] = phase
        else:
            phases.append(phase)
    return Subscription(standing[-1], standing, every, phases, frozenset(flags))


def _phases(standing: Sequence[Note], flags: set[str]) -> Iterator[Phase]:
    """Phases in order of time; several of the same time replace each other, the last one holds."""
    ranked = sorted(enumerate(standing), key=lambda pair: (_effective_at(pair[1]), pair[0]))
    phase: Phase | None = None
    for rank, note in ranked:
        at = _effective_at(note)
        while phase is not None and (agreed := _agreed(phase, at)) is not None:
            phase = agreed
            yield phase
        before = phase
        phase = Phase(at, note) if phase is None else msgspec.structs.replace(phase, at=at, note=note)
        _apply(phase, note, rank, flags)
        if before is not None and before.ended and phase.ended and not isinstance(note.event, SubscriptionEnded):
            phase = before
        else:
            yield phase
    while phase is not None and (agreed := _agreed(phase, None)) is not None:
        phase = agreed
        yield phase


def _effective_at(note: Note) -> int:
    return note.event.effective_at  # type: ignore[union-attr] # every event of this entity has it


def _agreed(phase: Phase, until: int | None) -> Phase | None:
    """The next phase that comes about by itself before `until`: a pause that ends, a cancellation that takes effect."""
    moments = [at for at in (phase.pause_ends_at, phase.cancel_at) if at is not None]
    if phase.ended or not moments or (until is not None and min(moments) > until):
        return None
    at = max(min(moments), phase.at)
    if phase.cancel_at is not None and phase.cancel_at <= at:
        assert phase.cancel_note is not None
        ended = msgspec.structs.replace(phase, at=at, note=phase.cancel_note, ended=True, service_end=at)
        ended.ended_rank, ended.cancel_at, ended.pause_ends_at = phase.cancel_rank, None, None
        return ended
    resumed = msgspec.structs.replace(phase, at=at, pause_ends_at=None)
    _stand(resumed, phase.before_pause)
    return resumed


def _apply(phase: Phase, note: Note, rank: int, flags: set[str]) -> None:
    event: SubscriptionEvent = note.event  # type: ignore[assignment] # routed here by its type
    match event:
        case SubscriptionStarted() | SubscriptionChanged():
            if phase.ended and rank < phase.ended_rank:
                if phase.full is None:
                    flags.add("ended_before_start")
            else:
                _restate(phase, event)
        case SubscriptionTrialStarted():
            _stand(phase, "TRIALING")
            phase.trial_ends_at, phase.pause_ends_at = event.ends_at, None
        case SubscriptionTrialConverted():
            _stand(phase, "ACTIVE")
            phase.pause_ends_at = None
        case SubscriptionPaused():
            if phase.status != "PAUSED":
                phase.before_pause = "ACTIVE" if phase.full is None else phase.status
            _stand(phase, "PAUSED")
            phase.pause_ends_at = event.ends_at
        case SubscriptionResumed():
            if phase.status == "PAUSED":
                _stand(phase, phase.before_pause)
            phase.pause_ends_at = None
        case SubscriptionCancelScheduled():
            phase.cancel_at, phase.cancel_rank, phase.cancel_note = event.ends_at, rank, note
            phase.requested_at, phase.reason = event.effective_at, event.reason
        case SubscriptionCancelUnscheduled():
            phase.cancel_at, phase.requested_at, phase.reason = None, None, ""
        case SubscriptionEnded():
            _end(phase, event, rank)
        case _:
            assert_never(event)


def _restate(phase: Phase, event: FullState) -> None:
    """Everything anew; a cancellation that is still to come stands, for such events do not speak of one."""
    renewed = isinstance(event, SubscriptionChanged) and event.change_kind == "RENEWAL"
    if phase.full is None or phase.ended or not renewed:
        phase.purchased_at = event.effective_at
    if phase.ended:
        phase.ended, phase.requested_at, phase.reason, phase.cancel_at = False, None, "", None
    phase.full = event
    _stand(phase, event.status)
    phase.trial_ends_at = event.trial_ends_at
    if event.status != "PAUSED":
        phase.pause_ends_at, phase.before_pause = None, event.status


def _stand(phase: Phase, status: str) -> None:
    phase.status = status
    phase.on_trial = status == "TRIALING" or (phase.on_trial and status != "ACTIVE")
    if status not in UNPAID:
        phase.due_since = None
    elif phase.due_since is None:
        phase.due_since = phase.at


def _end(phase: Phase, event: SubscriptionEnded, rank: int) -> None:
    """An end; the service ends with it, unless the event says that it was paid for beyond that.

    One that is told again when the service is over brings none of it back.
    """
    lapsed = phase.ended and phase.service_end < event.effective_at
    if not lapsed:
        phase.service_end = max(event.effective_at, event.ends_at or event.effective_at)
    phase.ended, phase.ended_rank = True, rank
    phase.reason = phase.reason if event.reason == "UNKNOWN" and phase.reason else event.reason
    phase.cancel_at = phase.pause_ends_at = None
