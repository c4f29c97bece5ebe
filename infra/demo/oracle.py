"""What the demonstration amounts to, counted in plain Python from the events that were sent.

It shares nothing with the product but the definitions in docs/metrics.md: no decoder, no reducer, no view.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from infra.demo.world import DAY, DETRACTOR_TO, HOUR, POSITIVE_FROM, PROMOTER_FROM

if TYPE_CHECKING:
    from infra.demo.plan import Message

Fields = dict[str, Any]
_WINDOW = 14 * DAY
_TARGET = 48 * HOUR


class Figure(msgspec.Struct, frozen=True):
    """One expected metric: ``value`` in its own unit, made of ``numerator`` over ``n``."""

    metric: str
    slice: str
    value: float
    numerator: float
    n: int


class Company(msgspec.Struct):
    """The events that stand, by type and by id; duplicates fall together and the order of sending is gone."""

    kinds: dict[str, dict[str, Fields]]

    def of(self, kind: str) -> list[Fields]:
        return sorted(self.kinds.get(kind, {}).values(), key=lambda fields: fields["occurred_at"])


def gather(messages: Iterable[Message]) -> Company:
    """Return what stands of the good records, each id once."""
    kinds: dict[str, dict[str, Fields]] = defaultdict(dict)
    for message in messages:
        if not message.fault:
            kinds[message.kind].setdefault(message.fields["event_id"], message.fields)
    return Company(kinds)


class Answered(msgspec.Struct):
    """A response as it stands after every correction; ``scores`` by question kind."""

    said: Fields
    scores: dict[str, float]
    text: bool


def _read(said: Fields, answers: list[Fields]) -> Answered:
    scores = {answer["kind"]: answer["number"] for answer in answers if answer.get("number") is not None}
    return Answered(said, scores, any(answer.get("text", "").strip() for answer in answers))


def responses(company: Company) -> dict[str, Answered]:
    """Return the responses that count: corrected ones as corrected, neither deleted nor tests."""
    answers = {said["response_id"]: said["answers"] for said in company.of("response_submitted")}
    answers |= {new["response_id"]: new["answers"] for new in company.of("response_corrected")}
    gone = {deleted["response_id"] for deleted in company.of("response_deleted")}
    return {
        said["response_id"]: _read(said, answers[said["response_id"]])
        for said in company.of("response_submitted")
        if said["response_id"] not in gone and not said["is_test"]
    }


def _week(at: int) -> str:
    day = dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC).date()
    return str(day - dt.timedelta(days=day.weekday()))


def _as_of(history: list[Fields], account: str, at: int, field: str) -> str:
    """Return an attribute as it was at a time: the latest record of the account that began by then."""
    known = [record for record in history if record["account_id"] == account and record["occurred_at"] <= at]
    return str(known[-1][field])


Slicer = Callable[[Fields], str]


def _slicers(company: Company) -> dict[str, Slicer]:
    accounts, managers = company.of("account_upserted"), company.of("manager_assigned")
    return {
        "all": lambda _: "",
        "week": lambda said: _week(said["submitted_at"]),
        "account": lambda said: str(said["account_id"]),
        "segment": lambda said: _as_of(accounts, said["account_id"], said["submitted_at"], "segment"),
        "manager": lambda said: _as_of(managers, said["account_id"], said["submitted_at"], "manager_id"),
    }


def _sliced(company: Company, counted: list[Answered]) -> dict[tuple[str, str], list[Answered]]:
    groups: dict[tuple[str, str], list[Answered]] = defaultdict(list)
    for kind, slicer in _slicers(company).items():
        for answered in counted:
            groups[kind, slicer(answered.said)].append(answered)
    return groups


def _nps(company: Company, counted: list[Answered]) -> Iterable[Figure]:
    asked = [answered for answered in counted if "NPS" in answered.scores]
    for (kind, name), group in _sliced(company, asked).items():
        net = sum((a.scores["NPS"] >= PROMOTER_FROM) - (a.scores["NPS"] <= DETRACTOR_TO) for a in group)
        yield Figure("nps", f"{kind}:{name}".rstrip(":"), 100 * net / len(group), net, len(group))


def _shares(company: Company, counted: list[Answered]) -> Iterable[Figure]:
    for metric, kind in (("csat", "CSAT"), ("ces", "CES")):
        asked = [answered for answered in counted if kind in answered.scores]
        for (dimension, name), group in _sliced(company, asked).items():
            good = sum(answered.scores[kind] >= POSITIVE_FROM for answered in group)
            yield Figure(metric, f"{dimension}:{name}".rstrip(":"), 100 * good / len(group), good, len(group))
    efforts = [answered.scores["CES"] for answered in counted if "CES" in answered.scores]
    yield Figure("ces_mean", "all", statistics.fmean(efforts), sum(efforts), len(efforts))


def _ratio(metric: str, part: int, whole: int) -> Figure:
    return Figure(metric, "all", 100 * part / whole, part, whole)


def _response_rate(company: Company, counted: dict[str, Answered]) -> Figure:
    """Count delivered invitations whose answer came within 14 days of their first sending."""
    sent: dict[str, int] = {}
    for invitation in company.of("invitation_sent"):
        if not invitation["is_test"]:
            sent.setdefault(invitation["invitation_id"], invitation["occurred_at"])
    delivered = {fields["invitation_id"] for fields in company.of("invitation_delivered")} & sent.keys()
    answered = {
        said.said["invitation_id"]
        for said in counted.values()
        if said.said.get("invitation_id") in delivered
        and said.said["submitted_at"] - sent[said.said["invitation_id"]] <= _WINDOW
    }
    return _ratio("response_rate", len(answered), len(delivered))


def _starts(company: Company, counted: dict[str, Answered]) -> Iterable[Figure]:
    displays = {shown["display_id"] for shown in company.of("survey_displayed")}
    started = {said.said["display_id"] for said in counted.values() if said.said.get("display_id") in displays}
    yield _ratio("start_rate", len(started), len(displays))
    finished = sum(said.said["finished"] for said in counted.values())
    yield _ratio("completion_rate", finished, len(counted))


def _closed_loop(company: Company, counted: dict[str, Answered]) -> Iterable[Figure]:
    first: dict[str, int] = {}
    for contact in company.of("followup_logged"):
        first.setdefault(contact["response_id"], contact["occurred_at"])
    detractors = {name: said for name, said in counted.items() if said.scores.get("NPS", 10) <= DETRACTOR_TO}
    waits = [first[name] - said.said["submitted_at"] for name, said in detractors.items() if name in first]
    yield _ratio("closed_loop_rate", sum(wait <= _TARGET for wait in waits), len(detractors))
    hours = statistics.median(waits) / HOUR
    yield Figure("hours_to_contact", "all", hours, hours, len(waits))


def _topics(company: Company, counted: dict[str, Answered]) -> Iterable[Figure]:
    tags = {tagged["response_id"]: tagged["topics"] for tagged in company.of("response_tagged")}
    tagged = {name: {topic["topic_id"] for topic in tags[name]} for name in counted if name in tags}
    for topic in sorted(set().union(*tagged.values())):
        part = sum(topic in found for found in tagged.values())
        yield Figure("topic_share", f"topic:{topic}", 100 * part / len(tagged), part, len(tagged))


def expect(messages: Iterable[Message]) -> list[Figure]:
    """Return every figure that the demonstration must come to, whatever the order and repetition of its records."""
    company = gather(messages)
    counted = responses(company)
    every = list(counted.values())
    return [
        *_nps(company, every),
        *_shares(company, every),
        _response_rate(company, counted),
        *_starts(company, counted),
        _ratio("verbatim_rate", sum(said.text for said in every), len(every)),
        *_closed_loop(company, counted),
        *_topics(company, counted),
    ]
