"""What the reading users see through the views, and what they do not, on a server with the product's users."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, PAY_READER, VERBATIM_READER, WRITER
from sinks import stock
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.explain import Explainer
from sinks.figures import Given, Served
from sinks.metric import load as load_metrics
from sinks.migrate import migrate
from sinks.period import parse
from sinks.port import RowTuple
from sinks.settings import Warehouse
from sinks.tables import TABLES
from sinks.views import PAY, PERSONAL, View, inlined, load
from tests.sinks.example_rows import row

pytestmark = pytest.mark.servers
AT = 1_772_442_000_000_000
EMAIL = "ann@example.com"
RATE = 73_519_000
"""Millionths of a dollar for an hour of somebody who worked alone, which no other figure has."""
PAID = [view.name for view in load() if view.name.startswith(PAY)]
WITH_WORDS = [name for name, table in TABLES.items() if table.is_personal]


def planted(table: str) -> RowTuple:
    """Row of an account of its own, with an address in everything personal, which views show as far as they can."""
    words = {c.name: [("crm", EMAIL)] if "Tuple" in c.type else EMAIL for c in TABLES[table].columns if c.personal}
    moments = {c.name: AT for c in TABLES[table].columns if c.type == "DateTime64(6, 'UTC')"}
    kind = {"kind": "correction"} if table == "metric_change" else {}
    return row(table, account_id="planted", **words, **moments, **kind)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clickhouse.ClickHouseServer]:
    with clickhouse.start(tmp_path_factory.mktemp("readers")) as running:
        owner = _as(running, ADMINISTRATOR)
        generation = migrate(owner, Warehouse())
        owner.disconnect()
        writer = ClickHouseSink(_as(running, WRITER), generation)
        written = row("verbatim", account_id="a", response_id="r", question_id="q", text="said in confidence")
        writer.insert({"verbatim": [written]})
        answered = {"account_id": "a", "response_id": "r", "nps": 9.0, "has_text": True, "submitted_at": AT}
        writer.insert({"response": [row("response", **answered)]})
        writer.insert({name: [planted(name)] for name in WITH_WORDS})
        entry = {"project_id": "p", "person_id": "ann-who-is-paid", "minutes": 60, "kind": "DELIVERY", "worked_at": AT}
        of_ann = {"subject": "person", "subject_id": "ann-who-is-paid", "valid_from": AT - 1, "currency": "USD"}
        line = {"project_id": "p", "currency": "USD", "amount_micros": 10**9, "issued_at": AT}
        issued = {"status": "paid", "currency": "USD", "total_micros": 10**9, "issued_at": AT}
        writer.insert(
            {
                "time_entry": [row("time_entry", account_id="agency", time_entry_id="t", **entry)],
                "rate_card": [row("rate_card", rate_micros=RATE, **of_ann)],
                "invoice": [row("invoice", account_id="agency", invoice_id="i", **issued)],
                "invoice_line": [row("invoice_line", account_id="agency", invoice_id="i", line_id="l", **line)],
            }
        )
        writer.close()
        yield running


def _as(server: clickhouse.ClickHouseServer, user: str) -> Client:
    return connect(server.host, server.tcp_port, user=user, password=server.passwords[user])


@pytest.fixture
def reader(server: clickhouse.ClickHouseServer) -> Iterator[Client]:
    client = _as(server, BI_READER)
    yield client
    client.disconnect()


@pytest.mark.intrusion("S10")
def test_a_reader_needs_no_grant_on_what_views_read_and_sees_nothing_personal(reader: Client) -> None:
    """Views read with their maker's rights, words about people included: those must not come out again."""
    for view in load():
        if view.name != "verbatim" and not view.name.startswith((PERSONAL, PAY)):
            assert EMAIL not in str(reader.execute(f"SELECT * FROM cx.{view.name}")), view.name
    for seen in (*WITH_WORDS, "restatement_log", "account_timeline"):
        assert reader.execute(f"SELECT count() > 0 FROM cx.{seen} WHERE account_id = 'planted'") == [(1,)], seen
    shown = reader.execute("SELECT value, n FROM cx.nps WHERE grain = 'day' AND dimension = 'all'")
    assert shown == [(100.0, 1)]
    assert reader.execute("SELECT value FROM cx.verbatim_rate WHERE grain = 'day' AND dimension = 'all'") == [(100.0,)]


