"""One dead letter with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra import wiring
from infra.letters.choosing import LetterError
from infra.letters.judging import ERASED, Judged, judge, records
from infra.letters.withholding import Withheld
from schemas.claims import Look, look
from sinks import letters
from sinks.letters import Chosen
from streams.replay.letters import Refused, copies

if TYPE_CHECKING:
    from infra.settings import Settings
    from streams.replay.log import Log


class Shown(msgspec.Struct, frozen=True):
    """A letter, its record (None where no topic has it), what its copy's headers tell, and what its bytes say.

    `withheld` says that all but its place and reason is left out, because its account has erased subjects.
    """

    judged: Judged
    record: Refused | None
    told: dict[str, str]
    seen: Look
    withheld: bool = False


def show(settings: Settings, chosen: Chosen) -> Shown:
    """Find the letter and read it. Raises LetterError where none is meant, LogError where Kafka is silent."""
    with wiring.clickhouse(settings) as client, wiring.replay_log(settings, at_once=500) as log:
        known = letters.found(client, wiring.warehouse(settings), chosen)
        if not known:
            raise LetterError(f"there is no dead letter at {chosen.at}: `cx dead-letters list` names some")
        ((letter, record),) = records(settings, log, known)
        (judged,) = judge(settings, client, log, [letter])
        told = _told(settings, log, letter)
        withheld = Withheld(settings, client)
    registry, topic = wiring.registry(settings), letter.at.topic.removeprefix(settings.topic_prefix)
    seen = look(record.value if record else None, registry, topic)
    if withheld.covers(letter, seen):
        return Shown(Judged(msgspec.structs.replace(letter, detail=""), ERASED), None, {}, look(None), withheld=True)
    return Shown(judged, record, told, seen)


def _told(settings: Settings, log: Log, letter: letters.Known) -> dict[str, str]:
    """Return what the letter's copy on the dead-letter topic tells of the refusal."""
    place = (letter.at.topic, letter.at.partition, letter.at.offset)
    found = copies(log, f"{settings.topic_prefix}dead-letters", [place], letter.ingested_at)
    return next((told for _, told in found), {})
