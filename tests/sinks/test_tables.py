"""The migrated database, the tables as values and the row structs say the same."""

import re
from collections.abc import Callable
from importlib.resources import files
from pkgutil import iter_modules
from types import ModuleType
from typing import Annotated, Any, ClassVar

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from sinks import sql
from sinks.settings import Warehouse
from sinks.tables import SEVERAL, SYSTEM_COLUMNS, TABLES, derive
from streams import core
from streams.core import rows, rows_receivable
from streams.core.columns import AccountId, Owner, Row, doc
from streams.core.rows import TABLES as ROWS
from tests.sinks.conftest import Migrated


@pytest.mark.servers
def test_the_migrated_tables_are_those_of_the_row_structs(
    client: Client, migrated: Callable[[Warehouse], Migrated]
) -> None:
    """A column added to a struct without a migration, or the other way round, would stop every insert."""
    _, generation = migrated(Warehouse())
    columns = client.execute(
        "SELECT table, name, type, comment FROM system.columns"
        f" WHERE database = %(db)s AND {sql.IS_READ} ORDER BY table, position",
        {"db": generation},
    )
    tables = client.execute(
        "SELECT name, sorting_key, comment, engine_full FROM system.tables"
        " WHERE database = %(db)s AND name NOT LIKE 'schema_versions%%'",
        {"db": generation},
    )
    assert {name for name, *_ in tables} == set(TABLES)
    for name, sorting, comment, engine in tables:
        table = TABLES[name]
        found = [tuple(column) for owner, *column in columns if owner == name]
        assert found == [(c.name, c.type, c.comment) for c in table.columns], name
        assert tuple(sorting.split(", ")) == table.key
        assert comment == table.comment
        assert engine.startswith("ReplacingMergeTree(version, is_deleted) ORDER BY"), name


@pytest.mark.servers
def test_workers_of_the_release_before_go_on_inserting(
    client: Client, migrated: Callable[[Warehouse], Migrated]
) -> None:
    """They name a column of tickets that is gone; an insert that fails would stop them before they are replaced."""
    _, generation = migrated(Warehouse())
    columns, row = "account_id, ticket_id, messages, events_left_out, agents, version", ("acme", "t", 3, 7, 1, 1)
    client.execute(f"INSERT INTO {sql.name(generation)}.ticket ({columns}) VALUES", [row])
    found = client.execute(f"SELECT ticket_id, messages, agents FROM {sql.name(generation)}.ticket FINAL")
    assert found == [("t", 3, 1)]
    with pytest.raises(ServerException, match="events_left_out"):
        client.execute(f"SELECT events_left_out FROM {sql.name(generation)}.ticket")


def test_every_column_of_every_table_is_described_and_a_key_comes_first() -> None:
    """BI tools show the comments; rows are replaced by their first columns."""
    for name, table in TABLES.items():
        assert table.comment.strip(), name
        assert all(column.comment.strip() for column in table.columns), name
        assert table.columns[-2:] == SYSTEM_COLUMNS
        assert table.names[: len(table.key)] == table.key
        assert 0 < len(table.key) <= len(ROWS[name].__struct_fields__)
        assert not any(c.type.startswith("Nullable") for c in table.columns[: len(table.key)]), name


def test_words_and_names_of_other_systems_are_personal() -> None:
    """Whoever adds a column of free text decides here who reads it: labels and ids are shown, words are not."""
    # Said by us about ourselves, or the name of a company, a document or a state; dead letters quote nothing.
    shown = {
        ("account_history", "name"),
        ("dead_letter", "account_key"),
        ("dead_letter", "detail"),
        ("contract", "products"),
        ("dead_letter", "source"),
        ("feedback_item", "merged_into"),
        ("failed_deadline", "detail"),
        ("account_aside", "detail"),
        ("holiday", "name"),
        ("invoice", "number"),
        ("plan", "name"),
        ("project", "name"),
        ("policy", "value"),
        ("survey_question", "text"),
        ("survey_question", "title"),
        ("taxonomy_topic", "label"),
        ("ticket", "merged_into"),
        ("ticket_solve", "reopened_by"),
        *(
            ("account_health", each)
            for each in ("override", "member", "components", "signals", "evidence")  # names and ids of ours
        ),
        *(("account_now", each) for each in ("mrr_currencies", "receivable_currencies")),
        *(("health_model", each) for each in ("segments", "bands")),
        ("health_override", "set_by"),
        ("risk_rule", "conditions"),
        ("risk_episode", "replaces"),
        *(("sla_policy", each) for each in ("channels", "groups", "priorities", "topics")),
    }
    free = {
        (name, column.name)
        for name, table in TABLES.items()
        for column in table.columns[len(table.key) :]
        if re.search(r"(?<!LowCardinality\()String", column.type) and not re.search(r"_ids?$|^flags$", column.name)
    }
    personal = {(name, column.name) for name, table in TABLES.items() for column in table.columns if column.personal}
    # Of verbatims the whole view is closed.
    assert free - shown - {("verbatim", "text")} == personal
    assert shown <= free
    assert not any(column.personal for table in TABLES.values() for column in table.columns[: len(table.key)])


