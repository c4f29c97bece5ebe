"""The demonstration's records as they are sent: all accounts at once, some twice, some late, a few unusable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec

from infra.demo import (
    board,
    catching_up,
    desk,
    judging,
    media,
    merging,
    present,
    renewing,
    sharing,
    subscribing,
    using,
    welcoming,
    work,
)  # fmt: skip
from infra.demo.settling import payouts
from infra.demo.story import tell
from infra.demo.voice import Told
from infra.demo.world import ACCOUNTS, DAY, SOURCE, START
from streams.emit.admission import topic_of

SEED = 20250106
_LATE, _TWICE = 0.1, 0.05

Encode = Callable[[str, dict[str, Any]], bytes]


class Message(msgspec.Struct, frozen=True):
    """One record. ``fault`` says why it belongs among the dead letters and is empty for a good one."""

    topic: str
    key: bytes | None
    value: bytes
    kind: str
    fields: dict[str, Any]
    fault: str = ""


def _late(stories: list[list[Told]], chance: Random) -> list[tuple[int, Told]]:
    """Return (when it is sent, event): a tenth comes up to two days late, every twentieth a second time."""
    sent = []
    for told in (told for story in stories for told in story):
        at = told[1]["occurred_at"] + (chance.randrange(2 * DAY) if chance.random() < _LATE else 0)
        sent.append((at, told))
        if chance.random() < _TWICE:
            sent.append((at + chance.randrange(5 * DAY), told))
    return sorted(sent, key=lambda pair: (pair[0], pair[1][1]["event_id"]))


def _good(told: Told, encode: Encode) -> Message:
    kind, fields = told
    return Message(topic_of(kind), fields["account_id"].encode(), encode(kind, fields), kind, fields)


def _response(account: str, number: int, **changed: Any) -> dict[str, Any]:
    at = START + number * DAY
    answer = {"question_id": "recommend", "kind": "NPS", "number": 0.0}
    fields = {
        "event_id": f"00000000-0000-4000-8000-{number:012d}", "account_id": account, "occurred_at": at,
        "source": SOURCE, "response_id": f"{account}-bad-{number}", "survey_id": "demo-relationship",
        "survey_version": 1, "submitted_at": at, "answers": [answer],
    }  # fmt: skip
    return {**fields, **changed}


def _bad_invoice(number: int, fault: str, encode: Encode, **changed: Any) -> Message:
    account, at = ACCOUNTS[0].id, START + number * DAY
    fields = {
        "event_id": f"00000000-0000-4000-8000-{number:012d}", "account_id": account, "occurred_at": at,
        "source": SOURCE, "invoice_id": f"{account}-bad-{number}", "issued_at": at, "total": 100, "currency": "EUR",
        "exponent": 2, **changed,
    }  # fmt: skip
    return Message("billing", account.encode(), encode("invoice_issued", fields), "invoice_issued", fields, fault)


def _bad(twin: Told, encode: Encode) -> Iterator[Message]:
    """Yield one record of each fault that a pipeline meets; ``twin`` is a good event that was sent before."""
    kind, account = "response_submitted", ACCOUNTS[0].id
    whole, key = encode(kind, _response(account, 1)), account.encode()

    def raw(value: bytes, fault: str, key: bytes | None = key) -> Message:
        return Message("survey", key, value, "", {}, fault)

    def wrong(number: int, fault: str, key: bytes = key, **changed: Any) -> Message:
        fields = _response(account, number, **changed)
        return Message("survey", key, encode(kind, fields), kind, fields, fault)

    yield raw(b"", "an empty value")
    yield raw(b'{"score": 9}', "JSON instead of a frame")
    yield raw(b"\xc3\x01" + bytes(8) + whole[10:], "the fingerprint of no known schema")
    yield raw(whole[:-5], "a record cut short")
    yield raw(whole + b"\x00\x00", "bytes after the record")
    yield raw(whole, "no key", None)
    yield wrong(2, "the key of another account", ACCOUNTS[1].id.encode())
    yield wrong(3, "a time in the far future", occurred_at=32_503_680_000_000_000)
    yield wrong(4, "an NPS answer of 11", answers=[{"question_id": "recommend", "kind": "NPS", "number": 11.0}])
    yield wrong(5, "an id that is no UUID", event_id="bad-5")
    yield _bad_invoice(6, "lines that do not add up", encode, lines=[{"line_id": "l1", "amount": 1}])
    yield _bad_invoice(7, "a currency without its three capitals", encode, currency="dollars")
    fields = {**twin[1], "source": SOURCE, "language": "fr"}
    yield Message("survey", fields["account_id"].encode(), encode(twin[0], fields), twin[0], fields,
                  "an id used before for other content")  # fmt: skip


def messages(encode: Encode, seed: int = SEED, day: dt.date | None = None) -> list[Message]:
    """Return every record in the order of sending; the same seed and day give the same bytes.

    The past, which is early in 2025, is the same on every day. Behind it come the weeks before ``day``, where one is
    given. ``encode`` frames an event of a type; the account's id is the key. Raises ValueError for too early a day.
    """
    chance = Random(seed)  # noqa: S311  # the demonstration must be repeatable
    money = [subscribing.tell(account, seed) for account in ACCOUNTS]
    surveys = [tell(account, seed) for account in ACCOUNTS]
    tickets = [desk.tell(account, seed) for account in ACCOUNTS]
    contracts = [renewing.tell(account, seed) for account in ACCOUNTS]
    welcomes = [welcoming.tell(account, seed) for account in ACCOUNTS]
    done = [work.settings(seed), *(work.tell(account, seed) for account in ACCOUNTS)]
    judged = [judging.tell(account, seed) for account in ACCOUNTS]
    used = [using.tell(account, seed) for account in ACCOUNTS]
    shared = [sharing.tell(account, seed) for account in ACCOUNTS]
    bought = [merging.tell(seed), *(media.tell(account, seed) for account in ACCOUNTS)]
    others = (subscribing.settings(seed), payouts(money, seed), board.tell(surveys, seed))
    called = [catching_up.tell(*each, seed) for each in zip(ACCOUNTS, surveys, strict=True)]
    past = [*surveys, *tickets, *money, *others, *contracts, *welcomes, *done, *judged, *used, *bought, *shared]
    sent = [*_late(past, chance), *_late(called, chance)]
    stream = [_good(told, encode) for _, told in sent]
    twin = next(told for _, told in sent if told[0] == "response_submitted")
    bad = list(_bad(twin, encode))
    # Spread over the second half: apart from each other, and after the event whose id one of them reuses.
    step = len(stream) // 2 // (len(bad) + 1)
    for number, message in enumerate(bad):
        stream.insert(len(stream) // 2 + number * step, message)
    if day is not None:
        by_account = {account.id: story for account, story in zip(ACCOUNTS, money, strict=True)}
        stream += [_good(told, encode) for _, told in _late(present.tell(day, by_account, seed), chance)]
    return stream


def tally(records: list[Message]) -> tuple[int, int, int]:
    """Return how many of the records are events taken in, duplicates and dead letters: every record is one of them."""
    good = [record.fields["event_id"] for record in records if not record.fault]
    events = len(set(good))
    return events, len(good) - events, len(records) - len(good)
