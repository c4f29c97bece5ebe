"""Translators over the sources file: the group that goes on by itself, and one that goes over raw topics again."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infra import sources, wiring
from infra.sources import SourcesError
from streams.ingest.raw import TOPIC
from streams.ingest.vendors.registry import TRANSLATORS, problem_of_options
from streams.live.engine.clients import transactional_producer
from streams.live.errors import EngineStopped
from streams.translating.counting import Counts
from streams.translating.judging import Judging, Source
from streams.translating.letters import Letter, letters_of
from streams.translating.runner import Runner
from streams.translating.transacting import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra.settings import Settings
    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.settings import EngineSettings
    from streams.replay.log import Bounds, Log, Place
    from streams.translating.judging import Record

UNDERSTOOD = "understood"
"""Said of a letter that the present code would translate, or has: `--again` does."""
_GROUP = "translate"
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
_AT_ONCE = 500
_PATIENCE_S = 10.0
"""Longest time to a stop that is asked for while Kafka is away."""
log = logging.getLogger(__name__)


class Translators:
    """Translators of the sources file, ready for work; `topics` are the raw topics under their full names.

    Raises SourcesError for a file that is wrong.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str], vendor: str = "") -> None:
        raw = f"{settings.topic_prefix}{TOPIC}"
        found: dict[tuple[str, str], Source] = {}
        problems: list[str] = []
        for each in sources.load(settings.sources, environment, with_secrets=False):
            instance = each.instance
            translate = TRANSLATORS.get(instance.vendor)
            if translate is None:
                log.warning("%s: nobody translates what it sends; it stays on its raw topic", instance.source)
            elif vendor in ("", instance.vendor):
                found[raw + instance.vendor, instance.name] = Source(instance, each.keys, translate)
                if (problem := problem_of_options(instance)) is not None:
                    problems.append(f"{settings.sources}: {instance.vendor}.{instance.name}.options: {problem}.")
        if problems:
            raise SourcesError(problems)
        if not found:
            known = ", ".join(sorted(TRANSLATORS))
            meant = vendor or "any vendor that is translated"
            raise SourcesError([f"{settings.sources} has no source of {meant}: there are translators of {known}."])
        self.topics = sorted({topic for topic, _ in found})
        self.judging = Judging(found, wiring.codec(settings), raw)


def engine_settings(settings: Settings, member: str = "") -> EngineSettings:
    """Return names and times for the clients: a group of its own beside the workers'.

    A broker that is away is said once, by whoever begins anew, and not by the client library at each attempt.
    """
    told = wiring.engine_settings(settings, member=member, patience_seconds=_PATIENCE_S)
    quiet = {**told.client, "log_level": "2", "reconnect.backoff.max.ms": "2000"}
    return msgspec.structs.replace(told, group=f"{settings.group}-{_GROUP}", client=quiet)


def follow(
    settings: Settings,
    translators: Translators,
    counts: Counts,
    *,
    member: str,
    until_end: bool,
    stopped: Callable[[], bool],
    crash: CrashHook,
) -> None:
    """Translate what comes until `stopped` says so, or with `until_end` until everything that there was is done.

    Where Kafka goes away, it begins anew once that is back: nothing is lost and nothing is told twice.
    """
    failures = 0
    while not stopped():
        try:
            runner = _runner(settings, translators, counts, member, crash)
            try:
                while not stopped():
                    done = runner.turn()
                    failures = 0
                    if done and until_end:
                        return
            finally:
                runner.close()
        except EngineStopped as error:
            pause = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            failures += 1
            log.warning("%s; beginning anew in %g s from what is committed", error, pause)
            _wait(pause, stopped)


def _runner(settings: Settings, translators: Translators, counts: Counts, member: str, crash: CrashHook) -> Runner:
    told = engine_settings(settings, member)
    return Runner(told, translators.topics, translators.judging, counts, clock=wiring.clock, crash=crash)


def _wait(seconds: float, stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopped():
        time.sleep(0.1)


def again(
    settings: Settings,
    translators: Translators,
    counts: Counts,
    *,
    since: int | None,
    show: Callable[[str], None] = lambda _: None,
) -> None:
    """Translate all that the raw topics hold once more, from a time (microseconds) on; what it tells again is known.

    Letters whose records are gone from there are gone over, too. The group's own place is left where it is, and what is
    still not understood waits where it waits. Raises LogError or EngineStopped; whatever was done by then is only
    repeated the next time.
    """
    told = engine_settings(settings)
    with wiring.replay_log(settings, at_once=_AT_ONCE) as raw:
        transactions = Transactions(transactional_producer(told), told, clock=wiring.clock, crash=lambda _: None)

        def take(batch: Sequence[Record]) -> None:
            now = wiring.clock()
            judged = [(record, translators.judging.judge(record, now)) for record in batch]
            transactions.commit(judged, letters=False)
            for _, outcome in judged:
                counts.add(outcome)

        held = raw.bounds(translators.topics)
        for place, bounds in sorted(held.items()):
            for batch in raw.read(place, _start(raw, place, bounds, since), bounds.high):
                take(batch)
                show(f"{place[0]}-{place[1]}: up to offset {batch[-1].offset():,} of {bounds.high - 1:,}")
        lows = {place: bounds.low for place, bounds in held.items()}
        gone = [each for each in _letters(settings, translators, raw) if each.at < lows.get(each.place[:2], 0)]
        meant = [each for each in gone if since is None or each.stored_ms * 1000 >= since]
        for first in range(0, len(meant), _AT_ONCE):
            take(meant[first : first + _AT_ONCE])


def _start(raw: Log, place: Place, bounds: Bounds, since: int | None) -> int:
    if since is None:
        return bounds.low
    found = raw.at(place, since)
    return bounds.high if found is None else max(found, bounds.low)


class Waits(NamedTuple):
    """Letters of one source that were refused for one reason; `now` says what the present code makes of them.

    `detail` is what is wrong with the newest, by the present code or, where that understands it, by the former one.
    """

    source: str
    reason: str
    now: str
    letters: int
    newest: str
    detail: str


def waiting(settings: Settings, translators: Translators) -> list[Waits]:
    """Count the letters of raw topics by source and reason, and judge each by the present code. Raises LogError."""
    found: dict[tuple[str, str, str], list[tuple[Letter, str]]] = {}
    with wiring.replay_log(settings, at_once=_AT_ONCE) as log_of_letters:
        for each in _letters(settings, translators, log_of_letters):
            now, detail = translators.judging.judge(each, wiring.clock()).refused or (UNDERSTOOD, each.detail)
            found.setdefault((each.source, each.reason, now), []).append((each, detail))
    newest = {group: max(several, key=_age) for group, several in found.items()}
    return [Waits(*group, len(found[group]), _named(each), detail) for group, (each, detail) in sorted(newest.items())]


def _age(told: tuple[Letter, str]) -> int:
    return told[0].stored_ms


def _named(letter: Letter) -> str:
    return f"{letter.of}-{letter.number}@{letter.at}"


def _letters(settings: Settings, translators: Translators, log_of_letters: Log) -> list[Letter]:
    """Return the letters of the translators' topics, each once, though it was refused more often."""
    topic, known = f"{settings.topic_prefix}dead-letters", dict[tuple[str, int, int], Letter]()
    for place, bounds in sorted(log_of_letters.bounds([topic]).items()):
        for batch in log_of_letters.read(place, bounds.low, bounds.high):
            found = letters_of(batch, f"{settings.topic_prefix}{TOPIC}")
            known |= {each.place: each for each in found if each.of in translators.topics}
    return list(known.values())
