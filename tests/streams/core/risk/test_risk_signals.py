"""Signals of what was known about an account, against the rows of a plain fold."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.algebra import Signal
from streams.core.health.facts import DAY, HEALTH_KNOWN, Fact, Revision, Stated
from streams.core.health.ledgers import HEALTH_KNOWN_LEDGER
from streams.core.machine import NO_RULES, Due, Machine
from streams.core.outputs import Ending, Outputs, Scope
from streams.core.revisions import revision_key
from streams.core.risk.choices import SHIPPED
from streams.core.risk.episodes import RENAMED
from streams.core.risk.signals import AGREED, CLEARED, OPENED, PARTED, Disagreement, disagreements
from streams.core.rows_health import AccountHealthRow
from streams.core.rows_risk import RiskEpisodeRow
from streams.core.rules import Rules
from tests.streams.core.risk.test_follow import BEGIN, END, fact_lists, happened, level, rows_of

LAST = END * DAY
RULES = Rules()


class Account:
    """The ledger as known of one account in a stage: `recode` ends a batch after every step."""

    def __init__(self, rules: Rules = RULES, *, recode: bool = False) -> None:
        self.rules, self.recode, self.former = rules, recode, dict(NO_RULES)
        self.records: dict[bytes, bytes] = {}
        self.told: list[Signal] = []
        self.taken: dict[Any, Revision] = {}
        self._begin()

    def _begin(self) -> None:
        ledgers = {HEALTH_KNOWN: HEALTH_KNOWN_LEDGER}
        self.machine = Machine(self.records.get, self.rules, {}, ledgers, self.former)

    def save(self) -> None:
        self.machine.save()
        self.records |= {key: value for key, value in self.machine.changes.items() if value is not None}
        self._begin()

    def _took(self, facts: Iterable[Any]) -> list[Signal]:
        raised = [signal for each in facts for signal in each.signals]
        self.told += raised
        if self.recode:
            self.save()
        return raised

    def take(self, *revisions: Revision) -> list[Signal]:
        stated = {revision_key(each): each for each in revisions}
        self.taken |= stated
        return self._took(self.machine.receive(("A", HEALTH_KNOWN, ""), stated))

    def tick(self, now: int) -> list[Signal]:
        raised: list[Signal] = []
        while due := self._due(now):
            for facts in self.machine.pass_time(due, (now, 9, b"")):
                raised += self._took(facts)
                if self.recode:
                    break
        return raised

    def use(self, rules: Rules) -> list[Signal]:
        self.former[self.rules.name] = self.rules
        self.rules = rules
        self.save()
        return self._took(self.machine.settle(self._key))

    @property
    def _key(self) -> bytes:
        return HEALTH_KNOWN_LEDGER.key("A", "")

    @property
    def passed(self) -> int:
        return self.machine.head_of(self._key).passed

    def _due(self, now: int) -> list[Due]:
        at = self.machine.head_of(self._key).deadline
        return [(at, 1, self._key)] if at <= now else []

    def holds(self) -> dict[str, Signal | Ending]:
        """Return the conditions of the plain fold of what was taken."""
        watch, outputs, scope = HEALTH_KNOWN_LEDGER.start("A", ""), Outputs(), Scope(self.rules, self.passed)
        for key in sorted(self.taken):
            HEALTH_KNOWN_LEDGER.apply(watch, self.taken[key], scope, outputs)
        HEALTH_KNOWN_LEDGER.project(watch, scope, outputs)
        return outputs.signals


@st.composite
def revision_lists(draw: st.DrawFn) -> list[Revision]:
    """Draw what was known of an account: facts that came late, and some that were taken back or came with others."""
    found: dict[Any, Revision] = {}

    def add(at: int, name: str, taken: tuple[Fact, ...], added: tuple[Fact, ...]) -> None:
        revision = Revision(at, "k", name, name, taken, added)
        found[revision_key(revision)] = revision

    for place, fact in enumerate(draw(fact_lists())):
        at = fact.at + draw(st.sampled_from([0, 0, 7, DAY // 2, 5 * DAY]))
        add(at, fact.event_id, (), (fact,))
        if draw(st.booleans()):
            other = msgspec.structs.replace(fact, event_id=f"c{place}")
            corrected = draw(st.sampled_from([(), (other,), (other,)]))
            add(at + draw(st.sampled_from([1, DAY // 8, DAY, 30 * DAY])), f"c{place}", (fact,), corrected)
    return [found[key] for key in sorted(found)]


def live(revisions: list[Revision], *, recode: bool = False) -> Account:
    """Take each moment when it comes, and let time pass to it and up to the next, as a worker that keeps up does."""
    account = Account(recode=recode)
    for at, several in groupby(revisions, lambda each: each.at):
        account.tick(at - 1)
        account.take(*several)
        account.tick(at)
    account.tick(LAST)
    return account


def wanted(revisions: list[Revision], passed: int) -> list[tuple[Any, ...]]:
    """Return what rows of the plain fold say that somebody had to learn, in order of time."""
    rows = rows_of(HEALTH_KNOWN_LEDGER, revisions, RULES, passed)
    found: list[tuple[Any, ...]] = []
    for row in rows:
        if isinstance(row, RiskEpisodeRow):
            found.append((row.noticed_at, OPENED, row.episode_id, row.reopened, row.replaces))
            if row.closed_at is not None and row.reason != RENAMED:
                found.append((row.closed_at, CLEARED, row.episode_id, row.reopened, row.reason))
    spoken = sorted((each for each in rows if isinstance(each, AccountHealthRow)), key=lambda each: each.at)
    apart: dict[str, str] = {}
    for row in spoken:
        was, apart[row.model_id] = apart.get(row.model_id, ""), row.disagreement
        if was != row.disagreement:
            found += [(row.at, AGREED, row.model_id, was)] if was else []
            found += [(row.at, PARTED, row.model_id, row.disagreement)] if row.disagreement else []
    return sorted(found)


def compared(signals: list[Signal]) -> list[tuple[Any, ...]]:
    names = {OPENED: ("reopened", "replaces"), CLEARED: ("reopened", "reason")}
    found = []
    for each in signals:
        said = [each.detail[name] for name in names.get(each.kind, ("disagreement",))]
        found.append((each.at, each.kind, each.subject_id, *(int(one) if one.isdigit() else one for one in said)))
    return sorted(found)


@settings(deadline=None)
@given(revision_lists())
def test_signals_of_a_worker_that_keeps_up_are_those_of_the_rows(revisions: list[Revision]) -> None:
    """Who is woken and who reads the table must learn of the same episodes, at the same moments."""
    account = live(revisions)
    assert compared(account.told) == wanted(revisions, LAST)
    assert len({each.signal_id for each in account.told}) == len(account.told)


@settings(deadline=None)
@given(revision_lists())
def test_an_episode_that_goes_on_under_another_name_says_which_it_replaces(revisions: list[Revision]) -> None:
    """Messages follow from name to name: each that was given up leads to one that took it over at that moment."""
    rows = rows_of(HEALTH_KNOWN_LEDGER, revisions, RULES, LAST)
    told = [row for row in rows if isinstance(row, RiskEpisodeRow)]
    for row in told:
        if row.reason == RENAMED:
            (other,) = [each for each in told if (each.rule_id, each.since) == (row.rule_id, row.closed_at)]
            assert (other.replaces, other.opened_at, other.reopened) == (row.episode_id, row.opened_at, row.reopened)
            assert other.episode_id != row.episode_id
        if row.replaces:
            assert any(each.episode_id == row.replaces and each.reason == RENAMED for each in told)


Script = list[list[Revision] | int]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Draw revisions in batches of any size, between which time passes or not."""
    left, steps = draw(revision_lists()), Script()
    while left:
        count = draw(st.integers(1, len(left)))
        steps.append(left[:count])
        left = left[count:]
        if draw(st.booleans()):
            steps.append(steps[-1][-1].at + draw(st.sampled_from([0, DAY])))  # type: ignore[union-attr,index]
    return [*steps, LAST]