@pytest.mark.parametrize(
    "query", ["SELECT text FROM cx.verbatim", "SELECT * FROM cx_g1.response", "SELECT * FROM cx_meta.promotion"]
)
def test_a_reader_sees_neither_texts_nor_tables(reader: Client, query: str) -> None:
    """Personal data and what lies behind the views stay closed."""
    with pytest.raises(ServerException, match="Not enough privileges"):
        reader.execute(query)


@pytest.mark.intrusion("S10")
@pytest.mark.parametrize("table", WITH_WORDS)
def test_what_is_personal_has_a_view_that_a_reader_neither_reads_nor_sees(
    server: clickhouse.ClickHouseServer, reader: Client, table: str
) -> None:
    """Asked for by its name, out of the view that leaves it out or the one that has it, or looked for in the lists."""
    for word in (column.name for column in TABLES[table].columns if column.personal):
        with pytest.raises(ServerException, match="Unknown expression identifier"):
            reader.execute(f"SELECT {word} FROM cx.{table}")
        for tried in (
            f"SELECT * FROM cx.{PERSONAL}{table}",
            f"SELECT {word} FROM cx.{PERSONAL}{table}",
            f"SELECT 1 FROM cx.{table} WHERE account_id IN (SELECT toString({word}) FROM cx.{PERSONAL}{table})",
            f"SELECT {word} FROM merge('cx', '^{PERSONAL}{table}$')",
            f"DESCRIBE cx.{PERSONAL}{table}",
            f"EXPLAIN SELECT * FROM cx.{PERSONAL}{table}",
            f"SHOW CREATE VIEW cx.{PERSONAL}{table}",
        ):
            with pytest.raises(ServerException, match=r"Not enough privileges|no tables satisfied"):
                reader.execute(tried)
    listed = f"SELECT count() FROM system.columns WHERE database = 'cx' AND startsWith(table, '{PERSONAL}')"
    assert reader.execute(listed) == [(0,)]
    client = _as(server, VERBATIM_READER)
    assert EMAIL in str(client.execute(f"SELECT * FROM cx.{PERSONAL}{table}"))
    client.disconnect()


def rests_on_pay(view: View) -> bool:
    """Whether a view that everybody reads rests on hours, rates, or the log of their changes, by whatever way."""
    read: set[str] = set()
    inlined(view.select, lambda table: read.add(table) or table)
    is_closed = view.name == "verbatim" or view.name.startswith((PERSONAL, PAY))
    return not is_closed and not {view.name, *read}.isdisjoint({"time_entry", "rate_card", "metric_change"})


@pytest.mark.intrusion("S10")
@pytest.mark.timeout(300)
def test_what_a_person_costs_comes_out_of_no_view_that_others_read(reader: Client) -> None:
    """A project of one person's single entry: its margin, its cost and its log would each tell the rate."""
    rate = RATE / 10**6
    told = (RATE, rate, 1000 - rate, (1000 - rate) / 10, rate / 10)
    resting = [view.name for view in load() if rests_on_pay(view)]
    assert {"account_margin", "utilisation", "time_entry", "rate_card", "change_log", "setting_change"} <= set(resting)
    for name in resting:
        for found in reader.execute(f"SELECT * FROM cx.{name}"):
            numbers = [float(each) for each in found if isinstance(each, int | float | Decimal)]
            assert not any(abs(each - one) < 1e-6 for each in numbers for one in told), (name, found)
    shown = reader.execute(
        "SELECT value, labour, effective_rate, is_hidden FROM cx.account_margin WHERE dimension = 'project' AND"
        " grain = 'month' AND dimension_value = 'p'"
    )
    assert shown == [(None, None, 1000.0, 1)]


@pytest.mark.intrusion("S10")
@pytest.mark.parametrize("user", [BI_READER, VERBATIM_READER])
def test_what_tells_of_pay_is_closed_to_all_others(server: clickhouse.ClickHouseServer, user: str) -> None:
    """Asked for by its name, by a pattern, or by a column that the open view leaves out."""
    client = _as(server, user)
    named = [tried for name in PAID for tried in (f"SELECT * FROM cx.{name}", f"SHOW CREATE VIEW cx.{name}")]
    for tried in (
        *named,
        f"SELECT * FROM merge('cx', '^{PAY}')",
        "SELECT rate_micros FROM cx.rate_card",
        "SELECT person_id FROM cx.time_entry",
    ):
        with pytest.raises(
            ServerException, match=r"Not enough privileges|no tables satisfied|Unknown expression identifier"
        ):
            client.execute(tried)
    client.disconnect()


