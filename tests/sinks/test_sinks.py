"""One suite for every sink: the memory twin is proven by what proves ClickHouse."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinks.clickhouse import ClickHouseSink
from sinks.memory import MemorySink
from sinks.port import RowTuple, Sink, SinkRefused
from sinks.settings import Warehouse
from sinks.tables import TABLES, Column, Table
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row, zero


class Opened(Protocol):
    """A sink with the way to read its tables back."""

    sink: Sink

    def tables(self) -> dict[str, list[RowTuple]]: ...

    def clear(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.sink = MemorySink()

    def tables(self) -> dict[str, list[RowTuple]]:
        return self.sink.tables()

    def clear(self) -> None:
        self.sink = MemorySink()


class Server:
    def __init__(self, client: Client, other: Client, clear: Callable[[], str], *, checked: bool) -> None:
        self._client, self.clear = client, clear
        self._generation = clear()
        self.sink = ClickHouseSink(client, self._generation, others=[other], checked=checked)

    def tables(self) -> dict[str, list[RowTuple]]:
        return {name: self._client.execute(self._query(table)) for name, table in TABLES.items()}

    def _query(self, table: Table) -> str:
        columns = ", ".join(_as_inserted(column) for column in table.columns[:-2])
        return f"SELECT {columns} FROM `{self._generation}`.{table.name} FINAL ORDER BY {', '.join(table.key)}"


def _as_inserted(column: Column) -> str:
    return f"toUnixTimestamp64Micro({column.name})" if "DateTime64" in column.type else f"`{column.name}`"


SERVERS = [pytest.param(name, marks=pytest.mark.servers) for name in ("clickhouse", "clickhouse checked")]


@pytest.fixture(params=["memory", *SERVERS])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    if request.param == "memory":
        yield Memory()
        return
    empty: Callable[[Warehouse], Migrated] = request.getfixturevalue("empty")
    client, other = request.getfixturevalue("client"), request.getfixturevalue("open_client")()
    yield Server(client, other, lambda: empty(Warehouse())[1], checked=request.param.endswith("checked"))
    other.disconnect()


FILLED = {
    "String": "naïve \U0001f600 'quoted' \\ \n\t\0 text",
    "LowCardinality(String)": "a label",
    "DateTime64(6, 'UTC')": 1_772_442_000_123_456,
    "Float64": 9.5,
    "UInt8": 1,
    "UInt16": 65_535,
    "UInt32": 2**32 - 1,
    "Int32": -(2**31),
    "Int64": -(2**63),
    "UInt64": 2**64 - 1,
    "Array(String)": ("odd", ""),
    "Array(Tuple(String, String))": (("crm", "1"), ("erp", "")),
    "Array(Int64)": (-(2**63), 7),
    "Array(Float64)": (9.5, -0.25),
    "Array(Nullable(Float64))": (9.5, None),
    "Array(Array(String))": (("odd", ""), ()),
}


def _filled(column: Column) -> Any:
    kind = column.type.removeprefix("Nullable(")
    return FILLED[kind[:-1] if kind != column.type else kind]


def full(table: Table, **columns: Any) -> RowTuple:
    """A row with a telling value in every column, at the edge of what it holds."""
    values = {c.name: _filled(c) for c in table.columns} | {"is_deleted": 0} | columns
    return tuple(values[name] for name in table.names)


def bare(table: Table) -> RowTuple:
    """A row of nothing but empty, zero and absent values."""
    return tuple(zero(column.type) for column in table.columns)


def _plain(rows: list[RowTuple]) -> list[RowTuple]:
    """The driver reads arrays as lists; rows hold tuples."""
    return [tuple(map(_tuples, row)) for row in rows]


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def test_every_table_gives_back_what_it_was_given(opened: Opened) -> None:
    """A column of the wrong width, order or time unit would change values without an error."""
    given_rows = {name: [bare(table), full(table)] for name, table in TABLES.items()}
    opened.sink.insert(given_rows)
    found = opened.tables()
    for name in TABLES:
        assert sorted(map(repr, _plain(found[name]))) == sorted(repr(r[:-2]) for r in given_rows[name]), name


def test_the_higher_version_holds_whatever_the_order(opened: Opened) -> None:
    """A fenced worker's rows arrive late with an older version: they must lose."""
    newer = row("verbatim", 7, account_id="a", response_id="r", question_id="q", text="new")
    older = row("verbatim", 3, account_id="a", response_id="r", question_id="q", text="old")
    opened.sink.insert({"verbatim": [newer]})
    opened.sink.insert({"verbatim": [older]})
    assert opened.tables()["verbatim"] == [newer[:-2]]


