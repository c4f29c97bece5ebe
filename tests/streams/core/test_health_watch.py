"""Health over time: the ledger's fold against a plain count that looks at every day."""

from typing import Any
from unittest import mock

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.health import watch as watching
from streams.core.health.components import read
from streams.core.health.facts import DAY, Fact, Happened, Level, Revision, Stated, day_of, position
from streams.core.health.ledgers import HEALTH_KNOWN_LEDGER, HEALTH_LEDGER
from streams.core.health.model import AGEING, NO_END, SIGNALS, Band, Component, Variant, months_between, months_end
from streams.core.health.picture import Picture
from streams.core.health.score import Line, contributions, result
from streams.core.health.shipped import SHIPPED_MODEL
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.risk.choices import SHIPPED
from streams.core.rows_health import AccountHealthRow, AccountNowRow
from streams.core.rules import Rules
from tests.support.plain_health import plain_rows

BEGIN = 20_000
MODEL = "m"
NO_RISKS = tuple(msgspec.structs.replace(rule, is_active=False) for rule in SHIPPED)
"""Rules of risk have deadlines of their own."""
BANDS = (Band(3_000, "red"), Band(6_500, "yellow"), Band(10_000, "green"))

days = st.integers(BEGIN, BEGIN + 130)
moments = st.builds(lambda day, part: day * DAY + part, days, st.sampled_from([0, 0, 1, DAY // 2]))
units = st.sampled_from(["EUR", "USD"])


def component(number: int, signal: str, weight: int, turns: bool, linear: bool, age: int, fades: bool) -> Component:
    low, high = (10_000, 0) if turns else (0, 10_000)
    points = ((-2.0, low), (1.0, 4_000), (9.0, 6_000), (60.0, high))
    most = age if signal in AGEING else 0
    return Component(f"c{number}", signal, weight, points, linear, most, bool(most) and fades)  # type: ignore[arg-type]


components = st.lists(
    st.builds(
        component,
        st.integers(0, 99),
        st.sampled_from(sorted(SIGNALS)),
        st.integers(1, 9),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0, 7, 30, 45]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
).map(tuple)
variants = st.lists(
    st.builds(
        lambda place, since, segments, months, parts, least: Variant(
            place, MODEL, f"v{place}", since, "1", True, segments, *months, parts, least, BANDS, "b"
        ),
        st.integers(0, 2),
        st.sampled_from([0, 0, (BEGIN + 40) * DAY + 7]),
        st.sampled_from([(), (), ("large",)]),
        st.sampled_from([(0, 0), (0, 0), (0, 2), (2, 0)]),
        components,
        st.sampled_from([0, 2_000, 5_000]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda each: (each.variant_id, each.valid_from),
).map(tuple)


@st.composite
def fact_lists(draw: st.DrawFn) -> list[Fact]:
    """Draw facts of some members, in order of position."""
    found: dict[Any, Fact] = {}
    for number in range(draw(st.integers(1, 25))):
        at, event = draw(moments), f"e{number}"
        kind = draw(st.integers(0, 2))
        day = day_of(at)
        fact: Fact
        if kind == 0:
            name, unit, other, amount = draw(
                st.sampled_from(
                    [
                        ("tickets_open", "", day, 1),
                        ("escalations_open", "", day, 1),
                        ("receivable", "EUR", day + draw(st.integers(0, 40)), 100),
                        ("receivable", "USD", 0, 50),
                        ("payments_failing", "", day, 1),
                        ("dunning_open", "", day, 1),
                        ("mrr", "EUR", 0, 1_000),
                        ("mrr", "USD", 0, 300),
                        ("cancels_scheduled", "", day + 9, 1),
                        ("milestones_open", "", day + draw(st.integers(0, 40)), 1),
                    ]
                )
            )
            fact = Level(at, "k", f"m{number}", name, event, name, amount, other, unit)  # type: ignore[arg-type]
            end = draw(st.sampled_from([0, 0, 1, 9, 30])) * DAY
            if end:
                back = Level(at + end, "k", f"m{number}", name, f"{event}x", name, -amount, other, unit)  # type: ignore[arg-type]
                found[position(back)] = back
        elif kind == 1:
            name, total = draw(
                st.sampled_from(
                    [
                        ("nps_answer", 0),
                        ("nps_answer", 9),
                        ("csat_answer", 50),
                        ("ticket_opened", 0),
                        ("sla_kept", 0),
                        ("sla_breached", 0),
                        ("touch", 0),
                        ("usage", draw(st.integers(1, 9))),
                    ]
                )
            )
            fact = Happened(at, "k", f"m{number}", name, event, name, 1, total, "seats" if name == "usage" else "")  # type: ignore[arg-type]
        else:
            name, value, of, lasts = draw(
                st.sampled_from(
                    [
                        ("sentiment", -1, "", 0),
                        ("sentiment", 2, "", 0),
                        ("sentiment_by", "ann", "", 0),
                        ("owner", "ann", "", 0),
                        ("owner", "bob", "", 12 * DAY + 5),
                        ("owner", None, "", 0),
                        ("segment", "large", "", 0),
                        ("segment", "small", "", 0),
                        ("started", day - 3, "c1", 0),
                        ("used", 4, "seats", 0),
                        ("limit", 8, "seats", 0),
                        ("override", 40, "", 10 * DAY + 3),
                        ("override", "green", MODEL, 0),
                    ]
                )
            )
            fact = Stated(at, "k", f"m{number}", name, event, name, value, of, at + lasts if lasts else 0)  # type: ignore[arg-type]
        found[position(fact)] = fact
    return [found[each] for each in sorted(found)]


def rows_of(ledger: Any, entries: list[Any], rules: Rules, passed: int, *, recode: bool = True) -> list[Any]:
    """Fold entries and return all rows, sealed and open; `recode` lets nothing but bytes go on from entry to entry."""
    watch, outputs, scope = ledger.start("A", ""), Outputs(), Scope(rules, passed)
    for entry in entries:
        ledger.apply(watch, entry, scope, outputs)
        if recode:
            watch = msgspec.msgpack.decode(msgspec.msgpack.encode(watch), type=type(watch))
        else:
            ledger.project(watch, scope, Outputs())
    ledger.project(watch, scope, outputs)
    return outputs.rows


def said_by(rows: list[Any]) -> dict[int, tuple[Any, ...]]:
    """Return what rows of the model say, by moment."""
    mine = [row for row in rows if isinstance(row, AccountHealthRow) and row.model_id == MODEL]
    return {
        row.at: (
            row.variant_id,
            row.model_version,
            None if row.score is None else round(row.score * 100),
            round(row.coverage * 10_000),
            row.band,
            row.disagreement,
            row.override,
        )
        for row in mine
    }


@settings(deadline=None)
@given(fact_lists(), variants, st.integers(0, 150))
def test_every_change_is_a_row_and_nothing_else_is(facts: list[Fact], models: tuple[Variant, ...], later: int) -> None:
    """Ageing crosses bands on days when nothing happens: the fold must find each without looking at every day."""
    passed = (BEGIN + later) * DAY + DAY // 3
    rows = rows_of(HEALTH_LEDGER, facts, Rules(health=models, risk=NO_RISKS), passed)
    warm = rows_of(HEALTH_LEDGER, facts, Rules(health=models, risk=NO_RISKS), passed, recode=False)
    assert warm == rows, "what is kept between two entries may not show"
    moments = sorted({fact.at for fact in facts})
    holding = [(at, [fact for fact in facts if fact.at <= at]) for at in moments]
    assert said_by(rows) == plain_rows(holding, models, MODEL, passed)


@settings(deadline=None)
@given(fact_lists(), variants, st.integers(1, 4), st.integers(0, 3))
def test_a_crowd_of_one_moment_says_what_few_would(
    facts: list[Fact], models: tuple[Variant, ...], most: int, days: int
) -> None:
    """Of thousands of facts at one moment few are held: how many must not show, in rows of health or of risk."""
    begin, met = facts[0].at, list[Fact]()
    for number, fact in enumerate(facts):  # facts meet at few moments, far from each other
        at = begin + ((fact.at - begin) // (40 * DAY) + 1) * (40 * DAY) + days * DAY
        met.append(msgspec.structs.replace(fact, at=at, place=f"{fact.place}/{number}"))
    met.sort(key=position)
    rules, passed = Rules(health=models), (BEGIN + 150) * DAY
    expected = rows_of(HEALTH_LEDGER, met, rules, passed)
    with mock.patch.object(watching, "MOST_PENDING", most):
        assert rows_of(HEALTH_LEDGER, met, rules, passed) == expected
        assert rows_of(HEALTH_LEDGER, met, rules, passed, recode=False) == expected


def test_a_crowd_that_changes_nothing_makes_no_row() -> None:
    """Facts that a long history states anew add up to what was; a row would date a change that never was."""
    at, many = BEGIN * DAY, watching.MOST_PENDING + 9
    facts: list[Fact] = [Level(at, "ticket", "T", "tickets_open", "e", "tickets_open", 1, BEGIN)]
    for number in range(many):
        for amount in (1, -1):
            place = f"m{number}/{amount}"
            facts.append(Level(at + DAY, "ticket", place, "tickets_open", place, "tickets_open", amount, BEGIN + 1))
    facts.sort(key=position)
    rows = [row.at for row in rows_of(HEALTH_LEDGER, facts, Rules(), at + DAY) if isinstance(row, AccountHealthRow)]
    assert rows == [at]


def test_of_several_currencies_the_one_that_fell_most_counts() -> None:
    """Amounts in different currencies cannot be added: 10 % more of one makes up for no 20 % less of another."""
    picture = Picture()
    for day, amounts in ((0, (1_000, 500)), (100, (100, -100))):
        for unit, amount in zip(("EUR", "USD"), amounts, strict=True):
            at = (BEGIN + day) * DAY
            picture.take(Level(at, "subscription", "s", f"{unit}{day}", "e", "mrr", amount, unit=unit), 1, BEGIN + day)
    trend = [read(picture, "mrr_trend", BEGIN + day, (BEGIN + day) * DAY)[0] for day in (100, 189, 190)]
    assert trend == [-20, -20, 0]


def test_who_changes_currency_has_not_left() -> None:
    """A customer whose invoices go from euros to dollars looked like a loss of all revenue, for ninety days."""
    picture = Picture()
    for day, unit, amount in ((0, "EUR", 1_000), (100, "EUR", -1_000), (100, "USD", 1_100)):
        at = (BEGIN + day) * DAY
        picture.take(Level(at, "subscription", "s", f"{unit}{day}", "e", "mrr", amount, unit=unit), 1, BEGIN + day)
    assert [read(picture, "mrr_trend", BEGIN + day, (BEGIN + day) * DAY)[0] for day in (100, 189, 190)] == [
        None,
        None,
        0,
    ]
    picture.take(Level(at + DAY, "subscription", "s", "end", "e", "mrr", -1_100, unit="USD"), 1, BEGIN + 101)
    picture.__dict__.clear()
    assert read(picture, "mrr_trend", BEGIN + 101, at + DAY)[0] == -100


@settings(deadline=None)
@given(fact_lists(), variants, st.data())
def test_what_was_known_then_stays_when_facts_change(
    facts: list[Fact], models: tuple[Variant, ...], data: st.DataObject
) -> None:
    """As known goes by revisions: facts that were wrong are taken away, and what was said before stays as it was."""
    revisions: list[Revision] = []
    for number, fact in enumerate(facts):
        at = fact.at + data.draw(st.sampled_from([0, 0, DAY, 20 * DAY]))
        revisions.append(Revision(at, fact.kind, fact.member, f"r{number}", (), (fact,)))
        if data.draw(st.integers(0, 3)) == 0:
            back = at + data.draw(st.sampled_from([0, 1, 30 * DAY]))
            revisions.append(Revision(back, fact.kind, fact.member, f"q{number}", (fact,), ()))
    revisions.sort(key=HEALTH_KNOWN_LEDGER.sort_key)
    passed = (BEGIN + 160) * DAY
    rows = rows_of(HEALTH_KNOWN_LEDGER, revisions, Rules(health=models, risk=NO_RISKS), passed)
    holding: list[tuple[int, list[Fact]]] = []
    for at in sorted({each.at for each in revisions}):
        so_far = [each for each in revisions if each.at <= at]
        taken = [fact for each in so_far for fact in each.taken]
        holding.append((at, [fact for each in so_far for fact in each.added if fact not in taken]))
    assert said_by(rows) == plain_rows(holding, models, MODEL, passed)
    assert all(row.is_known for row in rows)


@settings(deadline=None)
@given(fact_lists(), variants)
def test_no_deadline_is_missed(facts: list[Fact], models: tuple[Variant, ...]) -> None:
    """A band that is crossed between two deadlines would show up only with the next event, dated in the past."""
    rules, watch = Rules(health=models, risk=NO_RISKS), HEALTH_LEDGER.start("A", "")
    for fact in facts:
        HEALTH_LEDGER.apply(watch, fact, Scope(rules, 0), None)
    end = (BEGIN + 400) * DAY
    whole = Outputs()
    HEALTH_LEDGER.project(watch, Scope(rules, end), whole)
    changes = sorted(row.at for row in whole.rows if isinstance(row, AccountHealthRow) and row.at > watch.at)
    assert HEALTH_LEDGER.deadline is not None
    passed, visits = 0, 0
    while (due := HEALTH_LEDGER.deadline(watch, Scope(rules, passed))) <= end:
        assert due > max(passed, watch.at)
        missed = [at for at in changes if max(passed, watch.at) < at < due]
        assert not missed, "time may change nothing before the deadline"
        passed, visits = due, visits + 1
        shown = Outputs()
        HEALTH_LEDGER.project(watch, Scope(rules, passed), shown)
        assert [row.at for row in shown.rows if isinstance(row, AccountHealthRow) and row.at > watch.at] == [
            row.at for row in whole.rows if isinstance(row, AccountHealthRow) and watch.at < row.at <= passed
        ]
    assert visits <= len(changes) + 10, "nobody looks at every day"


@settings(deadline=None)
@given(fact_lists(), st.data())
def test_facts_that_are_taken_away_leave_nothing(facts: list[Fact], data: st.DataObject) -> None:
    """Corrections take facts away for good; what stayed behind would count for ever."""
    watch = HEALTH_LEDGER.start("A", "")
    today = BEGIN + 20
    few = facts[:8]
    for fact in few:
        watch.picture.take(fact, 1, today)
    for fact in data.draw(st.permutations(few)):
        watch.picture.take(fact, -1, today)
    watch.picture = watch.picture.settled()
    assert watch.picture == type(watch.picture)()
    assert watch.picture.is_empty()


def test_the_published_vector() -> None:
    """Weights 30/30/20/10/10 over values 40, 100, none, 70, none: 70.0 with a coverage of 0.70."""
    parts = tuple(Component(f"c{n}", "nps", weight, ((0, 0),)) for n, weight in enumerate((30, 30, 20, 10, 10)))
    variant = Variant(0, MODEL, "v", 0, "1", True, (), 0, 0, parts, 5_000, BANDS, "b")
    values = (4_000, 10_000, None, 7_000, None)
    every = [Line(part, None if value is None else 1.0, value, 0) for part, value in zip(parts, values, strict=True)]
    found = result(variant, every, 0)
    assert (found.score, found.coverage) == (7_000, 7_000)
    brought = contributions(variant, every, 0)
    assert sum(points for _, points in brought) == 7_000
    assert sum(share for share, _ in brought) == 10_000


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10_000) | st.none()), min_size=1, max_size=12))
def test_contributions_add_up_to_the_score(parts: list[tuple[int, int | None]]) -> None:
    """Whoever adds the shown contributions must get the shown score, to the last digit."""
    made = tuple(Component(f"c{n}", "nps", weight, ((0, 0),)) for n, (weight, _) in enumerate(parts))
    variant = Variant(0, MODEL, "v", 0, "1", True, (), 0, 0, made, 0, BANDS, "b")
    every = [Line(each, None if v is None else 1.0, v, 0) for each, (_, v) in zip(made, parts, strict=True)]
    score = result(variant, every, 0).score
    brought = contributions(variant, every, 0)
    assert sum(points for _, points in brought) == (score or 0)
    assert sum(share for share, _ in brought) == (0 if score is None else 10_000)


def test_bands_take_their_upper_end() -> None:
    """Published bands are 0 to 50, 51 to 75, 76 to 100: 50 is red and 75 is yellow."""
    (variant, _) = Rules().health_models(0)[SHIPPED_MODEL]
    assert [variant.band(score) for score in (5_000, 5_001, 7_500, 7_501)] == ["red", "yellow", "yellow", "green"]


@given(st.integers(10_000, 12_000), st.integers(0, 800), st.integers(0, 30), st.integers(0, 30))
def test_months_end_on_the_day_before_they_change(start: int, age: int, first: int, last: int) -> None:
    """A new customer leaves the model for new ones on one day, in months of any length."""
    variant = Variant(0, MODEL, "v", 0, "1", True, (), first, last, (), 0, BANDS, "b")
    day = start + age
    end = months_end(start, day, [variant])
    takes = variant.takes("", months_between(start, day))
    for each in range(day, min(end, day + 900) + 1):
        assert variant.takes("", months_between(start, each)) == takes
    if end < NO_END:
        edges = {first, last}
        assert months_between(start, end + 1) in edges
        assert months_between(start, end) not in edges or months_between(start, day) == months_between(start, end)


def test_the_account_as_it_stands() -> None:
    """One row has what a manager asks first; levels are those of the last fact."""
    at = BEGIN * DAY
    facts: list[Fact] = [
        Stated(at, "account", "A", "segment", "e1", "segment", "large"),
        Stated(at, "account", "A", "owner", "e1", "owner", "ann"),
        Level(at, "subscription", "S", "mrr", "e2", "mrr", 5_000_000, 0, "EUR"),
        Level(at + 5, "ticket", "T", "tickets_open", "e3", "tickets_open", 1, BEGIN),
    ]
    facts.sort(key=position)
    (row,) = [row for row in rows_of(HEALTH_LEDGER, facts, Rules(), 0) if isinstance(row, AccountNowRow)]
    assert (row.segment, row.owner_id, row.mrr_currencies, row.mrr_micros) == ("large", "ann", ("EUR",), (5_000_000,))
    assert (row.tickets_open, row.at, row.facts) == (1, at + 5, 4)


def test_sums_of_any_size_are_kept_and_shown_up_to_what_a_column_holds() -> None:
    """Amounts come from outside: two of the greatest fit into no record as numbers, and would stop the account."""
    at, most = BEGIN * DAY, 2**63 - 1
    facts: list[Fact] = [
        fact
        for number in range(4)
        for fact in (
            Level(at + number, "k", f"m{number}", "mrr", f"e{number}", "mrr", most, 0, "EUR"),
            Level(at + number, "k", f"m{number}", "receivable", f"e{number}", "receivable", most, BEGIN - 9, "EUR"),
            Happened(at + number, "k", f"m{number}", "usage", f"e{number}", "usage", 1, most, "bytes"),
        )
    ]
    rows = rows_of(HEALTH_LEDGER, sorted(facts, key=position), Rules(), (BEGIN + 200) * DAY)
    (row,) = [row for row in rows if isinstance(row, AccountNowRow)]
    assert (row.mrr_micros, row.receivable_micros) == ((most,), (most,))
    watch = HEALTH_LEDGER.start("A", "")
    for fact in facts:
        watch.picture.take(fact, 1, BEGIN)
    watch = msgspec.msgpack.decode(msgspec.msgpack.encode(watch), type=type(watch))
    for fact in facts:
        watch.picture.take(fact, -1, BEGIN)
    watch.picture = watch.picture.settled()
    assert watch.picture.is_empty()


def test_nothing_is_said_of_an_account_without_facts() -> None:
    """A ledger whose last entry was taken away has no rows and no deadline."""
    watch, outputs = HEALTH_LEDGER.start("A", ""), Outputs()
    HEALTH_LEDGER.project(watch, Scope(Rules(), 0), outputs)
    assert outputs.is_empty()
    assert HEALTH_LEDGER.deadline is not None
    assert HEALTH_LEDGER.deadline(watch, Scope(Rules(), 0)) == NEVER