def done(account: Account, step: list[Revision] | int) -> list[Signal]:
    return account.tick(step) if isinstance(step, int) else account.take(*step)


@settings(deadline=None)
@given(scripts())
def test_signals_are_what_begins_and_what_ends_of_what_was_told(script: Script) -> None:
    """A worker that lags tells of what still lasts and of nothing that came and went; nobody hears an end alone."""
    account = Account()
    begun, ended, now = dict[str, Signal](), set[str](), dict[str, Signal | Ending]()
    for step in script:
        raised = done(account, step)
        before, now = now, account.holds()
        if not isinstance(step, int):
            assert {each.signal_id for each in raised if each.kind in (OPENED, PARTED)} == {
                name for name, each in now.items() if isinstance(each, Signal) and name not in before
            }
        for signal in raised:
            if signal.kind in (OPENED, PARTED):
                assert signal.signal_id not in begun
                begun[signal.signal_id] = signal
    for signal in account.told:
        if signal.kind in (CLEARED, AGREED):
            assert signal.signal_id not in ended
            ended.add(signal.signal_id)
    told = {name: each for name, each in now.items() if isinstance(each, Signal)}
    renamed = {each.detail["replaces"] for each in begun.values() if each.detail.get("replaces")}
    over = [each for each in begun.values() if each.signal_id not in told and each.subject_id not in renamed]
    assert len(over) == len(ended)


