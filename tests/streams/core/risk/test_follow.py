"""Risks of an account followed through time, against readings of every rule on every single day."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.health.facts import DAY, Fact, Happened, Level, Revision, Stated, day_of, position
from streams.core.health.ledgers import HEALTH_KNOWN_LEDGER, HEALTH_LEDGER
from streams.core.health.picture import Picture
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.risk.choices import HIGH, MEDIUM, SHIPPED, Condition, RiskRule
from streams.core.risk.conditions import NOT_DUE, Scores, number
from streams.core.risk.episodes import (
    CHURNED,
    MERGED,
    MODEL_RETIRED,
    Name,
    Reading,
    State,
    Zone,
    episode_id,
    listed,
    step,
)
from streams.core.risk.follow import Risks, reading_of, stand_of
from streams.core.rows_health import AccountHealthRow
from streams.core.rows_risk import RiskEpisodeRow
from streams.core.rules import Rules

BEGIN = 20_000
END = BEGIN + 200
LEVELS = ("detractors_open", "receivable", "payments_failing", "cancels_scheduled", "milestones_open", "mrr")
COUNTS = ("nps_answer", "sla_breached", "ticket_opened", "ticket_opened", "touch", "churned", "renewed")


def level(day: float, name: str, number: int = 1, of: int = 0, event: str = "e", unit: str = "") -> Level:
    return Level(int(day * DAY), "k", f"{name}{number}", name, event, name, number, of, unit)  # type: ignore[arg-type]


def happened(day: float, name: str, event: str = "e", total: int = 0) -> Happened:
    return Happened(int(day * DAY), "k", f"{name}{day}", name, event, name, 1, total)  # type: ignore[arg-type]


def usage(day: float, total: int) -> Happened:
    return Happened(int(day * DAY), "k", f"usage{day}", "usage", "e", "usage", 1, total, "seats")


def due(day: float, value: int | None, event: str = "e") -> Stated:
    return Stated(int(day * DAY), "k", f"c{day}", "renewal_due", event, "renewal_due", value, "c")


def merged(day: float, survivor: str | None, event: str = "e") -> Stated:
    return Stated(int(day * DAY), "account_merge", "A", "merged", event, "merged", survivor)


@st.composite
def fact_lists(draw: st.DrawFn) -> list[Fact]:
    """Draw facts of an account in order of position; levels that rise fall again, or never."""
    found: dict[Any, Fact] = {}
    for place in range(draw(st.integers(1, 14))):
        day = BEGIN + draw(st.sampled_from([0, 0.5, 3, 7, 20, 30, 31, 60, 61, 90, 91, 100]))
        member, event = f"m{place}", f"e{place}"
        at, kind = int(day * DAY), draw(st.integers(0, 4))
        facts: list[Fact] = []
        if kind <= 1:
            name = draw(st.sampled_from(LEVELS))
            of = 0 if name == "mrr" else day_of(at) + draw(st.sampled_from([0, 0, 30]))
            facts.append(Level(at, "k", member, name, event, name, 5, of))  # type: ignore[arg-type]
            lasts = draw(st.sampled_from([0, 0.25, 1, 40, 80]))
            if lasts:
                end = at + int(lasts * DAY)
                facts.append(Level(end, "k", member, name, f"{event}x", name, -5, of))  # type: ignore[arg-type]
        elif kind == 4 and draw(st.booleans()):
            facts.append(merged(at / DAY, draw(st.sampled_from(["B", None, None])), event))
        elif kind == 4:
            name = draw(st.sampled_from(("renewal_due", "renewal_due", "started")))
            value = day_of(at) + (draw(st.sampled_from([60, 120])) if name == "renewal_due" else 0)
            facts.append(Stated(at, "k", member, name, event, name, value, "c"))  # type: ignore[arg-type]
        else:
            name = draw(st.sampled_from(COUNTS))
            facts.append(Happened(at, "k", member, name, event, name, 1, draw(st.integers(0, 10))))  # type: ignore[arg-type]
        found |= {position(fact): fact for fact in facts}
    return [found[each] for each in sorted(found)]


def rows_of(ledger: Any, entries: list[Any], rules: Rules, passed: int) -> list[Any]:
    """Fold entries, each time through a snapshot, and return all rows."""
    watch, outputs, scope = ledger.start("A", ""), Outputs(), Scope(rules, passed)
    for entry in entries:
        ledger.apply(watch, entry, scope, outputs)
        watch = msgspec.msgpack.decode(msgspec.msgpack.encode(watch), type=type(watch))
    ledger.project(watch, scope, outputs)
    return outputs.rows


def episodes(rows: list[Any]) -> dict[tuple[str, int], RiskEpisodeRow]:
    return {(row.rule_id, row.since): row for row in rows if isinstance(row, RiskEpisodeRow)}


def found_by_looking_every_day(facts: list[Fact], rows: list[Any], rules: Rules, passed: int) -> set[tuple[Any, ...]]:
    """Read each rule at every fact, every row of health and every midnight."""
    said = sorted(
        ((row.at, row.model_id, row.score) for row in rows if isinstance(row, AccountHealthRow)),
        key=lambda each: each[0],
    )
    moments = {fact.at for fact in facts} | {each[0] for each in said}
    moments |= {day * DAY for day in range(facts[0].at // DAY, END + 1)}
    picture, states, found = Picture(), dict[str, State](), set()
    noted = Risks()
    for at in sorted(each for each in moments if facts[0].at <= each <= passed):
        for fact in facts:
            if fact.at == at:
                picture.take(fact, 1, at // DAY)
        for moment, model, score in said:
            if moment == at:
                noted.say(at, model, None if score is None else round(score * 100))
        picture = picture.settled()
        picture.__dict__.clear()  # what was read is kept there, for pictures that never change
        for rule in rules.risk_rules(at):
            state, finals = step(
                states.get(rule.rule_id, State()), _reading(rule, picture, noted.scores, at), rule.terms
            )
            states[rule.rule_id] = state
            found |= {(rule.rule_id, each.since, each.opened_at, each.closed_at) for each in finals}
    for rule in rules.risk_rules(passed):
        for each in listed(states.get(rule.rule_id, State()), rule.terms, passed):
            found.add((rule.rule_id, each.since, each.opened_at, each.closed_at))
    return found


def _reading(rule: Any, picture: Picture, scores: Scores, at: int) -> Any:
    into = picture.statements.get("merged", {}).get("", [])
    if into and into[-1].value is not None:
        return Reading(at, Zone.OUT, reason=MERGED)
    has_left = picture.heard.get("churned") and picture.heard.get("mrr") and not picture.levels.get("mrr")
    return (
        Reading(at, Zone.OUT, reason=CHURNED)
        if has_left
        else reading_of(stand_of(rule, picture, scores, at), picture, at)
    )


@settings(deadline=None)
@given(fact_lists(), st.integers(0, 199))
def test_no_day_is_missed_on_which_a_rule_moves(facts: list[Fact], later: int) -> None:
    """Conditions age on days when nothing happens: an episode found late would be dated as late."""
    rules, passed = Rules(), (BEGIN + later) * DAY + DAY // 3
    facts = [fact for fact in facts if fact.at <= passed]
    if not facts:
        return
    rows = rows_of(HEALTH_LEDGER, facts, rules, passed)
    got = {(row.rule_id, row.since, row.opened_at, row.closed_at or 0) for row in episodes(rows).values()}
    assert got == found_by_looking_every_day(facts, rows, rules, passed)


_LESS_USE = Condition("usage_change", "", 0, is_high=False, enter=-30, exit=-10)
_LESS_MONEY = Condition("mrr_trend", "", 0, is_high=False, enter=-20, exit=-5)
_SEATS = Condition("usage_share", "", 0, is_high=False, enter=40, exit=60)


@st.composite
def customers(draw: st.DrawFn) -> list[Fact]:
    """Draw what an account uses and pays over time."""
    found: dict[Any, Fact] = {}
    for place in range(draw(st.integers(1, 12))):
        at = int((BEGIN + draw(st.integers(0, 100)) + draw(st.sampled_from([0, 0.5]))) * DAY)
        member, event = f"m{place}", f"e{place}"
        facts: list[Fact] = [
            Happened(at, "k", member, "usage", event, "usage", 1, draw(st.integers(0, 9)), "seats"),
            Stated(at, "k", member, "used", event, "used", draw(st.integers(0, 9)), "seats"),
            Stated(at, "k", member, "limit", event, "limit", draw(st.sampled_from([10, 10, None])), "seats"),
            Level(at, "k", member, "mrr", event, "mrr", draw(st.integers(-30, 100)), 0, draw(st.sampled_from("EU"))),
        ]
        found |= {position(fact): fact for fact in draw(st.lists(st.sampled_from(facts), min_size=1, unique=True))}
    return [found[each] for each in sorted(found)]


@settings(deadline=None)
@given(customers(), st.sampled_from([_LESS_USE, _LESS_MONEY, _SEATS]), st.integers(0, 199))
def test_less_use_and_less_money_are_risks_on_the_day_they_are(
    facts: list[Fact], condition: Condition, later: int
) -> None:
    """Customers who leave use less first: a window that time alone moves has to be looked at on its day."""
    watched_rule = RiskRule("r", 0, "1", True, MEDIUM, 0, 0, 0, (condition,))
    rules, passed = Rules(risk=(watched_rule,)), (BEGIN + later) * DAY + DAY // 3
    facts = [fact for fact in facts if fact.at <= passed]
    if facts:
        rows = rows_of(HEALTH_LEDGER, facts, rules, passed)
        got = {(row.rule_id, row.since, row.opened_at, row.closed_at or 0) for row in episodes(rows).values()}
        assert got == found_by_looking_every_day(facts, rows, rules, passed)


@settings(deadline=None)
@given(fact_lists())
def test_a_deadline_comes_before_every_change(facts: list[Fact]) -> None:
    """A worker sleeps until the next deadline: rows of risk may not change before it."""
    rules, watch, deadline = Rules(), HEALTH_LEDGER.start("A", ""), HEALTH_LEDGER.deadline
    assert deadline is not None
    for fact in facts:
        HEALTH_LEDGER.apply(watch, fact, Scope(rules, 0), None)

    def shown(passed: int) -> Any:
        outputs = Outputs()
        HEALTH_LEDGER.project(watch, Scope(rules, passed), outputs)
        return episodes(outputs.rows)

    passed, visits = facts[-1].at, 0
    while (at := deadline(watch, Scope(rules, passed))) <= END * DAY and visits < 40:
        assert at > passed
        assert shown(at - 1) == shown(passed)
        passed, visits = at, visits + 1


@settings(deadline=None)
@given(fact_lists())
def test_an_episode_is_named_by_the_event_that_opened_it_whenever_that_came(facts: list[Fact]) -> None:
    """Late evidence opens an episode earlier and names it: its id must be that of a history in which it was on time."""
    facts = [fact for fact in facts if fact.name not in ("merged", "churned")]
    watched = {"payment_failed": "payments_failing", "cancel_scheduled": "cancels_scheduled"}
    by_event = {(fact.name, fact.event_id): fact for fact in facts}
    for row in episodes(rows_of(HEALTH_LEDGER, facts, Rules(), END * DAY)).values() if facts else ():
        if row.rule_id in watched:
            opened = by_event[watched[row.rule_id], row.event_id]
            assert opened.at == row.opened_at
            assert row.episode_id == episode_id("A", row.rule_id, Name(row.event_id))


def test_an_episode_has_its_evidence_and_the_worst_it_came_to() -> None:
    """Who is at risk and why: the row names the event, and the id that messages go by."""
    facts: list[Fact] = [
        level(BEGIN, "payments_failing", 1, BEGIN, "p1"),
        level(BEGIN + 1, "payments_failing", 2, BEGIN, "p2"),
    ]
    (row,) = episodes(rows_of(HEALTH_LEDGER, facts, Rules(), (BEGIN + 2) * DAY)).values()
    assert (row.rule_id, row.opened_at, row.closed_at, row.event_id) == ("payment_failed", BEGIN * DAY, None, "p1")
    assert (row.severity, row.rose_at, row.rule_version) == ("high", (BEGIN + 1) * DAY, "default")
    (state,) = (each for each in SHIPPED if each.rule_id == "payment_failed")
    assert state.severity == MEDIUM < HIGH
    assert row.episode_id == episode_id("A", "payment_failed", Name("p1"))


def test_known_episodes_keep_what_was_known() -> None:
    """A failure that is taken back ends the known episode as retracted, and leaves no corrected one."""
    fact = level(BEGIN, "payments_failing", 1, BEGIN, "p1")
    at = (BEGIN + 3) * DAY
    told = [
        Revision(fact.at + 7, "k", "m", "p1", taken=(), added=(fact,)),
        Revision(at, "k", "m", "p2", taken=(fact,), added=()),
    ]
    (row,) = episodes(rows_of(HEALTH_KNOWN_LEDGER, told, Rules(), at + DAY)).values()
    assert (row.is_known, row.since, row.closed_at, row.reason) == (True, fact.at + 7, at, "retracted")
    assert episodes(rows_of(HEALTH_LEDGER, [], Rules(), at + DAY)) == {}


def test_a_rule_that_is_switched_off_ends_its_episodes() -> None:
    """Nobody follows them any more, and they are neither recovered nor lost."""
    off = (BEGIN + 5) * DAY + 9
    overdue = next(each for each in SHIPPED if each.rule_id == "cancel_scheduled")
    rules = Rules(risk=(msgspec.structs.replace(overdue, valid_from=off, is_active=False),))
    facts: list[Fact] = [level(BEGIN, "cancels_scheduled", 1, BEGIN + 30)]
    (row,) = episodes(rows_of(HEALTH_LEDGER, facts, rules, off)).values()
    assert (row.closed_at, row.reason, row.severity) == (off, MODEL_RETIRED, "high")
    (row,) = episodes(rows_of(HEALTH_LEDGER, facts, rules, off - 1)).values()
    assert row.closed_at is None


def test_a_merged_account_is_followed_as_its_survivor() -> None:
    """Two accounts that are one customer are one risk: its own ends there, and begins anew once they part again."""
    failed = level(BEGIN, "payments_failing", 1, BEGIN, "p1")
    facts: list[Fact] = [
        failed,
        merged(BEGIN + 2, "B", "m1"),
        level(BEGIN + 3, "cancels_scheduled", 1, BEGIN + 90, "s1"),
    ]
    (row,) = episodes(rows_of(HEALTH_LEDGER, facts, Rules(), (BEGIN + 9) * DAY)).values()
    assert (row.rule_id, row.closed_at, row.reason) == ("payment_failed", (BEGIN + 2) * DAY, MERGED)
    apart = episodes(rows_of(HEALTH_LEDGER, [*facts, merged(BEGIN + 5, None, "m2")], Rules(), (BEGIN + 9) * DAY))
    began = (BEGIN + 5) * DAY
    assert set(apart) == {("payment_failed", failed.at), ("payment_failed", began), ("cancel_scheduled", began)}
    again = apart["payment_failed", began]
    assert (again.opened_at, again.closed_at, again.reopened, again.event_id) == (began, None, 0, "p1")
    assert again.episode_id == episode_id("A", "payment_failed", Name("p1", 1))


@settings(deadline=None)
@given(fact_lists(), st.integers(0, 90), st.integers(1, 60))
def test_a_merge_and_its_end_leave_what_was(facts: list[Fact], day: int, lasts: int) -> None:
    """Health is as it would be without; of risks the days before stay, and none is open while the merge lasts."""
    begin, end = int((BEGIN + day + 0.1) * DAY), int((BEGIN + day + lasts + 0.1) * DAY)
    alone = [fact for fact in facts if fact.name != "merged"]
    if not alone or alone[0].at >= begin:
        return
    both = sorted([*alone, merged(begin / DAY, "B"), merged(end / DAY, None)], key=position)
    plain, apart = (rows_of(HEALTH_LEDGER, each, Rules(), END * DAY) for each in (alone, both))
    assert [row for row in plain if isinstance(row, AccountHealthRow)] == [
        row for row in apart if isinstance(row, AccountHealthRow)
    ]
    before = {
        row
        if row.closed_at is not None and row.closed_at <= begin
        else msgspec.structs.replace(row, closed_at=begin, reason=MERGED)
        for row in episodes(plain).values()
        if row.noticed_at < begin
    }
    found = {row for row in episodes(apart).values() if row.since < begin}
    assert {_outcome(row) for row in before} == {_outcome(row) for row in found}
    assert all(row.since >= end for row in episodes(apart).values() if row not in found)


def _outcome(row: RiskEpisodeRow) -> tuple[Any, ...]:
    return row.rule_id, row.episode_id, row.since, row.noticed_at, row.closed_at, row.reason


def watched(signal: str, days: int = 0) -> Condition:
    return Condition(signal, "", days, is_high=True, enter=10, exit=5)


def picture_of(*facts: Fact) -> Picture:
    picture = Picture()
    for fact in facts:
        picture.take(fact, 1, fact.at // DAY)
    return picture


@pytest.mark.parametrize(
    ("signal", "days", "facts", "day", "value", "next_day"),
    [
        ("cancels_scheduled", 0, [level(BEGIN, "cancels_scheduled", 2)], BEGIN, 2, NEVER),
        ("overdue_days", 0, [level(BEGIN, "receivable", 100, BEGIN + 3)], BEGIN + 5, 2, BEGIN + 8),
        ("overdue_days", 0, [level(BEGIN, "receivable", 100, BEGIN + 3)], BEGIN + 9, 6, BEGIN + 13),
        ("overdue_days", 0, [], BEGIN, 0, NEVER),
        ("overdue_days", 0, [level(BEGIN, "receivable", 100)], BEGIN + 900, 0, NEVER),
        ("days_to_renewal", 0, [due(BEGIN, BEGIN + 30)], BEGIN, 30, BEGIN + 20),
        ("days_to_renewal", 0, [due(BEGIN, BEGIN + 30), due(BEGIN + 1, None)], BEGIN + 2, NOT_DUE, NEVER),
        ("sla_breaches", 30, [happened(BEGIN, "sla_breached")], BEGIN + 29, 1, BEGIN + 30),
        ("sla_breaches", 30, [happened(BEGIN, "sla_breached")], BEGIN + 30, 0, NEVER),
        ("days_since_touch", 0, [], BEGIN, None, NEVER),
        ("days_since_touch", 0, [happened(BEGIN, "touch")], BEGIN + 4, 4, BEGIN + 5),
        ("score", 0, [], BEGIN, None, NEVER),
        ("usage_change", 0, [usage(BEGIN, 10), usage(BEGIN + 31, 4)], BEGIN + 31, -60, BEGIN + 60),
        ("usage_change", 0, [usage(BEGIN, 10), usage(BEGIN + 31, 4)], BEGIN + 60, None, BEGIN + 61),
        ("usage_change", 0, [], BEGIN, None, NEVER),
        ("mrr_trend", 0, [level(BEGIN, "mrr", 100), level(BEGIN + 95, "mrr", -25)], BEGIN + 99, -25, BEGIN + 185),
    ],
)
def test_numbers_that_rules_watch(
    signal: str, days: int, facts: list[Fact], day: int, value: float | None, next_day: int
) -> None:
    """A rule is only as good as the number, and as the day on which somebody looks at it again."""
    found = number(picture_of(*facts), {}, watched(signal, days), day * DAY)
    assert (found.value, found.next_day) == (value, next_day)


def test_a_surge_is_against_the_accounts_own_base() -> None:
    """Ten tickets are nothing to one account and an alarm to another; without a base nobody can tell."""
    usual = [happened(BEGIN + 9 * each, "ticket_opened") for each in range(10)]
    many = [happened(BEGIN + 90 + each / 8, "ticket_opened") for each in range(7)]
    condition = watched("ticket_surge", 14)
    found = number(picture_of(*usual, *many), {}, condition, (BEGIN + 103) * DAY)
    assert found.value == pytest.approx(7 * 90 / (10 * 14))
    assert number(picture_of(*many), {}, condition, (BEGIN + 100) * DAY).value is None


def test_a_surge_after_years_of_silence_is_against_a_whole_base() -> None:
    """Old tickets are forgotten, and that there were some is not: or who is silent for long would count as new."""
    old, usual = happened(BEGIN, "ticket_opened"), happened(BEGIN + 400, "ticket_opened")
    many = [happened(BEGIN + 440 + each, "ticket_opened") for each in range(4)]
    condition, at = watched("ticket_surge", 14), (BEGIN + 444) * DAY
    assert number(picture_of(old, usual, *many), {}, condition, at).value == pytest.approx(4 * 90 / (1 * 14))
    assert number(picture_of(usual, *many), {}, condition, at).value == pytest.approx(4 * 31 / (1 * 14))


def test_a_fall_is_against_what_was_said_then() -> None:
    """Rows of health are what people saw: a fall is told between two of them."""
    risks = Risks()
    for day, score in ((0, 9_000), (3, 8_000), (9, 5_500)):
        risks.say((BEGIN + day) * DAY, "m", score)
    condition = Condition("score_drop", "m", 7, is_high=True, enter=15, exit=5)
    found = [number(Picture(), risks.scores, condition, (BEGIN + day) * DAY) for day in (9, 10, 16)]
    assert [each.value for each in found] == [35, 25, 0]
    assert [each.next_day for each in found] == [BEGIN + 10, BEGIN + 16, NEVER]
    assert number(Picture(), risks.scores, watched("score"), (BEGIN + 9) * DAY).value == 55
