"""One dead letter, or any other record of a source topic, with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra import wiring
from infra.letters.choosing import LetterError
from infra.letters.judging import ERASED, Judged, judge, records
from infra.letters.withholding import Withheld, hidden
from schemas.claims import Look, look
from sinks import letters, sql
from sinks.letters import At, Chosen
from streams.live.fold.partitioner import home, misplaced
from streams.replay.letters import Refused, copies, originals
from streams.replay.verdict import Verdict

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.settings import Settings
    from streams.replay.log import Log


class Shown(msgspec.Struct, frozen=True):
    """A letter, its record (None where no topic has it), what its copy's headers tell, and what its bytes say.

    `withheld` says that all but its place and reason is left out, because its account has erased subjects. `standing`
    says of a record that is no letter what became of it; it is empty for a letter.
    """

    judged: Judged
    record: Refused | None
    told: dict[str, str]
    seen: Look
    withheld: bool = False
    standing: str = ""


def show(settings: Settings, chosen: Chosen) -> Shown:
    """Find the record and read it: a letter, or one that is none, such as the one at which a worker stopped.

    Raises LetterError where there is no record, LogError where Kafka is silent.
    """
    with wiring.clickhouse(settings) as client, wiring.replay_log(settings, at_once=500) as log:
        known, standing = letters.found(client, wiring.warehouse(settings), chosen), ""
        if not known and chosen.at is not None:
            known, standing = [_other(log, chosen.at)], _standing(client, settings, chosen.at)
        ((letter, record),) = records(settings, log, known)
        (judged,) = judge(settings, client, log, [letter])
        if standing and record is not None:
            judged = _where_it_stands(log, judged, record.key)
        told = {} if standing else _told(settings, log, letter)
        withheld = Withheld(settings, client)
    registry, topic = wiring.registry(settings), letter.at.topic.removeprefix(settings.topic_prefix)
    seen = look(record.value if record else None, registry, topic)
    if withheld.covers(letter, seen):
        return Shown(Judged(hidden(letter), ERASED), None, {}, look(None), True, standing)
    return Shown(judged, record, told, seen, standing=standing)


def _other(log: Log, at: At) -> letters.Known:
    """Return a record that is no letter in the form of one. Raises LetterError where there is none."""
    place = (at.topic, at.partition)
    bounds = log.bounds([at.topic])
    if place not in bounds:
        raise LetterError(f"{at.topic} has no partition {at.partition}: it has {len(bounds)}")
    low, high = bounds[place].low, bounds[place].high
    if not low <= at.offset < high:
        raise LetterError(f"there is no record at {at}: {at.topic}-{at.partition} has those from {low} to {high - 1}")
    record = next(iter(originals(log, place, [at.offset], low)))
    key, size = (record.key or b"").decode(errors="replace"), len(record.value or b"")
    return letters.Known(at, key, "", "", record.timestamp_ms * 1000, size, "open", "", "", "", None)


def _standing(client: Client, settings: Settings, at: At) -> str:
    """Say what became of a record that is no letter."""
    place = {"topic": at.topic, "partition": at.partition, "offset": at.offset}
    where = "topic = %(topic)s AND partition = %(partition)s"
    found = client.execute(
        f"SELECT countIf(offset = %(offset)s), countIf(offset > %(offset)s)"  # noqa: S608
        f" FROM {sql.name(settings.database)}.event WHERE {where}",
        place,
    )
    exact, beyond = found[0]
    if exact:
        return "taken in"
    if beyond:
        return "a repetition of an event that was taken in"
    return "not taken in: no later record of its partition was, either"


def _where_it_stands(log: Log, judged: Judged, key: bytes | None) -> Judged:
    """Judge a record on its own partition: a letter is judged where a redrive would send it."""
    at, count = judged.letter.at, len(log.bounds([judged.letter.at.topic]))
    if not key or home(key, count) == at.partition or judged.verdict.answer != "accepted":
        return judged
    reason, detail = misplaced(key, at.partition, count)
    return Judged(judged.letter, Verdict("refused", reason, detail, judged.verdict.event))


def _told(settings: Settings, log: Log, letter: letters.Known) -> dict[str, str]:
    """Return what the letter's copy on the dead-letter topic tells of the refusal."""
    place = (letter.at.topic, letter.at.partition, letter.at.offset)
    found = copies(log, f"{settings.topic_prefix}dead-letters", [place], letter.ingested_at)
    return next((told for _, told in found), {})
