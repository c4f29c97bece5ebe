"""Open letters held against the code as it is now: what would become of each if it were sent again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from infra import wiring
from infra.letters.choosing import event_types
from sinks import letters, replays
from sinks.letters import At, Known
from streams.replay.letters import Refused, copies, originals
from streams.replay.verdict import Judge, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from clickhouse_driver import Client

    from infra.settings import Settings
    from streams.replay.log import Log

ERASED = Verdict("erased", "erased", "its account has erased subjects, which must not come back")
_GONE = Verdict("gone", "gone", "neither its topic nor the dead-letter topic has it any more")


class Judged(msgspec.Struct, frozen=True):
    """A letter and what would become of it."""

    letter: Known
    verdict: Verdict


def records(settings: Settings, log: Log, known: Sequence[Known]) -> Iterator[tuple[Known, Refused | None]]:
    """Yield the letters with their bytes, None for those that no topic has; partition by partition. Raises LogError."""
    by_place: dict[tuple[str, int], dict[int, Known]] = defaultdict(dict)
    for letter in known:
        by_place[letter.at.topic, letter.at.partition][letter.at.offset] = letter
    bounds = log.bounds(sorted({topic for topic, _ in by_place})) if by_place else {}
    missing: list[Known] = []
    for place, wanted in sorted(by_place.items()):
        low = bounds[place].low if place in bounds else max(wanted) + 1
        missing.extend(letter for offset, letter in wanted.items() if offset < low)
        for found in originals(log, place, wanted, low):
            yield wanted[found.offset], found
    yield from _copied(settings, log, missing)


def _copied(settings: Settings, log: Log, missing: Sequence[Known]) -> Iterator[tuple[Known, Refused | None]]:
    if not missing:
        return
    left = {(letter.at.topic, letter.at.partition, letter.at.offset): letter for letter in missing}
    topic = f"{settings.topic_prefix}dead-letters"
    for found, _ in copies(log, topic, list(left), min(letter.ingested_at for letter in missing)):
        yield left.pop((found.topic, found.partition, found.offset)), found
    for letter in left.values():
        yield letter, None


def judge(
    settings: Settings,
    client: Client,
    log: Log,
    known: Sequence[Known],
    show: Callable[[int], None] = lambda _: None,
) -> list[Judged]:
    """Judge every letter, in the order of the log; `show` hears how many are done. Raises LogError."""
    judge_, now = Judge(wiring.codec(settings), event_types(settings)), wiring.clock()
    found: list[Judged] = []
    for letter, refused in records(settings, log, known):
        verdict = _GONE
        if refused is not None:
            verdict = judge_.judge(letter.at.topic, refused.key, refused.value, letter.reason, now)
        found.append(Judged(letter, verdict))
        if len(found) % 1_000 == 0:
            show(len(found))
    known_events = _already(settings, client, found)
    erased = _erased(settings, client, found)
    return sorted((_revised(each, known_events, erased) for each in found), key=lambda each: each.letter.at)


def _already(settings: Settings, client: Client, found: Iterable[Judged]) -> dict[tuple[str, str, str], At]:
    """Return the events among the readable ones that were taken in from another place of the log."""
    events = {each.verdict.event for each in found if each.verdict.event is not None}
    return letters.taken_in(client, wiring.warehouse(settings), events)


def _erased(settings: Settings, client: Client, found: Iterable[Judged]) -> frozenset[str]:
    accounts = {each.letter.account_key for each in found}
    accounts |= {each.verdict.event[0] for each in found if each.verdict.event is not None}
    gone = replays.erased(client, wiring.warehouse(settings), sorted(accounts)) if accounts else []
    return frozenset(each.account_id for each in gone)


def _revised(each: Judged, known: dict[tuple[str, str, str], At], erased: frozenset[str]) -> Judged:
    event, verdict = each.verdict.event, each.verdict
    if each.letter.account_key in erased or (event is not None and event[0] in erased):
        verdict = msgspec.structs.replace(ERASED, event=event)
    elif event in known and verdict.answer in ("accepted", "undecided"):
        assert event is not None
        verdict = Verdict("there already", "there already", f"its event was taken in from {known[event]}", event)
    return Judged(each.letter, verdict)
