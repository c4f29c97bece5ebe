"""Episodes of a risk: when one opens, rises, closes and opens again while a condition moves over time.

A condition is read as a *zone*: on the risky side of the enter threshold, on the healthy side of the exit threshold, or
neither. An episode opens at the start of the first span in which it was risky for the dwell without gap, and is noticed
when that time is over. It closes once it was healthy for the other dwell, at the end of it. A crossing within the
re-arm time after that opens the same episode again, as another stretch of it. What lies between two moments counts for
no time: where several readings have one moment, the last of them holds, whatever they said before.

All times are microseconds. Nothing here asks for the time: `passed` is an argument, and `due` says when to look again.
"""

from enum import IntEnum
from uuid import UUID, uuid5

import msgspec

from streams.core.limits import NEVER

RECOVERED, FACT_ENDED, RENEWED, CHURNED = "recovered", "fact_ended", "renewed", "churned"
RETRACTED, RENAMED, MERGED, MODEL_RETIRED = "retracted", "renamed", "merged", "model_retired"
REASONS = (RECOVERED, FACT_ENDED, RENEWED, CHURNED, RETRACTED, RENAMED, MERGED, MODEL_RETIRED)
_OPENS_AGAIN = frozenset((RECOVERED, FACT_ENDED))
"""After any other end a new crossing is another risk."""
_NAMES = UUID("5f0d5c0e-3f0a-5c43-9a55-0a4f0f9a7c11")


class Zone(IntEnum):
    """The place of a condition. OUT is where nobody looks: the account is gone, the rule retired."""

    NEITHER = 0
    RISKY = 1
    HEALTHY = 2
    OUT = 3


