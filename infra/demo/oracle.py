"""Count what the demonstration amounts to, in plain Python from the events that were sent.

It shares nothing with the product but the definitions in docs/metrics.md: no decoder, no reducer, no view.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from infra.demo import (
    oracle_feedback,
    oracle_merging,
    oracle_present,
    oracle_sharing,
    oracle_success,
    oracle_support,
    oracle_work,
)
from infra.demo.company import Company, Fields, Figure, gather
from infra.demo.figures_billing import money
from infra.demo.present import SOURCES
from infra.demo.world import DAY, DETRACTOR_TO, HOUR, POSITIVE_FROM, PROMOTER_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra.demo.plan import Message

Fact = tuple[int, str, Any]
"""Say when it counts (microseconds), whose it is, and what the metric is made of."""
Counted = tuple[float, float, int]
"""Value in the metric's own unit, numerator and n."""

_WINDOW = 14 * DAY
_TARGET = 48 * HOUR


class Answered(msgspec.Struct):
    """A response as it stands after every correction; ``scores`` by question kind."""

    said: Fields
    scores: dict[str, float]
    text: bool

    def fact(self, content: Any) -> Fact:
        return self.said["submitted_at"], self.said["account_id"], content


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


def _share(facts: list[bool]) -> Counted:
    return 100 * sum(facts) / len(facts), sum(facts), len(facts)


def _nps(facts: list[tuple[str, int, float]]) -> Counted:
    """Count each person's latest answer of the window."""
    latest = {person: score for person, _, score in sorted(facts, key=lambda fact: fact[1])}
    net = sum((score >= PROMOTER_FROM) - (score <= DETRACTOR_TO) for score in latest.values())
    return 100 * net / len(latest), net, len(latest)


def _mean(facts: list[float]) -> Counted:
    return statistics.fmean(facts), sum(facts), len(facts)


def _median(facts: list[float]) -> Counted:
    return statistics.median(facts), sum(facts), len(facts)


def _invited(company: Company, counted: dict[str, Answered]) -> Iterator[Fact]:
    """Yield each invitation that did not bounce, at its first sending: whether its answer came within 14 days."""
    bounced = {fields["invitation_id"] for fields in company.of("invitation_bounced")}
    answered = {said.said["invitation_id"]: said for said in counted.values() if said.said.get("invitation_id")}
    seen: set[str] = set()
    for sent in company.of("invitation_sent"):
        name = sent["invitation_id"]
        if sent["is_test"] or name in bounced | seen:
            continue
        seen.add(name)
        at, answer = sent["occurred_at"], answered.get(name)
        yield at, sent["account_id"], answer is not None and answer.said["submitted_at"] - at < _WINDOW


def _displayed(company: Company, counted: dict[str, Answered], *, finished: bool) -> Iterator[Fact]:
    """Yield each display: whether it was started, or finished."""
    reached = {
        said.said["display_id"]
        for said in counted.values()
        if said.said.get("display_id") and (said.said["finished"] or not finished)
    }
    for shown in company.of("survey_displayed"):
        yield shown["occurred_at"], shown["account_id"], shown["display_id"] in reached


def _waits(company: Company, counted: dict[str, Answered]) -> Iterator[tuple[Answered, int | None]]:
    """Yield each detractor's response and how long it waited for its first follow-up."""
    first: dict[str, int] = {}
    for contact in company.of("followup_logged"):
        first.setdefault(contact["response_id"], contact["occurred_at"])
    for name, said in counted.items():
        if said.scores.get("NPS", PROMOTER_FROM) <= DETRACTOR_TO:
            yield said, first[name] - said.said["submitted_at"] if name in first else None