@settings(deadline=None)
@given(scripts())
def test_neither_batches_nor_restarts_show_in_signals(script: Script) -> None:
    """A worker may die after any step and any deadline: it must tell what a calm one tells, and nothing twice."""
    calm, restarted = Account(), Account(recode=True)
    for step in script:
        assert done(restarted, step) == done(calm, step)


FAILED = level(BEGIN, "payments_failing", 1, BEGIN, "p1")
PAID = level(BEGIN + 4, "payments_failing", -1, BEGIN, "p2")


def known(at: int, event: str, *added: Fact, taken: tuple[Fact, ...] = ()) -> Revision:
    return Revision(at, "invoice", "1", event, taken, added)


def told_of(account: Account) -> list[tuple[str, int]]:
    return [(each.kind, each.at) for each in account.told]


def test_a_risk_is_told_when_it_is_noticed_and_when_it_is_over() -> None:
    """Both name the episode, the rule with its version, when the trouble began and the event that brought it."""
    account = live([known(FAILED.at, "p1", FAILED), known(PAID.at, "p2", PAID)])
    opened, cleared = account.told
    (rule,) = (each for each in SHIPPED if each.rule_id == "payment_failed")
    assert (opened.kind, opened.account_id, opened.at) == (OPENED, "A", FAILED.at)
    assert opened.detail == {
        "rule_id": rule.rule_id, "rule_version": rule.version, "severity": "medium", "opened_at": str(FAILED.at),
        "noticed_at": str(FAILED.at), "reopened": "0", "event_id": "p1", "replaces": "",
    }  # fmt: skip
    assert (cleared.kind, cleared.subject_id, cleared.at) == (CLEARED, opened.subject_id, PAID.at)
    assert cleared.detail == {**opened.detail, "closed_at": str(PAID.at), "reason": "fact_ended"}


def test_a_dwell_that_is_over_is_told_by_time_alone() -> None:
    """No event comes on the day on which a touch is ninety days old: time has to tell."""
    account = Account()
    assert account.take(known(BEGIN * DAY, "t1", happened(BEGIN, "touch"))) == []
    assert account.tick((BEGIN + 89) * DAY) == []
    (opened,) = account.tick((BEGIN + 120) * DAY)
    assert (opened.kind, opened.detail["rule_id"]) == (OPENED, "no_touch")


@pytest.mark.parametrize("later", [1, 40 * DAY])
def test_late_news_of_what_is_over_wakes_nobody(later: int) -> None:
    """A file with last month's failure and its payment is no reason to call anybody today."""
    account = Account()
    account.take(known(PAID.at + later, "p1", FAILED), known(PAID.at + later + 1000, "p2", PAID))
    account.tick(LAST)
    assert account.told == []


def test_late_news_of_what_still_lasts_is_told_once_time_has_come_there() -> None:
    """Before every topic has come that far another one may end it; then it is as urgent as if it were new."""
    at = FAILED.at + 40 * DAY
    account = Account()
    assert account.take(known(at, "p1", FAILED), known(at + 5, "x", happened(BEGIN + 1, "touch"))) == []
    assert account.tick(at - 1) == []
    (opened,) = account.tick(at)
    assert (opened.at, opened.detail["opened_at"]) == (at, str(at))


def test_an_episode_under_another_name_is_told_with_the_one_that_it_replaces() -> None:
    """The message that went out is about the same trouble: it follows the new name, and is not called over."""
    other = level(BEGIN, "payments_failing", 1, BEGIN, "q1")
    at = FAILED.at + 2 * DAY
    account = live(
        [known(FAILED.at, "p1", FAILED), known(at, "q1", other, taken=(FAILED,)), known(at + DAY, "q2", PAID)]
    )
    opened, renamed, cleared = account.told
    assert told_of(account) == [(OPENED, FAILED.at), (OPENED, at), (CLEARED, at + DAY)]
    assert (renamed.detail["replaces"], renamed.detail["event_id"]) == (opened.subject_id, "q1")
    assert cleared.subject_id == renamed.subject_id != opened.subject_id


