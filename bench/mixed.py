"""Mixed events for a rebuild: invitations and what becomes of them, answers, second thoughts, tags, calls, reference.

Millions must be made in minutes, so records are templates of the contract's codec with ids filled in. Times are those
of a template's window of units: of one window, events of one kind happen at one moment. `records` yields window after
window, as published rates have it; `in_time` yields what several kinds of windows bring in order of time.
"""

from __future__ import annotations

import itertools
import re
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.events import ACCOUNTS
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Kind = tuple["Fill", Callable[[int], bool]]

Record = tuple[str, bytes, bytes]
"""Topic's short name, key and value."""

WINDOW = 500
"""Units whose events of one kind come together: a response is answered hundreds of records after its invitation."""
_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
MARKS = (b"00000000-0000-4000-8000-00000000EEEE", b"acc-AAAAA", b"unit-UUUUUUUUUU", b"contact-CC")
_PROMOTER = 9
_SCORES = (9,) * 5 + (10,) * 5 + (8,) * 3 + (7,) * 3 + (0, 3, 5, 6)
_PER_UNIT = 4.3
_QUESTIONS = [
    {"question_id": "recommend", "kind": "NPS", "text": "Would you?", "scale_min": 0, "scale_max": 10},
    {"question_id": "why", "kind": "TEXT", "text": "Why?"},
]
_COMMENT = "The invoice came twice and nobody could tell me which one to pay, otherwise all good."


class Fill(NamedTuple):
    """A record with ids to be filled in, in the order and number that its schema has; it happens `after` its window."""

    after: int
    form: bytes
    places: list[int]

    def __call__(self, ids: tuple[bytes, ...]) -> bytes:
        return self.form % tuple([ids[place] for place in self.places])


class Templates:
    """The record of each event type, as a function of its ids, for units that begin at `start` (microseconds)."""

    def __init__(self, codec: Codec, start: int) -> None:
        self._codec, self.start = codec, start

    def of(self, event_type: str, after: int, **fields: Any) -> Fill:
        event, account, _unit, _contact = (mark.decode() for mark in MARKS)
        envelope = {"event_id": event, "account_id": account, "occurred_at": self.start + after, "source": "bench:1"}
        return _template(after, self._codec.encode(event_type, {**envelope, **fields}))

    def answer(self, score: int, *, comment: bool) -> Fill:
        at = self.start + 3 * _HOUR
        answers: list[dict[str, Any]] = [{"question_id": "recommend", "kind": "NPS", "number": float(score)}]
        if comment:
            answers.append({"question_id": "why", "kind": "TEXT", "text": _COMMENT})
        return self.of(
            "response_submitted", 3 * _HOUR, **_UNIT, submitted_at=at, finished=True, language="en", actor="CUSTOMER",
            survey_version=1, survey_id="relationship", contact_id="contact-CC", answers=answers,
        )  # fmt: skip


_UNIT = {"response_id": "unit-UUUUUUUUUU", "invitation_id": "unit-UUUUUUUUUU"}
_INVITATION = {"invitation_id": "unit-UUUUUUUUUU"}
_RESPONSE = {"response_id": "unit-UUUUUUUUUU"}


def _template(after: int, value: bytes) -> Fill:
    """Return the record with its marks to be filled in, in whatever order and number the schema has them."""
    parts = re.split(b"(" + b"|".join(map(re.escape, MARKS)) + b")", value)
    form = b"".join(b"%b" if part in MARKS else part.replace(b"%", b"%%") for part in parts)
    return Fill(after, form, [MARKS.index(part) for part in parts if part in MARKS])


def beginning(count: int, now: int) -> int:
    """When `count` records must begin to have happened by `now` (microseconds)."""
    return now - int(count / _PER_UNIT / WINDOW + 1) * 60 * _SECOND - 10 * _HOUR


def records(count: int, start: int, *, accounts: int = ACCOUNTS) -> Iterator[Record]:
    """`count` records, the same for the same arguments; times are microseconds UTC from `start` on."""
    return itertools.islice(_endless(start, accounts), count)


def _endless(start: int, accounts: int) -> Iterator[Record]:
    codec, number = Codec(), itertools.count()
    yield from reference(Templates(codec, start), accounts, number)
    for window in itertools.count():
        templates = Templates(codec, start + window * 60 * _SECOND)
        yield from filled("survey", surveyed(templates), units_of(window), accounts, number)


