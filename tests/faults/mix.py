"""What is fed: a seeded mix of events that correct, delete, repeat and contradict each other, and records that are bad.

Answers and invitations, subscriptions, invoices with their payments, tickets.

Every event has an id of its own, drawn from the seed. One account's events are in business order; nothing else is.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.faults.avro import Contract

ACCOUNTS = 200
SECOND = 1_000_000
_DAY = 86_400 * SECOND
_MONEY = {"currency": "USD", "exponent": 2}
_RECENT = 500
_SCORES = range(11)
_WEIGHTS = (1, 0, 0, 1, 1, 4, 6, 12, 23, 17, 35)
SHARES = {
    "response": 26,
    "invitation": 7,
    "progress": 7,
    "correction": 5,
    "deletion": 3,
    "account": 3,
    "subscription": 6,
    "change": 5,
    "end": 2,
    "invoice": 5,
    "payment": 4,
    "ticket": 5,
    "work": 7,
    "solve": 3,
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
    "other_partition",
    "score_eleven",
    "no_uuid",
)
OTHER_PARTITION = "poison other_partition"
"""Kind of the pieces that belong on any partition but their key's."""


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
        self._subscribed: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self._owed: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self._asked: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self._recent: deque[tuple[Piece, str, dict[str, Any]]] = deque(maxlen=_RECENT)
        self._poisoned = 0

    def pieces(self, count: int, shares: Mapping[str, int] = SHARES) -> Iterator[Piece]:
        """So many pieces, drawn by their shares."""
        kinds, weights = tuple(shares), tuple(shares.values())
        for _ in range(count):
            self._now += 1_000
            yield getattr(self, f"_{self._chance.choices(kinds, weights)[0]}")()

    def until(self, over: threading.Event, least: int, at_a_time: int) -> Iterator[Piece]:
        """So many pieces at the least, and then as many more, some at a time, as come before `over` is set."""
        yield from self.pieces(least)
        while not over.is_set():
            yield from self.pieces(at_a_time)

    def poison(self, count: int) -> Iterator[Piece]:
        """Bad records only, the eleven kinds in turn."""
        for _ in range(count):
            yield self._poison()

    def flood(self, count: int) -> Iterator[Piece]:
        """Bad records of one sender that can be read, such as one with a wrong mapping: scores beyond the scale."""
        for _ in range(count):
            yield self._spoilt("score_eleven")

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

    def _later(self, begun: dict[str, Any], name: str) -> dict[str, Any]:
        """The envelope of a later event of the entity that `begun` has begun; `name` is the field that names it."""
        return self._envelope(begun["account_id"]) | {name: begun[name]}

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
        fields = self._later(sent, "invitation_id")
        return self._piece(event_type, "progress", fields)

    def _taken(self, pool: deque[dict[str, Any]]) -> dict[str, Any] | None:
        """What began some entity that is still open, and now something will end it."""
        if not pool:
            return None
        place = self._chance.randrange(len(pool))
        fields = pool[place]
        del pool[place]
        return fields

    def _correction(self) -> Piece:
        said = self._taken(self._live)
        if said is None:
            return self._response()
        fields = self._later(said, "response_id") | {"answers": self._answers()}
        return self._piece("response_corrected", "correction", fields)

    def _deletion(self) -> Piece:
        said = self._taken(self._live)
        if said is None:
            return self._response()
        fields = self._later(said, "response_id")
        return self._piece("response_deleted", "deletion", fields)

    def _state(self, plan: str) -> dict[str, Any]:
        """What a subscription brings in a month from now on: whole cents, one item."""
        item = {"item_id": "1", "plan_id": plan, "quantity": self._chance.randint(1, 9), "interval": "MONTH"}
        return {
            "status": "ACTIVE",
            "items": [item | {"unit_amount": self._chance.randrange(500, 50_000)}],
            **_MONEY,
            "period_start": self._now,
            "period_end": self._now + 30 * _DAY,
            "effective_at": self._now,
        }

    def _subscription(self) -> Piece:
        fields = self._envelope() | {"subscription_id": self._uuid()} | self._state("basic")
        self._subscribed.append(fields)
        return self._piece("subscription_started", "subscription", fields)

    def _change(self) -> Piece:
        if not self._subscribed:
            return self._subscription()
        begun = self._chance.choice(self._subscribed)
        fields = self._later(begun, "subscription_id") | {"change_kind": "PLAN"} | self._state("pro")
        return self._piece("subscription_changed", "change", fields)

    def _end(self) -> Piece:
        begun = self._taken(self._subscribed)
        if begun is None:
            return self._subscription()
        ended = {"effective_at": self._now, "ends_at": self._now, "reason": "VOLUNTARY"}
        fields = self._later(begun, "subscription_id") | ended
        return self._piece("subscription_ended", "end", fields)

    def _invoice(self) -> Piece:
        owed = {"issued_at": self._now, "due_at": self._now + 14 * _DAY, "total": self._chance.randrange(1_000, 90_000)}
        fields = self._envelope() | {"invoice_id": self._uuid()} | owed | _MONEY
        self._owed.append(fields)
        return self._piece("invoice_issued", "invoice", fields)

    def _payment(self) -> Piece:
        """Half of an invoice, or more than all of it; an invoice may be paid several times."""
        if not self._owed:
            return self._invoice()
        owed = self._chance.choice(self._owed)
        paid = {
            "payment_id": self._uuid(),
            "amount": owed["total"] // 2 + self._chance.choice((0, 0, owed["total"])),
            "paid_at": self._now,
        }
        fields = self._later(owed, "invoice_id") | paid | _MONEY
        return self._piece("invoice_paid", "payment", fields)

    def _ticket(self) -> Piece:
        fields = self._envelope() | {"ticket_id": self._uuid(), "channel": "email", "priority": "normal"}
        self._asked.append(fields)
        return self._piece("ticket_opened", "ticket", fields)

    def _work(self) -> Piece:
        """A message from either side, or another status."""
        if not self._asked:
            return self._ticket()
        asked = self._chance.choice(self._asked)
        fields = self._later(asked, "ticket_id")
        if self._chance.random() < 0.3:
            status = self._chance.choice(("OPEN", "PENDING", "HOLD"))
            return self._piece("ticket_status_changed", "work", fields | {"to_status": status})
        author = self._chance.choice(("REQUESTER", "AGENT"))
        return self._piece("message_added", "work", fields | {"message_id": self._uuid(), "author_type": author})

    def _solve(self) -> Piece:
        asked = self._taken(self._asked)
        if asked is None:
            return self._ticket()
        fields = self._later(asked, "ticket_id")
        return self._piece("ticket_solved", "solve", fields)

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
        self._poisoned += 1
        return self._spoilt(POISON[(self._poisoned - 1) % len(POISON)])

    def _spoilt(self, kind: str) -> Piece:
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