def test_what_is_taken_back_is_told_to_be_over() -> None:
    """Somebody was called about a failure that never was."""
    at = FAILED.at + DAY
    account = live([known(FAILED.at, "p1", FAILED), known(at, "p2", taken=(FAILED,))])
    assert told_of(account) == [(OPENED, FAILED.at), (CLEARED, at)]
    assert account.told[-1].detail["reason"] == "retracted"


def test_a_risk_that_gets_worse_is_not_told_again() -> None:
    """It is the same risk: whoever follows it sees its row rise, and another call would be noise."""
    worse = level(BEGIN + 1, "payments_failing", 2, BEGIN, "p3")
    account = live([known(FAILED.at, "p1", FAILED), known(worse.at, "p3", worse)])
    assert [each.kind for each in account.told] == [OPENED]
    (row,) = (
        each
        for each in rows_of(HEALTH_KNOWN_LEDGER, list(account.taken.values()), RULES, LAST)
        if isinstance(each, RiskEpisodeRow)
    )
    assert row.severity == "high"


def test_an_episode_that_opens_again_is_told_again_under_its_name() -> None:
    """Two stretches of one episode are two calls about one thing."""
    again = level(BEGIN + 6, "payments_failing", 1, BEGIN, "p3")
    account = live([known(FAILED.at, "p1", FAILED), known(PAID.at, "p2", PAID), known(again.at, "p3", again)])
    assert told_of(account) == [(OPENED, FAILED.at), (CLEARED, PAID.at), (OPENED, again.at)]
    assert {each.subject_id for each in account.told} == {account.told[0].subject_id}
    assert [each.detail["reopened"] for each in account.told] == ["0", "0", "1"]


def test_rules_that_are_dated_back_wake_nobody_about_what_has_gone_by() -> None:
    """Whoever dates a rule back asks what would have been: that is for tables, and no reason to call."""
    off = (msgspec.structs.replace(each, is_active=False) for each in SHIPPED if each.rule_id == "payment_failed")
    account = Account(Rules(risk=tuple(off)))
    account.take(known(FAILED.at, "p1", FAILED, happened(BEGIN, "touch")))
    assert [each.detail["rule_id"] for each in account.tick((BEGIN + 120) * DAY)] == ["no_touch"]
    assert account.use(RULES) == account.tick((BEGIN + 121) * DAY) == []
    assert {each.detail["rule_id"] for each in account.holds().values() if isinstance(each, Signal)} == {
        "no_touch", "payment_failed"
    }  # fmt: skip


def test_score_and_money_that_part_are_told_until_they_agree() -> None:
    """Where customers are content and do not pay, or pay and complain, one number hides it."""
    content = (
        happened(BEGIN, "nps_answer", "a1", 10),
        happened(BEGIN, "csat_answer", "a2", 100),
        happened(BEGIN, "touch", "a3"),
        happened(BEGIN, "sla_kept", "a4"),
        Stated(BEGIN * DAY, "k", "m", "sentiment", "a5", "sentiment", 2),
    )
    owed = level(BEGIN + 5, "receivable", 1_000_000, BEGIN - 90, "i1", "USD")
    failing = level(BEGIN + 5, "payments_failing", 3, BEGIN - 90, "i1")
    paid = level(BEGIN + 9, "receivable", -1_000_000, BEGIN - 90, "i2", "USD")
    settled = level(BEGIN + 9, "payments_failing", -3, BEGIN - 90, "i2")
    account = live(
        [
            known(BEGIN * DAY, "a1", *content),
            known(owed.at, "i1", owed, failing),
            known(paid.at, "i2", paid, settled),
        ]
    )
    parted, agreed = (each for each in account.told if each.kind in (PARTED, AGREED))
    assert (parted.at, parted.detail["disagreement"], parted.detail["event_id"]) == (owed.at, "money_below", "i1")
    assert (agreed.at, agreed.subject_id) == (paid.at, parted.subject_id)
    assert agreed.detail == {**parted.detail, "since": str(owed.at)}


def test_a_disagreement_that_turns_round_is_another_one() -> None:
    """Money that lies below and then above is two findings, each with its own end."""
    held: dict[str, Disagreement] = {}
    said = [(1, "m", 5_000, "money_below", "a"), (2, "m", 6_000, "money_below", "b"), (3, "m", 7_000, "leaving", "c")]
    (ended,) = disagreements(held, said)
    assert (ended.kind, ended.since, ended.until, ended.evidence) == ("money_below", 1, 3, "a")
    assert disagreements(held, [(4, "m", None, "", "d")]) == [Disagreement("m", "leaving", 3, 7_000, "c", 4)]
    assert held == {}
