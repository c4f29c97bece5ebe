"""The demonstration's present: what its oracle says is at risk on a day, beside the episodes that the fold finds."""

import datetime as dt
from collections import defaultdict
from functools import cache
from typing import Any

import msgspec
import pytest

from infra.demo import oracle_present, plan
from infra.demo.company import gather
from infra.demo.day import chosen, is_fresh
from infra.demo.plan import Message
from infra.demo.present import EARLIEST, LOTS, chapter
from infra.demo.world import DAY, PAST
from infra.explaining import Known, folded
from infra.sending import ContractError
from infra.settings import Settings
from schemas.codec import Codec
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES

TODAY, LEAP = dt.date(2026, 12, 1), dt.date(2028, 2, 29)
_SAID = frozenset({"reference", "billing", "config"})
_TICKETS = frozenset({"ticket_opened", "ticket_solved", "touch_logged"})


class _Record(msgspec.Struct):
    at: int
    message: Message
    stored_ms: int

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes | None:
        return self.message.key

    def value(self) -> bytes:
        return self.message.value

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stored_ms

    def headers(self) -> None:
        return None


def _unwritten(_kind: str, _fields: dict[str, Any]) -> bytes:
    return bytes(20)


@cache
def told(day: dt.date) -> list[Message]:
    """Tell the events without writing them: most tests look at what they say."""
    return plan.messages(_unwritten, day=day)


def of_present(day: dt.date) -> list[Message]:
    return [message for message in told(day) if message.fields.get("source") == chapter(day).source]


@cache
def known(day: dt.date) -> Known:
    """Fold what concerns rules on facts, by the code that runs live, with time up to noon of the day."""
    at, settings, codec = chapter(day).end + DAY // 2, Settings(), Codec()
    records: dict[tuple[str, int], list[_Record]] = defaultdict(list)
    for message in told(day):
        if not message.fault and (message.topic in _SAID or message.kind in _TICKETS):
            place = settings.topic_prefix + message.topic, 0
            written = msgspec.structs.replace(message, value=codec.encode(message.kind, message.fields))
            records[place].append(_Record(len(records[place]), written, at // 1_000))
    return folded(settings, codec, dict(records), at, {topic: 1 for topic, _ in records})


def rows(day: dt.date, table: str) -> list[dict[str, Any]]:
    found = (dict(zip(TABLES[table].names, row, strict=False)) for row in known(day).tables[table])
    return [row for row in found if not row["is_known"]]


def test_the_same_day_gives_the_same_events_and_another_one_other_events() -> None:
    """A second run must be harmless, and one of another day must not reuse an id for other content."""
    assert plan.messages(_unwritten, day=TODAY) == told(TODAY)
    ids = [{message.fields["event_id"] for message in of_present(day)} for day in (TODAY, LEAP)]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_without_a_day_there_is_the_past_alone_and_with_one_it_is_the_same() -> None:
    """Figures of the past are compared on every run: no day may move them, and tests stand on fixed dates."""
    assert {message.fields["source"] for message in MESSAGES if message.kind} == {PAST.source}
    assert [message.fields for message in told(TODAY)][: len(MESSAGES)] == [message.fields for message in MESSAGES]


@pytest.mark.parametrize("day", [EARLIEST, TODAY, LEAP], ids=str)
def test_nothing_of_the_present_has_yet_to_happen(day: dt.date) -> None:
    """An event that a clock calls future is a dead letter; one of the first half of 2025 would move the past."""
    moments = [message.fields["occurred_at"] for message in of_present(day)]
    assert PAST.begin + 190 * DAY < min(moments) < max(moments) < chapter(day).end
    with pytest.raises(ValueError, match="the demonstration tells of days from"):
        chapter(EARLIEST - dt.timedelta(days=1))


def test_what_the_oracle_calls_at_risk_are_the_episodes_that_are_open() -> None:
    """Two independent readings of the same events: where they differ, one of them misreads the rules."""
    expected = {
        (figure.slice, figure.item): (figure.value, figure.n)
        for figure in oracle_present.at_risk(gather(told(LEAP)), LEAP)
    }
    severities = ("", "low", "medium", "high")
    found = {
        (row["account_id"], row["rule_id"]): (
            (chapter(LEAP).end - row["opened_at"]) / DAY,
            severities.index(row["severity"]),
        )
        for row in rows(LEAP, "risk_episode")
        if row["closed_at"] is None and row["rule_id"] in oracle_present.RULES
    }
    assert found == expected
    assert {rule for _, rule in expected} == set(oracle_present.RULES)


def test_a_risk_that_is_over_is_there_too() -> None:
    """Whoever looks at the demonstration should see how an episode ends, and not only how one begins."""
    (over,) = [
        row for row in rows(LEAP, "risk_episode") if row["account_id"] == "demo-gorse" and row["rule_id"] == "overdue"
    ]
    assert over["reason"] == "fact_ended"
    assert over["opened_at"] < over["closed_at"] < chapter(LEAP).end


def test_overrides_stand_beside_scores_until_they_expire() -> None:
    """One holds and one has expired; each is of both models, the shipped one and the house's own."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows(LEAP, "account_health"), key=lambda row: row["at"]):
        newest[row["account_id"], row["model_id"]] = row
    held = {(account, f"{model} {row['override']}") for (account, model), row in newest.items() if row["override"]}
    figures = oracle_present.overridden(gather(told(LEAP)), LEAP)
    assert held == {(figure.slice, figure.item) for figure in figures} != set()
    told_of = {fields["account_id"] for fields in gather(told(LEAP)).of("health_override_set")}
    assert told_of > {account for account, _ in held}


def test_contracts_of_every_horizon_are_due() -> None:
    """The list of the coming quarter is what a manager opens first; it must not be empty, nor be all there is."""
    terms = gather(of_present(TODAY)).of("contract_set")
    days = {(fields["ends_at"] - chapter(TODAY).end) // DAY for fields in terms}
    assert {next((h for h in (30, 60, 90) if each <= h), None) for each in days} == {30, 60, 90, None}
    assert len({lot.turn for lot in LOTS.values()}) == len(LOTS)


def test_a_deployment_keeps_the_day_on_which_it_was_told() -> None:
    """A second story of the same accounts beside the first would be nobody's."""
    former = dt.date(2026, 11, 1)
    assert chosen(None, None, TODAY) == TODAY
    assert chosen(former, None, TODAY) == chosen(former, former, TODAY) == chosen(None, former, TODAY) == former
    for told_on, asked in ((former, TODAY), (None, EARLIEST - dt.timedelta(days=1)), (None, LEAP)):
        with pytest.raises(ContractError):
            chosen(told_on, asked, TODAY)
    noon = chapter(TODAY).end + DAY // 2
    assert [is_fresh(TODAY - dt.timedelta(days=days), noon) for days in range(3)] == [True, True, False]
