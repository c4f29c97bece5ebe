"""Renders migrations of new tables from row structs, in which each column of a table stands once.

`python -m sinks.migration_text --write` writes the next migration for every table that no migration makes yet, and
prints its path; `--check` names such tables and ends with status 1 where there are any; names of tables print the
statements that make them. A migration that has run never changes: a column of a table that exists comes with an ALTER
that somebody writes, and a test holds the outcome against the struct.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from sinks import sql
from sinks.tables import TABLES, Column, Table

MIGRATIONS = Path(__file__).parent / "migrations"
_MADE = re.compile(r"^CREATE TABLE IF NOT EXISTS \$\{GENERATION\}\.(\w+) ", re.MULTILINE)
_FILE = re.compile(r"(\d{3})_\w+\.sql")
_USAGE = "usage: python -m sinks.migration_text --write | --check | TABLE...\n"


def create_table(table: Table) -> str:
    """Return the statement that makes a table, in the variables of migrations.

    Raises ValueError where a comment would be taken for a variable of the migration.
    """
    lines = [_column(column) for column in table.columns]
    order = table.key[0] if len(table.key) == 1 else f"({', '.join(table.key)})"
    lines += [f"INDEX {name} {column} TYPE set(100) GRANULARITY 1" for name, column in table.lookups]
    statement = "\n".join(
        (
            f"CREATE TABLE IF NOT EXISTS ${{GENERATION}}.{table.name} ${{ON_CLUSTER}}",
            "(",
            ",\n".join(f"    {line}" for line in lines),
            ")",
            "ENGINE = ${REPLACING_ENGINE}(version, is_deleted)",
            f"ORDER BY {order}",
            f"COMMENT {sql.text(table.comment)};\n",
        )
    )
    if set(re.findall(r"\$\{(\w*)", statement)) != {"GENERATION", "ON_CLUSTER", "REPLACING_ENGINE"}:
        raise ValueError(f"a comment of {table.name} has what stands for a variable in a migration: '${{'")
    return statement


def _column(column: Column) -> str:
    return f"{column.name} {column.type} COMMENT {sql.text(column.comment)}"


def migration(tables: Iterable[Table]) -> str:
    """Return the text of a migration that makes tables. Twice is the same as once."""
    tables = list(tables)
    title = "".join(f"-- {table.comment}\n" for table in tables)
    return "\n".join((title, *map(create_table, tables)))


def made(folder: Path) -> set[str]:
    """Return the tables that the migrations of a folder make."""
    return {name for path in folder.glob("*.sql") for name in _MADE.findall(path.read_text(encoding="utf-8"))}


def missing(tables: Mapping[str, Table] = TABLES, folder: Path = MIGRATIONS) -> list[Table]:
    """Return the tables that row structs declare and no migration makes, in their order."""
    known = made(folder)
    return [table for name, table in tables.items() if name not in known]


def path_of(tables: Iterable[Table], folder: Path) -> Path:
    """Return the path of the next migration of a folder, after the tables that it makes."""
    numbers = [int(found[1]) for path in folder.glob("*.sql") if (found := _FILE.fullmatch(path.name))]
    names = "_and_".join(table.name for table in tables)
    return folder / f"{max(numbers, default=0) + 1:03}_{names}.sql"


def main(arguments: list[str]) -> int:
    found = missing(TABLES, MIGRATIONS)
    if arguments == ["--write"]:
        if found:
            path = path_of(found, MIGRATIONS)
            path.write_text(migration(found), encoding="utf-8")
            sys.stdout.write(f"{path}\n")
        return 0
    if arguments == ["--check"]:
        sys.stdout.write("".join(f"no migration makes the table {table.name}\n" for table in found))
        return 1 if found else 0
    if not arguments or not set(arguments) <= set(TABLES):
        unknown = "".join(f"there is no table {name}\n" for name in arguments if name not in TABLES)
        sys.stderr.write(unknown or _USAGE)
        return 2
    sys.stdout.write(migration(TABLES[name] for name in arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