def _facts(
    company: Company, counted: dict[str, Answered]
) -> Iterator[tuple[str, list[Fact], Callable[[Any], Counted]]]:
    """Yield each metric's name, its facts, and how its figures follow from them."""
    every, waits = counted.values(), list(_waits(company, counted))
    asked = {kind: [said for said in every if kind in said.scores] for kind in ("NPS", "CSAT", "CES")}
    people = [(said.said["contact_id"], said.said["submitted_at"], said.scores["NPS"]) for said in asked["NPS"]]
    yield "nps", [said.fact(person) for said, person in zip(asked["NPS"], people, strict=True)], _nps
    for metric, kind in (("csat", "CSAT"), ("ces", "CES")):
        yield metric, [said.fact(said.scores[kind] >= POSITIVE_FROM) for said in asked[kind]], _share
        yield f"{metric}_mean", [said.fact(said.scores[kind]) for said in asked[kind]], _mean
    yield "response_rate", list(_invited(company, counted)), _share
    yield "start_rate", list(_displayed(company, counted, finished=False)), _share
    yield "completion_rate", list(_displayed(company, counted, finished=True)), _share
    yield "verbatim_rate", [said.fact(said.text) for said in every], _share
    yield "closed_loop_rate", [said.fact(wait is not None and wait <= _TARGET) for said, wait in waits], _share
    yield "time_to_contact", [said.fact(wait / HOUR) for said, wait in waits if wait is not None], _median


def _as_of(history: list[Fields], account: str, at: int, field: str) -> str:
    """Return an attribute as it was at a time: the latest record of the account that began by then."""
    known = [record for record in history if record["account_id"] == account and record["occurred_at"] <= at]
    return str(known[-1][field])


def _windows(at: int) -> list[tuple[str, str]]:
    day = dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC).date()
    quarter = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return [("week", str(day - dt.timedelta(days=day.weekday()))), ("quarter", str(quarter))]


Place = tuple[str, str, str, str]
"""Grain, start of the window, dimension, slice."""


def _slices(company: Company) -> Callable[[int, str], list[tuple[str, str]]]:
    """Return what tells the slices, as (dimension, slice), that an account belonged to at a time."""
    accounts = company.of("account_upserted")
    managers = [fields for fields in company.of("manager_assigned") if fields.get("role", "OWNER") == "OWNER"]

    def slices(at: int, account: str) -> list[tuple[str, str]]:
        return [
            ("all", ""),
            ("account", account),
            ("segment", _as_of(accounts, account, at, "segment")),
            ("manager", _as_of(managers, account, at, "manager_id")),
        ]

    return slices


def _places(company: Company) -> Callable[[int, str], list[Place]]:
    """Return what tells the rows that a fact of an account at a time belongs to."""
    slices = _slices(company)
    return lambda at, account: [(*window, *part) for window in _windows(at) for part in slices(at, account)]


def _topics(
    company: Company, counted: dict[str, Answered], places: Callable[[int, str], list[Place]]
) -> Iterator[Figure]:
    """Yield the share of each topic among the tagged responses of a row."""
    groups: dict[Place, list[set[str]]] = defaultdict(list)
    for tagged in company.of("response_tagged"):
        if (said := counted.get(tagged["response_id"])) is not None:
            for place in places(said.said["submitted_at"], said.said["account_id"]):
                groups[place].append({topic["topic_id"] for topic in tagged["topics"]})
    for place, found in groups.items():
        for topic in set().union(*found):
            yield Figure("topic_share", *place, topic, *_share([topic in topics for topics in found]))


def expect(messages: Iterable[Message], day: dt.date | None = None) -> list[Figure]:
    """Return every row that the demonstration must come to, whatever the order and repetition of its records.

    With a day, that of the weeks before it too. The past's rows are those of its own events: no later one moves them.
    """
    every = list(messages)
    figures = past(gather(each for each in every if not each.fields.get("source", "").startswith(SOURCES)))
    if day is not None:
        company = gather(every)
        figures += oracle_present.figures(company, day, _slices(company))
    return sorted(figures)


def past(company: Company) -> list[Figure]:
    """Return the rows of the first half of 2025."""
    counted, places = responses(company), _places(company)
    figures = [*_topics(company, counted, places), *money(company, _slices(company))]
    figures += [*oracle_success.figures(company, places), *oracle_success.shares(company, places)]
    figures += [*oracle_work.media(company, places), *oracle_work.margins(company), *oracle_merging.figures(company)]
    figures += oracle_sharing.figures(company)
    kept = ("on_time_rate", list(oracle_work.deadlines(company)), _share)
    for metric, facts, figure in (
        *_facts(company, counted),
        *oracle_support.facts(company),
        *oracle_feedback.facts(company),
        kept,
    ):
        groups: dict[Place, list[Any]] = defaultdict(list)
        for at, account, content in facts:
            for place in places(at, account):
                groups[place].append(content)
        figures += [Figure(metric, *place, "", *figure(contents)) for place, contents in groups.items()]
    return figures
