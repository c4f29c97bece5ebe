"""The input: `response_submitted` events as a survey tool would send them, the same for every contender.

One NPS answer each, shares of promoters, passives and detractors as in a large public airport survey (about 52, 35
and 13 %), a comment beside 30 % of them, accounts drawn evenly. Seeded: the same arguments give the same events.
"""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT_TYPE = "response_submitted"
ACCOUNTS = 10_000
COMMENT_SHARE = 0.3
SPACING_MICROS = 1_000
_SCORES = range(11)
_WEIGHTS = (1, 0, 0, 1, 1, 4, 6, 12, 23, 17, 35)
_COMMENTS = (
    "Quick and friendly.",
    "The invoice came twice and nobody could tell me which one to pay, otherwise all good.",
    (
        "It took three calls until somebody knew about our contract. The last person solved it within minutes, which "
        "shows that it can be done; please make the first call work like the last one."
    ),
    "Чудова підтримка, дякую!",
)


def responses(count: int, start_micros: int, *, seed: int = 1, accounts: int = ACCOUNTS) -> Iterator[dict[str, Any]]:
    """`count` events as field values of the contract; times are int microseconds UTC from `start_micros` on."""
    chance = random.Random(seed)
    for number in range(count):
        yield _response(chance, start_micros + number * SPACING_MICROS, f"acc-{chance.randrange(accounts):05d}")


def _response(chance: random.Random, at: int, account: str) -> dict[str, Any]:
    return {
        "event_id": _identity(chance),
        "account_id": account,
        "occurred_at": at,
        "source": "bench:1",
        "actor": "CUSTOMER",
        "response_id": _identity(chance),
        "survey_id": "relationship",
        "survey_version": 1,
        "contact_id": f"{account}-{chance.randrange(10)}",
        "submitted_at": at,
        "finished": True,
        "language": "en",
        "channel": "email",
        "answers": _answers(chance),
    }


def _answers(chance: random.Random) -> list[dict[str, Any]]:
    score = float(chance.choices(_SCORES, _WEIGHTS)[0])
    answers: list[dict[str, Any]] = [{"question_id": "recommend", "kind": "NPS", "number": score}]
    if chance.random() < COMMENT_SHARE:
        answers.append({"question_id": "why", "kind": "TEXT", "text": chance.choice(_COMMENTS)})
    return answers


def _identity(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