def units_of(window: int) -> range:
    return range(window * WINDOW, (window + 1) * WINDOW)


class Feed(NamedTuple):
    """The kinds of events that come to each window of units of a topic."""

    topic: str
    kinds: Callable[[Templates], list[Kind]]


def in_time(
    codec: Codec, start: int, window_us: int, feeds: tuple[Feed, ...], accounts: int, number: Iterator[int]
) -> Iterator[Iterator[Record]]:
    """Yield, window after window, what has happened by its end and not before: of it, and of those that came earlier.

    A window begins `window_us` microseconds after the one before. An account gets its events in the order in which they
    happened, as a stream has them.
    """
    ahead: list[tuple[int, int, str, range, Kind]] = []
    order = itertools.count()
    for window in itertools.count():
        templates = Templates(codec, start + window * window_us)
        for feed in feeds:
            for kind in feed.kinds(templates):
                heappush(ahead, (templates.start + kind[0].after, next(order), feed.topic, units_of(window), kind))
        due = []
        while ahead and ahead[0][0] < templates.start + window_us:
            due.append(heappop(ahead))
        yield itertools.chain.from_iterable(
            filled(topic, [kind], units, accounts, number) for _, _, topic, units, kind in due
        )


def filled(topic: str, kinds: list[Kind], units: range, accounts: int, number: Iterator[int]) -> Iterator[Record]:
    """Yield the records of some units, kind by kind."""
    for fill, share in kinds:
        for unit in units:
            if share(unit):
                account = b"acc-%05d" % (unit * 7919 % accounts)
                yield topic, account, fill((_event(number), account, b"unit-%010d" % unit, _contact(unit)))


def reference(templates: Templates, accounts: int, number: Iterator[int]) -> Iterator[Record]:
    """Yield who the accounts are, who looks after them, and what they are asked."""
    kinds = (
        ("reference", templates.of("account_upserted", 0, name="An account", segment="growth", lifecycle="customer")),
        ("reference", templates.of("manager_assigned", 0, manager_id="kim", role="OWNER", valid_from=templates.start)),
        (
            "survey",
            templates.of("survey_defined", 0, survey_id="relationship", version=1, title="R",
                         relationship="RELATIONSHIP", questions=_QUESTIONS),
        ),
    )  # fmt: skip
    for each in range(accounts):
        account = b"acc-%05d" % each
        for topic, fill in kinds:
            yield topic, account, fill((_event(number), account, b"", b""))


def surveyed(templates: Templates) -> list[Kind]:
    """Templates in the order in which they happen to a window of units, and which units each happens to."""
    answered = [(templates.answer(score, comment=score < _PROMOTER), _scored(score)) for score in sorted({*_SCORES})]
    topics = [{"topic_id": "billing", "sentiment": "NEGATIVE"}]
    corrected = [{"question_id": "recommend", "kind": "NPS", "number": 8.0}]
    return [
        (templates.of("invitation_sent", 0, **_INVITATION, survey_id="relationship", contact_id="contact-CC",
                      channel="email"), lambda _: True),
        (templates.of("invitation_delivered", 60 * _SECOND, **_INVITATION), lambda _: True),
        (templates.of("invitation_opened", _HOUR, **_INVITATION), lambda unit: unit % 5 < 3),
        *answered,
        (templates.of("response_tagged", 4 * _HOUR, **_RESPONSE, topics=topics, taxonomy_version="1", tagger="rules"),
         lambda unit: unit % 2 == 0),
        (templates.of("response_corrected", 5 * _HOUR, **_RESPONSE, answers=corrected, reason="changed"), of(9, 4)),
        (templates.of("followup_logged", 9 * _HOUR, **_RESPONSE, followup_id="unit-UUUUUUUUUU", kind="call",
                      manager_id="kim", outcome="apologised", closed=True, actor="AGENT"), _scored(3)),
    ]  # fmt: skip


def of(every: int, number: int) -> Callable[[int], bool]:
    """One unit of so many."""
    return lambda unit: unit % every == number


def _scored(score: int) -> Callable[[int], bool]:
    return lambda unit: _SCORES[unit % len(_SCORES)] == score


def _event(number: Iterator[int]) -> bytes:
    return b"00000000-0000-4000-8000-%012x" % next(number)


def _contact(unit: int) -> bytes:
    return b"contact-%02d" % (unit % 100)