def test_a_replicated_deployment_differs_in_variables_only() -> None:
    """Clusters are a setting, not another code path: every table takes its engine and cluster from variables."""
    folder = files("sinks") / "migrations"
    text = "".join(path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".sql"))
    statements = len(re.findall(r"^(?:CREATE|ALTER|DROP) TABLE", text, re.MULTILINE))
    dropped = len(re.findall(r"^DROP TABLE", text, re.MULTILINE))
    assert text.count("${REPLACING_ENGINE}(version, is_deleted)") == len(TABLES) + dropped
    assert text.count("${ON_CLUSTER}") == statements
    clustered = Warehouse(cluster="main")
    assert (clustered.on_cluster, clustered.engine_prefix) == ("ON CLUSTER `main`", "Replicated")


def test_every_module_of_row_structs_is_read_and_two_structs_name_two_tables() -> None:
    """A struct alone declares a table: one in a module that nobody reads, or under a taken name, would be lost."""
    modules = {name for _, name, _ in iter_modules(core.__path__) if name.startswith("rows_")}
    assert modules == {row.__module__.rpartition(".")[2] for row in ROWS.values()}
    with pytest.raises(ValueError, match="InvoiceRow and InvoiceRow both name the table invoice"):
        rows.by_table((rows_receivable, _copy_of(rows_receivable)))


def _copy_of(module: ModuleType) -> ModuleType:
    """Return a module of another name that defines the same."""
    copy = ModuleType("streams.core.rows_copy")
    for name, each in vars(module).items():
        if isinstance(each, type) and each.__module__ == module.__name__:
            setattr(copy, name, type(name, (each,), {"__module__": copy.__name__}))
    return copy


class _Visit(Row, frozen=True, gc=False):
    """Visits to customers: one row per visit."""

    TABLE: ClassVar[str] = "visit"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "touch"
    account_id: AccountId
    touch_id: Annotated[str, doc("Touch that the visit is")]
    place: Annotated[str, doc("Where it was")]


def changed(**named: Any) -> type[Row]:
    """Return the struct of visits with other words about itself, or other columns."""
    hints = {name: hint for name, hint in named.items() if name.islower() and name != "__doc__"}
    told = {name: value for name, value in named.items() if name not in hints}
    body = {"__doc__": _Visit.__doc__, "__module__": __name__, "__annotations__": hints, **told}
    return type(_Visit)("Changed", (_Visit,), body, frozen=True, gc=False)


def test_a_struct_says_whose_rows_it_has_and_what_names_them() -> None:
    """What `cx explain` asks of a table follows from this, so a table cannot be forgotten there."""
    assert (derive(_Visit).entity, derive(_Visit).named_by) == ("touch", ("touch_id",))
    assert derive(changed(NAMED_BY=("place", "touch_id"))).named_by == ("place", "touch_id")
    several = derive(changed(ENTITY="several"))
    assert (several.entity, several.named_by) == (SEVERAL, ())


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"ENTITY": "unheard_of"}, "Changed has the entity 'unheard_of', not one of account_merge, "),
        ({"ENTITY": "ticket"}, "Changed does not say which ticket it belongs to: give it NAMED_BY"),
        ({"NAMED_BY": ("visit_id",)}, "Changed has no column visit_id"),
        ({"LOOKUPS": (("by_kind", "kind"),)}, "Changed has no kind"),
        ({"KEY": 4}, "Changed has no docstring or key"),
        ({"__doc__": None}, "Changed has no docstring or key"),
        ({"score": float}, r"Changed.score has no doc\(\), or a type that no column has"),
        ({"parts": Annotated[bytes, doc("Parts")]}, r"Changed.parts has no doc\(\), or a type that no column has"),
    ],
)
def test_a_struct_that_leaves_something_out_is_refused(named: dict[str, Any], said: str) -> None:
    """Its rows would be explained by nothing or under another entity, or its table be one that nobody understands."""
    with pytest.raises(ValueError, match=said):
        derive(changed(**named))
