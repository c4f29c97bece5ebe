"""From options as they were typed to the letters that are meant."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from schemas.topics import load_topics
from sinks.letters import At, Chosen
from streams.replay.ranges import moment
from streams.replay.verdict import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infra.settings import Settings

_PLACE = re.compile(r"(?P<topic>.+)-(?P<partition>[0-9]+)@(?P<offset>[0-9]+)", re.DOTALL)
_MOST_OFFSET, _MOST_PARTITION = 2**63 - 1, 2**31 - 1


class LetterError(Exception):
    """Refuse what cannot be done with dead letters; the message is one sentence. Nothing was changed."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Options as they were typed. Topics may lack their prefix, times are ISO 8601."""

    reason: str = ""
    topic: str = ""
    account: str = ""
    source: str = ""
    since: str = ""
    until: str = ""
    place: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        return self != Asked()


def event_types(settings: Settings) -> dict[str, frozenset[str]]:
    """Return the topics of events under their full names, and the types that belong on each."""
    return {
        settings.topic_prefix + topic.name: frozenset(topic.event_types)
        for topic in load_topics().values()
        if topic.event_types and topic.name != "signals"
    }


def chosen(asked: Asked, settings: Settings, reasons: Callable[[], Iterable[str]], now: int) -> Chosen:
    """Return which letters are meant; `reasons` tells those that letters have, `now` is in microseconds.

    Raises LetterError or PlanError for a place, topic, reason or time that there cannot be.
    """
    if asked.place and asked != Asked(place=asked.place):
        raise LetterError("name one letter by its place, or several by options, not both")
    since = moment(asked.since, "--since", now, or_offset=False) if asked.since else None
    until = moment(asked.until, "--until", now, or_offset=False) if asked.until else None
    if since is not None and until is not None and since >= until:
        raise LetterError(f"--since {asked.since} does not come before --until {asked.until}: exchange them")
    if asked.reason and asked.reason not in REASONS:
        _require_reason(asked.reason, sorted({*REASONS, *reasons()}))
    return Chosen(
        reason=asked.reason,
        topic=_topic(asked.topic, settings) if asked.topic else "",
        account=asked.account,
        source=asked.source,
        since=since,
        until=until,
        at=place(asked.place, settings) if asked.place else None,
    )


def _require_reason(reason: str, known: list[str]) -> None:
    if reason not in known:
        close = get_close_matches(reason, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        raise LetterError(f"no record is refused for {reason!r}: {hint}")


def _topic(text: str, settings: Settings) -> str:
    known = event_types(settings)
    for name in (text, settings.topic_prefix + text):
        if name in known:
            return name
    raise LetterError(f"{text!r} is no topic of events: there are {', '.join(known)}")


def place(words: tuple[str, ...], settings: Settings) -> At:
    """Read TOPIC PARTITION OFFSET, or TOPIC-PARTITION@OFFSET in one word. Raises LetterError."""
    found = _PLACE.fullmatch(words[0]) if len(words) == 1 else None
    topic, partition, offset = found.groups() if found else words if len(words) == 3 else ("", "", "")  # noqa: PLR2004
    if not (topic and _number(partition, _MOST_PARTITION) and _number(offset, _MOST_OFFSET)):
        raise LetterError(f"{' '.join(words)!r} names no record: give TOPIC PARTITION OFFSET or TOPIC-PARTITION@OFFSET")
    return At(_topic(topic, settings), int(partition), int(offset))


def _number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most