def test_a_withdrawn_row_is_gone_until_a_newer_one_brings_it_back(opened: Opened) -> None:
    """A correction may take an answer away and a later one may give it again."""
    key = {"account_id": "a", "response_id": "r", "question_id": "q"}
    opened.sink.insert({"answer": [row("answer", 1, **key, number=3.0), row("answer", 2, 1, **key)]})
    assert opened.tables()["answer"] == []
    back = row("answer", 3, **key, number=5.0)
    opened.sink.insert({"answer": [back]})
    assert opened.tables()["answer"] == [back[:-2]]


def test_the_epoch_in_the_high_bits_of_a_version_counts(opened: Opened) -> None:
    """Versions are (epoch, revision) in 64 bits: compared as signed numbers a late epoch would lose."""
    low = row("policy", (1 << 32) | 900, policy="p", value="low")
    high = row("policy", (1 << 63) | 1, policy="p", value="high")
    opened.sink.insert({"policy": [high, low]})
    assert [r[2] for r in opened.tables()["policy"]] == ["high"]


REFUSED = {
    "text for a number": ("response", "survey_version", "one"),
    "a number for text": ("response", "survey_id", 7),
    "a whole number out of its width": ("response", "corrections", 1 << 32),
    "a negative count": ("followup_case", "target_seconds", -1),
    "a fraction for a whole number": ("fx_rate", "rate_micros", 1.5),
    "nothing for text": ("response", "account_id", None),
    "nothing for a time": ("answer", "submitted_at", None),
    "half of a surrogate pair": ("verbatim", "text", "\ud800"),
    "a version above 64 bits": ("answer", "version", 2**64),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_value_that_does_not_fit_is_refused_with_its_place(opened: Opened, case: str) -> None:
    """Whoever is on call needs table, column and row, and the sink must go on working afterwards."""
    table, column, value = REFUSED[case]
    good = full(TABLES[table])
    bad = full(TABLES[table], **{column: value})
    with pytest.raises(SinkRefused) as caught:
        opened.sink.insert({table: [good, bad]})
    assert (caught.value.table, caught.value.column, caught.value.row) == (table, column, 1)
    opened.sink.insert({table: [good]})
    assert len(opened.tables()[table]) == 1


def test_a_row_of_the_wrong_length_is_refused(opened: Opened) -> None:
    """A row struct that gained a field before its migration must stop the worker, not shift its columns."""
    with pytest.raises(SinkRefused, match="policy"):
        opened.sink.insert({"policy": [full(TABLES["policy"])[1:]]})


def test_an_unknown_table_is_refused_by_name(opened: Opened) -> None:
    """Rows that nothing can take are a fault of the code."""
    with pytest.raises(SinkRefused) as caught:
        opened.sink.insert({"no_such_table": [()]})
    assert caught.value.table == "no_such_table"


def test_an_insert_of_many_rows_and_labels_gives_back_each(opened: Opened) -> None:
    """Rows are packed in pieces and labels by their place in a list; both have edges that few rows never reach."""
    rows = [full(TABLES["event"], event_id=f"e{n:05d}", offset=n, source=f"source {n}") for n in range(70_000)]
    opened.sink.insert({"event": rows})
    assert sorted(opened.tables()["event"]) == sorted(each[:-2] for each in rows)


def test_several_threads_insert_at_once(opened: Opened) -> None:
    """The engine inserts tables side by side: a connection or a table shared without care would lose or mix rows."""
    chunks = [[row("policy", 1, policy=f"p{chunk}-{n}", value="v") for n in range(200)] for chunk in range(8)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda rows: opened.sink.insert({"policy": rows}), chunks))
    assert {r[0] for r in opened.tables()["policy"]} == {r[0] for chunk in chunks for r in chunk}


def test_no_rows_are_no_statement(opened: Opened) -> None:
    """An idle micro-batch writes nothing."""
    opened.sink.insert({})
    opened.sink.insert({"response": []})
    assert not any(opened.tables().values())


writes = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6), st.sampled_from((0, 0, 1))), max_size=12)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(writes, st.randoms(use_true_random=False), st.integers(0, 12))
def test_repeated_and_reordered_batches_end_in_the_same_rows(
    opened: Opened, written: list[tuple[str, int, int]], chance: Any, cut: int
) -> None:
    """Retries repeat any part of a batch: what was written must follow from the set of rows alone."""
    rows = list(
        {
            (key, version): row("policy", version, gone, policy=key, value=f"{version}")
            for key, version, gone in written
        }.values()
    )
    opened.clear()
    opened.sink.insert({"policy": rows})
    calm = opened.tables()["policy"]
    opened.clear()
    shuffled = [*rows, *rows]
    chance.shuffle(shuffled)
    opened.sink.insert({"policy": shuffled[:cut]})
    opened.sink.insert({"policy": shuffled[cut:]})
    opened.sink.insert({"policy": rows[:cut]})
    assert opened.tables()["policy"] == calm
