"""Comparison of generations: a promotion rests on it, so each kind of difference is found, counted and shown."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sinks import admitted, compare, generations
from sinks.admitted import Turned
from sinks.clickhouse import ClickHouseSink
from sinks.compare import Change, Difference, Example
from sinks.migrate import migrate
from sinks.port import RowTuple
from sinks.settings import Warehouse
from sinks.tables import TABLES
from tests.sinks.example_rows import EPOCH, row

pytestmark = pytest.mark.servers
Sides = tuple[str, str]


@pytest.fixture(scope="module")
def sides(client: Client, migrated: Callable[[Warehouse], tuple[Warehouse, str]]) -> Sides:
    warehouse, first = migrated(Warehouse(low_sample=31))
    return first, generations.create(client, warehouse)


def _fill(client: Client, sides: Sides, *rows: Mapping[str, list[RowTuple]]) -> None:
    for database, given_rows in zip(sides, rows, strict=True):
        for table in {"answer", "account_history", "survey_question", "policy", "response", *given_rows}:
            client.execute(f"TRUNCATE TABLE `{database}`.`{table}`")
        ClickHouseSink(client, database).insert(given_rows)


_IDS = st.sampled_from(["a", "b", 'it\'s; "q" \\ `', "", "\n\t"])
_NUMBERS = st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf])
_MAYBE = st.none() | _NUMBERS
_REFS = st.lists(st.tuples(_IDS, _IDS), max_size=2)
_TIMES = st.sampled_from([0, 1, 1_772_442_000_000_001])
_COLUMNS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "answer": {"account_id": _IDS, "response_id": _IDS, "number": _NUMBERS, "submitted_at": _TIMES},
    "account_history": {"account_id": _IDS, "valid_from": _TIMES, "external_refs": _REFS, "segment": _IDS},
    "survey_question": {
        "survey_version": st.integers(-1, 1),
        "account_id": _IDS,
        "scale_min": _MAYBE,
        "scale_max": _MAYBE,
    },
    "policy": {"policy": _IDS, "value": _IDS},
}


@st.composite
def _rows(draw: st.DrawFn) -> dict[str, list[RowTuple]]:
    """Rows with several versions of some keys, each version once, some of them withdrawals."""
    made: dict[str, list[RowTuple]] = {}
    for table, columns in _COLUMNS.items():
        drawn = draw(st.lists(st.tuples(st.fixed_dictionaries(columns), st.booleans()), max_size=4))
        versions = draw(st.permutations(range(1, len(drawn) + 1)))
        made[table] = [row(table, v, int(gone), **told) for v, (told, gone) in zip(versions, drawn, strict=True)]
    return made


def _shown(table: str, rows: list[RowTuple], accounts: set[str]) -> dict[tuple[Any, ...], RowTuple]:
    """What FINAL shows, said plainly: the highest version of each key, unless that withdraws it."""
    width, names = len(TABLES[table].key), TABLES[table].names
    newest: dict[tuple[Any, ...], RowTuple] = {}
    for each in sorted(rows, key=lambda r: r[-2]):
        if not accounts or each[names.index("account_id")] in accounts:
            newest[each[:width]] = each
    return {key: each[width:-2] for key, each in newest.items() if not each[-1]}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(a=_rows(), b=_rows(), mixed=st.booleans(), accounts=st.sets(_IDS, max_size=2), few=st.booleans())
@example(a={}, b={}, mixed=False, accounts=set(), few=True)
def test_it_says_what_a_plain_comparison_says(
    client: Client,
    sides: Sides,
    a: dict[str, list[RowTuple]],
    b: dict[str, list[RowTuple]],
    mixed: bool,
    accounts: set[str],
    few: bool,
) -> None:
    """Hashes, buckets and slices are means only: NULL, NaN, lists, old versions and withdrawals count as they are."""
    if mixed:  # most rows the same, as in real life
        b = {table: a.get(table, []) + rows[:1] for table, rows in b.items()}
    _fill(client, sides, a, b)
    with pytest.MonkeyPatch.context() as patch:
        if few:
            patch.setattr(compare, "_FEWEST", 1)
            patch.setattr(compare, "ROWS_PER_SLICE", 2)
        found = {each.table: each for each in compare.compare(client, *sides, accounts=accounts)}
    for table in _COLUMNS:
        if accounts and "account_id" not in TABLES[table].names:
            assert table not in found
            continue
        before, after = (_shown(table, rows.get(table, []), accounts) for rows in (a, b))
        both = before.keys() & after.keys()
        names = TABLES[table].names[len(TABLES[table].key) : -2]
        changes = [
            [name for name, x, y in zip(names, before[k], after[k], strict=True) if repr(x) != repr(y)] for k in both
        ]
        told = found[table]
        assert told.rows == len(before), table
        assert (told.missing, told.extra) == (len(before.keys() - after.keys()), len(after.keys() - before.keys()))
        assert told.changed == sum(bool(change) for change in changes), table
        assert told.columns == {n: c for n in names if (c := sum(n in change for change in changes))}
        kinds = [each.kind for each in told.examples]
        assert [kinds.count(kind) for kind in compare.KINDS] == [told.missing, told.extra, told.changed]


_TOLD_APART: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("survey_question", {"scale_min": None}, {"scale_min": 0.0}, True),
    ("survey_question", {"scale_min": 0.0}, {"scale_min": -0.0}, True),
    ("survey_question", {"scale_min": math.nan}, {"scale_min": -math.nan}, False),
    ("survey_question", {"scale_min": 1.0}, {"scale_max": 1.0}, True),
    ("response", {"started_at": None}, {"started_at": 0}, True),
    ("response", {"channel": "ab", "language": ""}, {"channel": "a", "language": "b"}, True),
    ("account_history", {"external_refs": []}, {"external_refs": [("", "")]}, True),
    ("account_history", {"external_refs": [("a", "b")]}, {"external_refs": [("ab", "")]}, True),
    ("account_history", {"external_refs": [("a", "b")]}, {"external_refs": [("a", "b"), ("c", "d")]}, True),
]


def test_values_are_told_apart_as_they_are_stored(client: Client, sides: Sides) -> None:
    """The server's hash function takes NULL and an empty list for nothing at all, which would hide a change."""
    keys = {"survey_question": "question_id", "response": "response_id", "account_history": "event_id"}
    filled: tuple[dict[str, list[RowTuple]], ...] = ({}, {})
    for at, (table, *values, _) in enumerate(_TOLD_APART):
        for side, told in zip(filled, values, strict=True):
            side.setdefault(table, []).append(row(table, **{keys[table]: f"{at}"}, **told))
    _fill(client, sides, *filled)
    changed = {each.table: each.changed for each in compare.compare(client, *sides) if not each.equal}
    assert changed == {table: sum(case[-1] for case in _TOLD_APART if case[0] == table) for table in keys}


