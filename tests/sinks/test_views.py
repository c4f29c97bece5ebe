"""Every view on the real engine: given rows, expected rows, a reason beside each.

A case is a file in views/<view>/. ``given`` holds rows by table, of which only the telling columns are named and
which ``times`` repeats under ids of their own, or under accounts of their own with ``each: account_id``; ``select``
restricts the view's rows; ``expect`` holds the rows in order of window, slice and group, of which only the named
columns are compared, figures to two decimals.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from clickhouse_driver import Client

import sinks.figures
import sinks.views
from sinks.clickhouse import ClickHouseSink
from sinks.port import RowTuple
from sinks.settings import Warehouse
from sinks.tables import TABLES
from sinks.views import View, load
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

DAYS = re.compile(r"toDate\(\s*((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*?), '\$\{zone\}'\s*\)")
"""A day in the company's time zone, out of an expression with brackets three deep."""
CASES = sorted((Path(__file__).parent / "views").glob("*/*.yaml"))
ORDER = (
    "invariant",
    "subject_id",
    "detail",
    "grain",
    "window_start",
    "from_day",
    "period_start",
    "dimension",
    "dimension_value",
    "response_id",
    "scale",
    "topic_id",
    "day",
    "facts",
    "fact_id",
    "invoice_id",
    "currency",
    "horizon_days",
    "days",
    "reason",
    "outcome",
    "bucket",
    "months",
    "policy",
    "cohort",
    "month_no",
    "kind",
    "subscription_id",
    "clock",
    "channel_of",
    "metric",
    "ticket_id",
    "project_id",
    "task_id",
    "plan_id",
    "person_id",
    "sentiment_id",
    "meter",
    "from_at",
    "moment",
    "moved_pico",
    "item_id",
    "state",
    "credit",
    "customer_id",
    "account_id",
    "manager_id",
    "rule_id",
    "measure",
    "severity",
    "model_id",
    "model_version",
    "band",
    "at",
)


class Case(msgspec.Struct, forbid_unknown_fields=True):
    why: str
    given: dict[str, list[dict[str, Any]]]
    expect: list[dict[str, Any]]
    select: dict[str, Any] = {}
    settings: dict[str, Any] = {}


def _read(path: Path) -> Case:
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Case)


def _rows(table: str, given: dict[str, Any]) -> list[RowTuple]:
    """The row, or as many as ``times`` says, told apart by the second column of the key: the entity's id."""
    columns = {name: value for name, value in given.items() if name not in ("why", "times", "each")}
    if "times" not in given:
        return [row(table, **columns)]
    own = given.get("each", TABLES[table].key[1])
    return [row(table, **{**columns, own: f"{columns.get(own, '')}#{i}"}) for i in range(given["times"])]


def _shown(value: Any) -> Any:
    if isinstance(value, float | Decimal):
        return round(float(value), 2)
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value


@pytest.mark.servers
@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_given_rows_the_view_shows(client: Client, empty: Callable[[Warehouse], Migrated], path: Path) -> None:
    """Formulas, edge cases and intervals are promises to those who read the figures; each file says which."""
    case = _read(path)
    warehouse, generation = empty(Warehouse(**case.settings))
    given = {table: [made for one in rows for made in _rows(table, one)] for table, rows in case.given.items()}
    ClickHouseSink(client, generation, checked=True).insert(given)
    view = f"{warehouse.database}.{path.parent.name}"
    known = [name for name, *_ in client.execute(f"DESCRIBE TABLE {view}")]
    where = " AND ".join(f"{name} = %({name})s" for name in case.select) or "1"
    order = ", ".join(name for name in ORDER if name in known) or "1"
    found, described = client.execute(
        f"SELECT * FROM {view} WHERE {where} ORDER BY {order}", case.select, with_column_types=True
    )
    shown = [dict(zip((name for name, _ in described), map(_shown, r), strict=True)) for r in found]
    wanted = [{k: _shown(v) for k, v in expected.items() if k != "why"} for expected in case.expect]
    assert [{k: r[k] for k in want} for r, want in zip(shown, wanted, strict=False)] == wanted
    assert len(shown) == len(wanted), shown


def test_every_case_says_why() -> None:
    """A figure without a reason cannot be told from a mistake that was written down."""
    for path in CASES:
        case = _read(path)
        assert case.why, path
        assert all(one.get("why") for one in case.expect), path
        assert all(one.get("why") for rows in case.given.values() for one in rows), path


def test_every_metric_and_log_view_has_a_case() -> None:
    """A view without a test is a formula that nobody has seen work."""
    tested = {path.parent.name for path in CASES}
    named = {view.name for view in load() if view.catalogue is not None}
    assert named | {"unscored_answer", "excluded_fact", "restatement_log", "watermark"} <= tested
    assert tested <= {view.name for view in load()} | {"metric_definition"}


@pytest.mark.parametrize("view", load(), ids=lambda view: view.name)
def test_what_a_view_calls_its_tables_is_no_name_of_a_database(view: View) -> None:
    """A database may be called a or r; beside a table of that name in the query, ClickHouse no longer finds it."""
    text = re.sub(r"--.*|'[^']*'|`[^`]*`", "", view.select)
    called = re.findall(r"(?<![\w${}.])([A-Za-z_]\w*)\.(?=[\w*$])", text)
    called += re.findall(r"\$\{\w+\}\.\w+ AS (\w+)", text)
    called += re.findall(r"\)\s+AS\s+(\w+)\s+(?:ON|ASOF|CROSS|LEFT|INNER|WHERE|GROUP)\b", text)
    assert [name for name in called if not name.startswith("_")] == []


def test_no_instant_becomes_a_day_that_does_not_exist() -> None:
    """Instants up to the year 2200 are taken in and days end in 2149: later ones would come out in 1970 and after."""
    folder = Path(sinks.views.__file__).parent
    texts = [path.read_text("utf-8") for path in (*folder.glob("views/*.sql"), *folder.glob("templates/*.sql"))]
    days = [match[1] for text in [*texts, sinks.figures.in_window()] for match in DAYS.finditer(text)]
    assert len(days) > len(texts) / 3
    assert [
        day for day in days if day != "${now}" and not re.fullmatch(r"least\(.*, \$\{end_of_days\}\)", day, re.DOTALL)
    ] == []
    bare = [match for text in texts for match in re.findall(r"toDate\((?!')([a-z_.]*_at|[a-z_.]*moment)\)", text)]
    assert bare == []