class Terms(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Times that a condition has to hold: to open, to close, and for how long a closed episode can open again."""

    dwell_in: int
    dwell_out: int
    rearm: int
    reason: str = RECOVERED
    """The reason to close where the condition is healthy again: recovered, or the fact ended."""


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """A condition from a moment on. `evidence` is the event that brought it there, `severity` rises with the number.

    `reason` says why it is healthy or out, where that is more than the rule knows. `withdrawn` are events that were
    taken back at that moment.
    """

    at: int
    zone: Zone
    severity: int = 0
    evidence: str = ""
    reason: str = ""
    withdrawn: tuple[str, ...] = ()


class Name(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The name of an episode within its account and rule: the event that opened it, and how often it did in a row."""

    evidence: str
    repeat: int = 0


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """One stretch in which an episode was open; it has more than one where it opened again.

    `opened_at` is that of the first stretch. `closed_at` is 0 while it is open. `replaces` is the former name of an
    episode whose opening event was taken back while others upheld it.
    """

    name: Name
    opened_at: int
    since: int
    noticed_at: int
    severity: int
    rose_at: int
    reopened: int = 0
    closed_at: int = 0
    reason: str = ""
    replaces: Name | None = None

    @property
    def is_open(self) -> bool:
        return not self.closed_at


class State(msgspec.Struct, frozen=True, array_like=True):
    """One rule of one account: the span of the zone it is in, the last episode, and what was read last.

    `latest` is not part of the span yet: another reading of the same moment may take its place.
    """

    zone: Zone = Zone.NEITHER
    since: int = 0
    severity: int = 0
    evidence: str = ""
    reason: str = ""
    asked_at: int = 0
    """The moment when terms changed such that a dwell was over before: nothing is noticed earlier than that."""
    last: Episode | None = None
    latest: Reading | None = None


Finals = tuple[Episode, ...]
"""Stretches that nothing later can change."""


def episode_id(account_id: str, rule_id: str, name: Name) -> str:
    """Return the id of an episode: the same from any history in which this event opens it."""
    parts = [account_id, rule_id, name.evidence, *([str(name.repeat)] if name.repeat else ())]
    return str(uuid5(_NAMES, "\0".join(parts)))


def step(state: State, reading: Reading, terms: Terms, before: Terms | None = None) -> tuple[State, Finals]:
    """Take a reading, none of which is earlier than the last; return the stretches that are final by it.

    `terms` hold from its moment on, `before` up to it where they were others.
    """
    latest = state.latest
    if latest is not None and latest.at == reading.at:
        together = dict.fromkeys(latest.withdrawn + reading.withdrawn)
        reading = msgspec.structs.replace(reading, withdrawn=tuple(together))
        return msgspec.structs.replace(state, latest=reading), ()
    state, finals = _settled(state, terms if before is None else before, reading.at)
    return msgspec.structs.replace(state, latest=reading), finals


def listed(state: State, terms: Terms, passed: int) -> Finals:
    """Return the stretches that something later may still change, as they are once time has come to `passed`."""
    state, finals = _settled(state, terms, passed)
    return finals if state.last is None else (*finals, state.last)


def due(state: State, terms: Terms, passed: int) -> int:
    """Return when time alone opens or closes an episode next, later than `passed`; NEVER where it does not."""
    return _due(_settled(state, terms, passed)[0], terms)


def _settled(state: State, terms: Terms, passed: int) -> tuple[State, Finals]:
    """Take what was read last into its span, and let time go on to `passed`."""
    finals: list[Episode] = []
    latest = state.latest
    if latest is not None:
        state = _take(msgspec.structs.replace(state, latest=None), latest, terms, finals)
    at = _due(state, terms)
    return (_turn(state, terms, at, finals) if at <= passed else state), tuple(finals)


def _due(state: State, terms: Terms) -> int:
    is_open = state.last is not None and state.last.is_open
    if state.zone is Zone.RISKY and not is_open:
        return max(state.since + terms.dwell_in, state.asked_at)
    if state.zone is Zone.HEALTHY and is_open:
        return max(state.since + terms.dwell_out, state.asked_at)
    return NEVER


def _turn(state: State, terms: Terms, at: int, finals: list[Episode]) -> State:
    """Open or close: the zone has held for long enough at `at`."""
    last = state.last
    if state.zone is Zone.HEALTHY and last is not None:
        return _closed(state, last, at, state.reason or terms.reason)
    if last is not None:
        finals.append(last)
    again = last is not None and last.reason in _OPENS_AGAIN and state.since - last.closed_at <= terms.rearm
    severity = state.severity
    if last is None or not again:
        repeat = last.name.repeat + 1 if last is not None and last.name.evidence == state.evidence else 0
        opened = Episode(Name(state.evidence, repeat), state.since, state.since, at, severity, at)
    else:
        rose = severity > last.severity
        opened = Episode(
            last.name,
            last.opened_at,
            state.since,
            at,
            max(severity, last.severity),
            at if rose else last.rose_at,
            last.reopened + 1,
            replaces=last.replaces,
        )
    return msgspec.structs.replace(state, last=opened)


def _closed(state: State, episode: Episode, at: int, reason: str) -> State:
    return msgspec.structs.replace(state, last=msgspec.structs.replace(episode, closed_at=at, reason=reason))


def _take(state: State, reading: Reading, terms: Terms, finals: list[Episode]) -> State:
    """Go into the zone of a reading, and do what needs no dwell."""
    last, zone = state.last, reading.zone
    if last is not None and last.is_open:
        if zone is Zone.OUT:
            state = _closed(state, last, reading.at, reading.reason or MODEL_RETIRED)
        elif last.name.evidence in reading.withdrawn:
            state = _without_its_event(state, last, reading, finals)
        elif zone is Zone.RISKY and reading.severity > last.severity:
            risen = msgspec.structs.replace(last, severity=reading.severity, rose_at=reading.at)
            state = msgspec.structs.replace(state, last=risen)
    if zone is not state.zone:
        return msgspec.structs.replace(
            state,
            zone=zone,
            since=reading.at,
            severity=reading.severity,
            evidence=reading.evidence,
            reason=reading.reason,
            asked_at=0,
        )
    return msgspec.structs.replace(
        state,
        severity=max(state.severity, reading.severity),
        evidence=_upholding(reading) if state.evidence in reading.withdrawn else state.evidence,
        reason=reading.reason or state.reason,
        asked_at=reading.at if _due(state, terms) < reading.at else state.asked_at,
    )


def _without_its_event(state: State, episode: Episode, reading: Reading, finals: list[Episode]) -> State:
    """Void an episode whose opening event was taken back, or give it the name of the event that upholds it now."""
    if reading.zone is not Zone.RISKY:
        return _closed(state, episode, reading.at, RETRACTED)
    finals.append(msgspec.structs.replace(episode, closed_at=reading.at, reason=RENAMED))
    rose = reading.severity > episode.severity
    renamed = msgspec.structs.replace(
        episode,
        name=Name(_upholding(reading)),
        since=reading.at,
        noticed_at=reading.at,
        severity=max(reading.severity, episode.severity),
        rose_at=reading.at if rose else episode.rose_at,
        replaces=episode.name,
    )
    return msgspec.structs.replace(state, last=renamed)


def _upholding(reading: Reading) -> str:
    return "" if reading.evidence in reading.withdrawn else reading.evidence