def test_examples_show_key_column_and_both_values(client: Client, sides: Sides) -> None:
    """Three in the morning: the first rows must say what is wrong without another query."""
    moment = 1_772_442_000_000_001
    key = {"account_id": 'it\'s; "q" \\ `', "response_id": "r", "question_id": "q"}
    before = [row("answer", 5, **key, number=7.0, submitted_at=moment), row("answer", account_id="gone")]
    after = [row("answer", 1, **key, number=8.0, submitted_at=moment), row("answer", account_id="new")]
    _fill(client, sides, {"answer": before}, {"answer": after})
    (told,) = [each for each in compare.compare(client, *sides) if not each.equal]
    assert told == Difference(
        "answer",
        2,
        1,
        1,
        1,
        {"number": 1},
        (
            Example("missing", ("gone", "", "")),
            Example("extra", ("new", "", "")),
            Example("changed", (key["account_id"], "r", "q"), (Change("number", 7.0, 8.0),)),
        ),
    )


def test_times_among_keys_are_found_again(client: Client, sides: Sides) -> None:
    """A key with microseconds must lead back to its row, or the example would be empty."""
    moment = 1_772_442_000_000_001
    before, after = (row("policy", policy="p", valid_from=moment, value=value) for value in "ab")
    _fill(client, sides, {"policy": [before]}, {"policy": [after]})
    (told,) = [each for each in compare.compare(client, *sides) if not each.equal]
    shown = EPOCH.fromtimestamp(moment / 1e6, EPOCH.tzinfo).strftime("%F %T.%f")
    assert told.examples == (Example("changed", ("p", shown), (Change("value", "a", "b"),)),)


def test_of_many_differences_the_first_are_shown_and_all_are_counted(client: Client, sides: Sides) -> None:
    """A bug that touched every row must not print every row, nor be counted short."""
    count = 5_000
    rows = [
        [
            row("answer", account_id=f"a{at % 7}", response_id=f"{at:05}", number=float(at % 11) + shift)
            for at in range(n)
        ]
        for n, shift in ((count, 0.0), (count - 3, 1.0))
    ]
    _fill(client, sides, {"answer": rows[0]}, {"answer": rows[1]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "ROWS_PER_SLICE", 1_000)
        (told,) = [each for each in compare.compare(client, *sides) if not each.equal]
    assert (told.rows, told.missing, told.extra, told.changed) == (count, 3, 0, count - 3)
    assert told.columns == {"number": count - 3}
    shown = [each.key[:2] for each in told.examples if each.kind == "changed"]
    assert shown == [("a0", f"{7 * at:05}") for at in range(compare.EXAMPLES)]


def test_a_comparison_that_needs_a_missing_table_says_so(client: Client, sides: Sides, database: str) -> None:
    """A generation that a migration has not reached must not look equal."""
    client.execute(f"CREATE DATABASE `{database}`")
    with pytest.raises(ServerException, match="Unknown table"):
        compare.compare(client, sides[0], database)


def test_migrated_generations_are_equal(client: Client, database: str) -> None:
    """Nothing beside nothing differs in no table."""
    warehouse = Warehouse(database=database)
    first = migrate(client, warehouse)
    told = compare.compare(client, first, generations.create(client, warehouse))
    assert [each.table for each in told] == list(TABLES)
    assert all(each.equal for each in told)


def test_what_was_taken_in_and_is_refused_now_is_a_kind_of_its_own(client: Client, sides: Sides) -> None:
    """Given events on wrong partitions from before that was refused, then a rebuild names its letters by reason."""
    places = [{"topic": "cx.billing", "partition": 3, "offset": offset} for offset in range(4)]
    taken = [row("event", account_id="a", event_id=str(at), **place) for at, place in enumerate(places)]
    letters = [
        row("dead_letter", account_key=key, reason=reason, **place)
        for place, key, reason in zip(
            [*places[1:], {**places[0], "partition": 2}],
            ("a", "b", "a", "a"),
            ("wrong_partition", "wrong_partition", "malformed", "wrong_partition"),
            strict=True,
        )
    ]
    _fill(client, sides, {"event": taken, "dead_letter": []}, {"event": taken[:1], "dead_letter": letters})
    assert admitted.refused(client, *sides) == (
        Turned("wrong_partition", 2, 2, "cx.billing-3@1"),
        Turned("malformed", 1, 1, "cx.billing-3@3"),
    )
    assert admitted.refused(client, *sides[::-1]) == ()
    _fill(client, sides, {"event": [], "dead_letter": []}, {"event": [], "dead_letter": []})
