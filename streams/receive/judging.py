"""Judges events that were posted as JSON, each by the whole contract, as emitters do before they send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.errors import InvalidEventError
from streams.emit.admission import RefusedEventError, admitted, topic_of
from streams.ingest.raw import SealedRecord
from streams.receive.event_json import TYPE, ContractError, objects, timed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.codec import Codec


class RefusedLine(NamedTuple):
    """An event that was not taken; `line` counts from 1, reason and detail are those of a dead letter."""

    line: int
    event_id: str | None
    reason: str
    detail: str


class Verdict(NamedTuple):
    """What may be stored, each with the short name of its topic, and what may not."""

    accepted: list[tuple[str, SealedRecord]]
    refused: list[RefusedLine]


def lines_of(body: bytes) -> Iterable[tuple[int, bytes]]:
    """Yield the lines that hold something, each with its number from 1."""
    return ((number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip())


def judged(codec: Codec, source: str, lines: Iterable[tuple[int, bytes]], now: int) -> Verdict:
    """Judge the events of one sender, whose `source` all of them have, as if they were stored `now` (microseconds).

    Raises RegistryUnavailableError where a configured registry does not answer.
    """
    verdict = Verdict([], [])
    for number, line in lines:
        event_id: str | None = None
        try:
            event_type, fields = _read(line)
            given = fields.get("event_id")
            event_id = given[:64] if isinstance(given, str) else None
            _require_own(event_type, fields, source)
            value = admitted(codec, event_type, timed(event_type, fields), now)
            record = SealedRecord(fields["account_id"].encode(), value, ())
            verdict.accepted.append((topic_of(event_type), record))
        except RefusedEventError as error:
            verdict.refused.append(RefusedLine(number, event_id, error.reason, error.detail))
        except InvalidEventError as error:
            verdict.refused.append(RefusedLine(number, event_id, "invalid_field", str(error)))
        except ContractError as error:
            verdict.refused.append(RefusedLine(number, event_id, "unreadable", str(error).removeprefix("line 1: ")))
    return verdict


def _require_own(event_type: str, fields: dict[str, Any], source: str) -> None:
    """Fill in the source of an event that names none; raises RefusedEventError where it is another's."""
    if fields.setdefault("source", source) != source:
        raise RefusedEventError(event_type, "foreign_source", f"this token is for events of {source}")


def _read(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        found = list(objects(line.decode("utf-8")))
    except UnicodeDecodeError:
        raise ContractError("holds bytes that are not UTF-8") from None
    if len(found) != 1:
        raise ContractError("one event is wanted, as a JSON object")
    fields = found[0][1]
    event_type = fields.pop(TYPE, None)
    if not isinstance(event_type, str):
        raise ContractError(f"no {TYPE} says which event it is")
    return event_type, fields
