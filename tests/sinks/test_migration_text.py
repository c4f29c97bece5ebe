"""Migrations of new tables are rendered from row structs: what is rendered makes the tables that are deployed."""

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks import generations, migration_text, sql
from sinks.migration_text import MIGRATIONS, create_table, main, migration, missing, path_of
from sinks.settings import Warehouse
from sinks.tables import TABLES, Column, Table
from tests.sinks.conftest import Migrated

RAN = "".join(path.read_text("utf-8") for path in sorted(MIGRATIONS.glob("*.sql")))
VISIT = Table(
    "made_up",
    "Visits to customers, as the customer's door knows them: one row per visit.",
    ("account_id", "visit_id"),
    (
        Column("account_id", "String", "Account"),
        Column("visit_id", "String", "Visit; the door's own name for it, \\ and ' included"),
        Column("left_at", "Nullable(DateTime64(6, 'UTC'))", "When it ended, UTC; NULL while it lasts"),
        Column("kind", "LowCardinality(String)", "first, or again"),
        Column("version", "UInt64", "Version of the row"),
        Column("is_deleted", "UInt8", "1 when the row was withdrawn"),
    ),
    "touch",
    lookups=(("by_kind", "kind"),),
)


def test_what_is_rendered_is_what_was_written_by_hand() -> None:
    """A table that no ALTER has changed was made by these very words, so no reader finds two ways of writing them."""
    altered = set(re.findall(r"^ALTER TABLE \$\{GENERATION\}\.(\w+)", RAN, re.MULTILINE))
    assert {name for name, table in TABLES.items() if create_table(table) not in RAN} == altered


@pytest.fixture
def scratch(client: Client) -> Iterator[str]:
    database = f"cx_s{secrets.token_hex(4)}"
    client.execute(f"CREATE DATABASE `{database}`")
    yield database
    client.execute(f"DROP DATABASE `{database}` SYNC")


def applied(client: Client, database: str, text: str, folder: Path) -> None:
    """Run a migration as a deployment runs its own."""
    (folder / "001_rendered.sql").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(generations._FIRST_BOOK, str(folder), 1)
        generations._apply(client, Warehouse(), database, str(folder), {"GENERATION": sql.name(database)})


SEEN = {
    "columns": (
        "table, name, type, comment, position, default_kind, default_expression, is_in_primary_key, is_in_sorting_key,"
        " is_in_partition_key, compression_codec FROM system.columns"
    ),
    "tables": "name AS table, engine, engine_full, sorting_key, primary_key, partition_key, comment FROM system.tables",
    "data_skipping_indices": "table, name, type_full, expr, granularity FROM system.data_skipping_indices",
}


def seen(client: Client, database: str) -> dict[str, list[Any]]:
    """Return all that the server says of the tables of a database."""
    where = "WHERE database = %(db)s AND table NOT LIKE 'schema_versions%%'"
    asked = {of: f"SELECT {what} {where}" for of, what in SEEN.items()}
    asked["columns"] += f" AND {sql.IS_READ}"
    return {of: client.execute(f"{query} ORDER BY ALL", {"db": database}) for of, query in asked.items()}


@pytest.mark.servers
def test_rendered_migrations_make_the_tables_that_are_deployed(
    client: Client, migrated: Callable[[Warehouse], Migrated], scratch: str, tmp_path: Path
) -> None:
    """Columns, types, comments, engine, keys and indexes: a rendered migration leaves nothing to be added by hand."""
    _, generation = migrated(Warehouse())
    applied(client, scratch, migration(TABLES.values()), tmp_path)
    deployed, rendered = seen(client, generation), seen(client, scratch)
    for of in SEEN:
        assert rendered[of] == deployed[of], of
    assert len(rendered["tables"]) == len(TABLES)
    assert len(rendered["data_skipping_indices"]) == sum(len(table.lookups) for table in TABLES.values()) > 0


@pytest.mark.servers
def test_a_new_table_takes_rows_and_a_second_run_changes_nothing(client: Client, scratch: str, tmp_path: Path) -> None:
    """Quotes, backslashes and semicolons reach the server as they were meant; `migrate` runs at every start."""
    for _ in range(2):
        applied(client, scratch, migration([VISIT]), tmp_path)
    columns = "SELECT name, type, comment FROM system.columns WHERE database = %(db)s AND table = 'made_up'"
    assert client.execute(columns, {"db": scratch}) == [(each.name, each.type, each.comment) for each in VISIT.columns]
    rows = [("a", "v", None, "first", version, 0) for version in (1, 2)]
    client.execute(f"INSERT INTO `{scratch}`.made_up VALUES", rows)
    assert client.execute(f"SELECT version FROM `{scratch}`.made_up FINAL") == [(2,)]


def test_a_comment_that_looks_like_a_variable_is_refused() -> None:
    """The runner of migrations would put the name of a database in its place."""
    column = Column("account_id", "String", "Account in ${GENERATION}s")
    with pytest.raises(ValueError, match="a comment of made_up has what stands for a variable"):
        create_table(msgspec.structs.replace(VISIT, columns=(Column("a", "String", "Of ${CX}"), column)))


def test_a_table_without_migration_gets_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A struct alone declares a table; the file that makes it is written once, and never again."""
    (tmp_path / "007_touch.sql").write_text("\n".join(map(create_table, TABLES.values())), encoding="utf-8")
    tables = {**TABLES, "made_up": VISIT}
    monkeypatch.setattr(migration_text, "MIGRATIONS", tmp_path)
    monkeypatch.setattr(migration_text, "TABLES", tables)
    assert missing(tables, tmp_path) == [VISIT]
    assert path_of([VISIT, TABLES["touch"]], tmp_path).name == "008_made_up_and_touch.sql"
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == "no migration makes the table made_up\n"
    assert main(["--write"]) == 0
    path = tmp_path / "008_made_up.sql"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_text("utf-8") == migration([VISIT])
    assert (main(["--check"]), main(["--write"])) == (0, 0)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["007_touch.sql", "008_made_up.sql"]


def test_the_command_prints_tables_and_names_what_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes an ALTER wants to see what the struct says; a misspelt name is answered by a sentence."""
    assert main(["touch", "event"]) == 0
    assert capsys.readouterr().out == migration([TABLES["touch"], TABLES["event"]])
    assert main(["touch", "toch"]) == 2
    assert capsys.readouterr().err == "there is no table toch\n"
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage:")


def test_every_table_of_a_row_struct_has_a_migration() -> None:
    """A struct without a table would stop the first insert of its rows."""
    assert missing() == [], "run python -m sinks.migration_text --write"