def test_a_reader_of_pay_sees_what_hours_cost_and_no_words(server: clickhouse.ClickHouseServer) -> None:
    """Whoever answers for margins needs no words that customers wrote."""
    client = _as(server, PAY_READER)
    assert client.execute("SELECT rate_micros FROM cx.pay_rate_card") == [(RATE,)]
    assert client.execute("SELECT person_id FROM cx.pay_time_cost") == [("ann-who-is-paid",)]
    assert client.execute(
        "SELECT toFloat64(labour) FROM cx.pay_account_margin WHERE dimension = 'account' AND grain = 'month'"
    ) == [(RATE / 10**6,)]
    for closed in ("verbatim", f"{PERSONAL}{WITH_WORDS[0]}"):
        with pytest.raises(ServerException, match="Not enough privileges"):
            client.execute(f"SELECT * FROM cx.{closed}")
    client.disconnect()


def test_a_margin_is_explained_without_what_hours_cost(server: clickhouse.ClickHouseServer) -> None:
    """Who asks where a margin comes from sees revenue, costs and hours, and the same figure that the view shows."""
    client = connect(server.host, server.tcp_port, user=BI_READER, password=server.passwords[BI_READER], typed=True)
    (margin,) = (each for each in stock.load() if each.name == "account_margin")
    served, asked = Served(client, Warehouse()), parse("2026-03")
    (figure,) = served.figures(margin, "agency", asked)
    assert (figure["value"], figure["labour"], figure["is_hidden"]) == (None, None, 1)
    assert sorted(fact["kind"] for fact in served.facts(margin, "agency", asked)) == ["delivery_time", "revenue"]
    client.disconnect()


def test_a_reader_of_texts_sees_them(server: clickhouse.ClickHouseServer) -> None:
    """Named users read verbatims through the same view."""
    client = _as(server, VERBATIM_READER)
    assert client.execute("SELECT text FROM cx.verbatim") == [("said in confidence",)]
    client.disconnect()


def test_a_reader_may_explain_all_but_texts(server: clickhouse.ClickHouseServer) -> None:
    """Analysts explain figures with the user that dashboards read with: tables sent along included."""
    client = connect(server.host, server.tcp_port, user=BI_READER, password=server.passwords[BI_READER], typed=True)
    explainer, asked = Explainer(client, Warehouse()), parse("rolling:2026-03-31")
    given = {"response": [row("response", account_id="a", nps=9.0, submitted_at=AT)[:-2]]}
    for record in load_metrics():
        assert len(Served(client, Warehouse()).figures(record, "a", asked)) <= 1
        Served(client, Warehouse()).facts(record, "a", asked)
        explainer.excluded(record, "a", asked)
    (record,) = (record for record in load_metrics() if record.name == "nps")
    (figure,) = Given(client, Warehouse(), given, AT).figures(record, "a", parse("2026-Q1"))
    assert figure["value"] == 100.0
    assert explainer.restatements(record, "a", asked) == [], "one view, whatever the metric"
    assert explainer.events("a", ["response:r", "setting:x"]) == {}
    assert explainer.told_by("a", ["e1"]) == {}
    assert explainer.refused("a") == []
    with pytest.raises(ServerException, match="Not enough privileges"):
        explainer.texts("a", ["response:r"])
    client.disconnect()


@pytest.mark.parametrize("user", [BI_READER, VERBATIM_READER])
@pytest.mark.parametrize(
    "listed",
    [
        "SHOW TABLES FROM cx",
        "SELECT name FROM system.tables WHERE database = 'cx'",
        "SELECT DISTINCT table FROM system.columns WHERE database = 'cx'",
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'cx'",
    ],
)
def test_a_reader_sees_views_and_not_what_they_are_kept_in(
    server: clickhouse.ClickHouseServer, user: str, listed: str
) -> None:
    """A BI tool lists what its user may read: `.inner_id.7e1...` among it is a riddle, and empty at times."""
    client = _as(server, user)
    names = {name for (name,) in client.execute(listed)}
    client.disconnect()
    assert {"nps", "mrr_bridge_stored"} <= names
    assert [name for name in names if name.startswith(".")] == []


def test_a_reader_sees_the_descriptions(reader: Client) -> None:
    """A BI tool lists views with their comments under the reader's own rights."""
    listed = reader.execute(
        "SELECT count() FROM system.columns WHERE database = 'cx' AND table = 'nps' AND comment != ''"
    )
    assert listed[0][0] > 15
    assert ("nps",) in reader.execute("SELECT name FROM cx.metric_definition")
