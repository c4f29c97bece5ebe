"""What is fed: a seeded mix of events that correct, delete, repeat and contradict each other, and records that are bad.

Every event has an id of its own, drawn from the seed. One account's events are in business order; nothing else is.
"""

from __future__ import annotations

import random
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.faults.avro import Contract

ACCOUNTS = 200
SECOND = 1_000_000
_RECENT = 500
_SCORES = range(11)
_WEIGHTS = (1, 0, 0, 1, 1, 4, 6, 12, 23, 17, 35)
SHARES = {
    "response": 50,
    "invitation": 12,
    "progress": 12,
    "correction": 8,
    "deletion": 3,
    "account": 3,
    "duplicate": 9,
    "conflict": 1,
    "poison": 2,
}
GOOD = {kind: share for kind, share in SHARES.items() if kind not in ("conflict", "poison")}
POISON = (
    "empty",
    "json_text",
    "never_released",
    "cut_short",
    "one_byte_more",
    "wrong_topic",
    "no_key",
    "other_key",
    "score_eleven",
    "no_uuid",
)


class Piece(NamedTuple):
    """One record to produce: short topic name, key, value, and what it is of the shares above."""

    topic: str
    key: bytes | None
    value: bytes | None
    kind: str


class Mix:
    """An endless stream of pieces. `start` is the business time of the first (microseconds since 1970, UTC)."""

    def __init__(self, seed: int, start: int) -> None:
        self._chance = random.Random(seed)
        self._contract = Contract()
        self._now = start
        self._live: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self._invited: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self._recent: deque[tuple[Piece, str, dict[str, Any]]] = deque(maxlen=_RECENT)
        self._poisoned = 0

    def pieces(self, count: int, shares: Mapping[str, int] = SHARES) -> Iterator[Piece]:
        """So many pieces, drawn by their shares."""
        kinds, weights = tuple(shares), tuple(shares.values())
        for _ in range(count):
            self._now += 1_000
            yield getattr(self, f"_{self._chance.choices(kinds, weights)[0]}")()

    def poison(self, count: int) -> Iterator[Piece]:
        """Bad records only, the ten kinds in turn."""
        for _ in range(count):
            yield self._poison()

    def _piece(self, event_type: str, kind: str, fields: dict[str, Any]) -> Piece:
        key = fields["account_id"].encode()
        piece = Piece(self._contract.topic_of[event_type], key, self._contract.encode(event_type, fields), kind)
        self._recent.append((piece, event_type, fields))
        return piece

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def _envelope(self, account: str | None = None) -> dict[str, Any]:
        return {
            "event_id": self._uuid(),
            "account_id": account or f"acc-{self._chance.randrange(ACCOUNTS):04d}",
            "occurred_at": self._now,
            "source": "faults:1",
        }

    def _answers(self) -> list[dict[str, Any]]:
        score = float(self._chance.choices(_SCORES, _WEIGHTS)[0])
        answers: list[dict[str, Any]] = [{"question_id": "recommend", "kind": "NPS", "number": score}]
        if self._chance.random() < 0.2:
            answers.append({"question_id": "why", "kind": "TEXT", "text": "Took three calls."})
        return answers

    def _submission(self) -> dict[str, Any]:
        return self._envelope() | {
            "response_id": self._uuid(),
            "survey_id": "relationship",
            "survey_version": 1,
            "submitted_at": self._now,
            "answers": self._answers(),
        }

    def _response(self) -> Piece:
        fields = self._submission()
        self._live.append(fields)
        return self._piece("response_submitted", "response", fields)

    def _invitation(self) -> Piece:
        fields = self._envelope() | {"invitation_id": self._uuid(), "survey_id": "relationship", "channel": "email"}
        self._invited.append(fields)
        return self._piece("invitation_sent", "invitation", fields)

    def _progress(self) -> Piece:
        if not self._invited:
            return self._invitation()
        sent = self._chance.choice(self._invited)
        event_type = self._chance.choice(("invitation_delivered", "invitation_opened", "invitation_bounced"))
        fields = self._envelope(sent["account_id"]) | {"invitation_id": sent["invitation_id"]}
        return self._piece(event_type, "progress", fields)

    def _taken(self) -> dict[str, Any] | None:
        """A response that nothing has corrected or deleted yet, and now something will."""
        if not self._live:
            return None
        place = self._chance.randrange(len(self._live))
        fields = self._live[place]
        del self._live[place]
        return fields

    def _correction(self) -> Piece:
        said = self._taken()
        if said is None:
            return self._response()
        fields = self._envelope(said["account_id"]) | {"response_id": said["response_id"], "answers": self._answers()}
        return self._piece("response_corrected", "correction", fields)

    def _deletion(self) -> Piece:
        said = self._taken()
        if said is None:
            return self._response()
        fields = self._envelope(said["account_id"]) | {"response_id": said["response_id"]}
        return self._piece("response_deleted", "deletion", fields)

    def _account(self) -> Piece:
        return self._piece("account_upserted", "account", self._envelope() | {"name": self._uuid()[:8]})

    def _duplicate(self) -> Piece:
        if not self._recent:
            return self._response()
        return self._chance.choice(self._recent)[0]._replace(kind="duplicate")

    def _conflict(self) -> Piece:
        if not self._recent:
            return self._response()
        piece, event_type, fields = self._chance.choice(self._recent)
        other = fields | {"actor": "AGENT" if fields.get("actor") != "AGENT" else "BOT"}
        return piece._replace(value=self._contract.encode(event_type, other), kind="conflict")

    def _poison(self) -> Piece:
        kind = POISON[self._poisoned % len(POISON)]
        self._poisoned += 1
        fields = self._submission()
        if kind == "score_eleven":
            fields["answers"][0]["number"] = 11.0
        if kind == "no_uuid":
            fields["event_id"] = "no uuid"
        value: bytes | None = self._contract.encode("response_submitted", fields)
        key: bytes | None = fields["account_id"].encode()
        assert value is not None
        spoiled: dict[str, bytes | None] = {
            "empty": None,
            "json_text": b'{"event_id": "1"}',
            "never_released": value[:2] + b"\0" * 8 + value[10:],
            "cut_short": value[:-3],
            "one_byte_more": value + b"\0",
        }
        keys = {"no_key": None, "other_key": b"somebody-else"}
        topic = "reference" if kind == "wrong_topic" else "survey"
        return Piece(topic, keys.get(kind, key), spoiled.get(kind, value), f"poison {kind}")
