"""From what a person asks for to offsets: topics, partitions, and moments that are offsets or times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from streams.replay.errors import PlanError
from streams.replay.plan import Stretch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from streams.replay.log import Bounds, Log, Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TO_MICROS = 1_000_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Options as they were typed: a topic's name with or without prefix, and moments as offset or ISO 8601 time."""

    topic: str = ""
    partition: int | None = None
    start: str = ""
    end: str = ""

    @property
    def anything(self) -> bool:
        return self != Asked()


def moment(text: str, option: str, now: int, *, or_offset: bool = True) -> int:
    """Read a time as microseconds since 1970 (UTC). Raises PlanError, also for a time later than `now`.

    `or_offset` says whether the option takes an offset as well.
    """
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        wanted = "is neither an offset nor an ISO 8601 time" if or_offset else "is no ISO 8601 time"
        raise PlanError(f"{option} {text!r} {wanted}: {error}") from error
    if said.tzinfo is None:
        raise PlanError(f"{option} {text!r} names no offset from UTC: add Z or one like +02:00")
    since = said.astimezone(UTC) - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * _TO_MICROS + since.microseconds
    if micros < 0:
        raise PlanError(f"{option} {text!r} lies before 1970, and so before every event")
    if micros > now:
        raise PlanError(f"{option} {text!r} lies in the future: no event is stored there yet")
    return micros


def is_offset(text: str) -> bool:
    return text.isascii() and text.isdigit()


def chosen(asked: Asked, bounds: Mapping[Place, Bounds], prefix: str) -> list[Place]:
    """Return the partitions that are meant. Raises PlanError for a topic or partition that there is not."""
    topics = sorted({topic for topic, _ in bounds})
    places = sorted(bounds)
    if asked.topic:
        meant = asked.topic if asked.topic in topics else prefix + asked.topic
        if meant not in topics:
            raise PlanError(f"{asked.topic!r} is no topic of events: there are {', '.join(topics)}")
        places = [place for place in places if place[0] == meant]
    if asked.partition is not None:
        if not asked.topic and len({topic for topic, _ in places}) > 1:
            raise PlanError("--partition needs --topic: every topic has partitions of that number")
        found = [place for place in places if place[1] == asked.partition]
        if not found:
            raise PlanError(f"{places[0][0]} has no partition {asked.partition}: it has 0 to {places[-1][1]}")
        places = found
    return places


def stretches(
    asked: Asked, places: Collection[Place], bounds: Mapping[Place, Bounds], log: Log, now: int
) -> list[Stretch]:
    """Return what lies between the two moments in each partition; raises PlanError where that cannot be."""
    if (is_offset(asked.start) or is_offset(asked.end)) and len(places) > 1:
        raise PlanError("an offset belongs to one partition: name it with --topic and --partition, or give times")
    times = {
        option: moment(text, option, now)
        for option, text in (("--from", asked.start), ("--to", asked.end))
        if text and not is_offset(text)
    }
    if len(times) == 2 and times["--from"] > times["--to"]:  # noqa: PLR2004 - both of them
        raise PlanError(f"--from {asked.start} comes after --to {asked.end}: exchange them")
    return [_stretch(asked, place, bounds[place], log, times) for place in sorted(places)]


def _stretch(asked: Asked, place: Place, held: Bounds, log: Log, times: Mapping[str, int]) -> Stretch:
    name = f"{place[0]}-{place[1]}"
    start, end = held.low, held.high
    if "--from" in times:
        found = log.at(place, times["--from"])
        start = held.high if found is None else found
    elif asked.start:
        start = _held("--from", int(asked.start), held, name)
    if "--to" in times:
        found = log.at(place, times["--to"])
        end = held.high if found is None else found
    elif asked.end:
        end = _held("--to", int(asked.end), held, name)
    if start > end and asked.start and asked.end:
        raise PlanError(f"--from {asked.start} comes after --to {asked.end} in {name}: exchange them")
    return Stretch(topic=place[0], partition=place[1], start=start, end=max(start, end))


def _held(option: str, offset: int, held: Bounds, name: str) -> int:
    if offset < held.low:
        raise PlanError(f"{option} {offset} is gone from {name}: retention has cut it, it begins at {held.low} now")
    if offset > held.high:
        raise PlanError(f"{option} {offset} lies beyond the end of {name}: it ends at {held.high}")
    return offset


def whole(bounds: Mapping[Place, Bounds]) -> None:
    """Raise PlanError where first records are gone: what is computed from the rest would be another history."""
    for (topic, number), held in sorted(bounds.items()):
        if held.low > 0:
            raise PlanError(
                f"{topic}-{number} begins at offset {held.low}: retention has cut its first events, and tables made"
                " from the rest would be wrong"
            )
