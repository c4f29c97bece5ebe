"""Examine ClickHouse: migrations, tables and views against the code, the readers' rights, the clock."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from clickhouse_driver.errors import ErrorCodes, ServerException

from infra import wiring
from infra.health.model import PATIENCE_S, Check
from infra.health.pages import CLICKHOUSE, DEPLOY, REBUILD, WRONG
from infra.health.tables import current
from infra.health.workforce import SKEW_S
from sinks import dictionary, generations, sql, stored, views
from sinks.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.settings import Warehouse

_MIGRATE = "run `cx migrate` with the version of the code that should run"
_READ_ONLY = 2
_READING_S = 60


def examine(here: Settings) -> Iterator[Check]:
    """Yield the checks. Raises what the driver raises where ClickHouse does not answer."""
    client, warehouse = wiring.clickhouse(here, timeout=PATIENCE_S), wiring.warehouse(here)
    try:
        yield _clock(client)
        generation = current(client, warehouse)
        if generation is None:
            yield Check("tables", "fail", "there are no tables yet", "run `cx migrate`", DEPLOY)
            return
        yield _migrations(client, generation)
        yield from _tables(client, generation)
        yield _stored(client, generation)
        yield from _views(client, warehouse, generation)
        yield from _answers(client, warehouse)
        yield _reader(here, generation)
    finally:
        client.disconnect()


def _clock(client: Client) -> Check:
    before = wiring.clock()
    ((theirs,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    skew = max(before - theirs, theirs - wiring.clock(), 0) / 1e6
    if skew > SKEW_S:
        said = f"the clocks of ClickHouse and of this machine are {skew:.0f} s apart"
        return Check("clickhouse clock", "fail", said, "let a time service set both clocks", CLICKHOUSE)
    return Check("clickhouse clock", "ok", "ClickHouse has the same time")


def _migrations(client: Client, generation: str) -> Check:
    known = {path.name for path in (files("sinks") / "migrations").iterdir() if path.name.endswith(".sql")}
    wanted = {int(name.partition("_")[0]) for name in known}
    had = generations.applied(client, generation)
    if missing := sorted(wanted - had):
        return Check("migrations", "fail", f"{generation} lacks migrations {missing}", _MIGRATE, DEPLOY)
    if extra := sorted(had - wanted):
        said = f"{generation} has migrations {extra} that this code does not know: a newer version was here"
        return Check("migrations", "warn", said, "see which version should run", DEPLOY)
    return Check("migrations", "ok", f"{generation} has had all {len(wanted)} migrations")


def _columns(client: Client, database: str) -> dict[str, list[tuple[str, str]]]:
    read = f"database = %(database)s AND {sql.IS_READ}"
    query = f"SELECT table, name, type FROM system.columns WHERE {read} ORDER BY table, position"  # noqa: S608
    found: dict[str, list[tuple[str, str]]] = {}
    for table, name, kind in client.execute(query, {"database": database}):
        found.setdefault(table, []).append((name, kind))
    return found


def _difference(found: list[tuple[str, str]], wanted: list[tuple[str, str]]) -> str:
    """Return the first difference of two lists of columns in words; a wanted column without a type has any."""
    for (name, kind), (own, type_) in zip(found, wanted, strict=False):
        if name != own:
            return f"has column {name} where the code has {own}"
        if type_ and kind.replace("LowCardinality(String)", "String") != type_.replace(
            "LowCardinality(String)", "String"
        ):
            return f"has column {name} as {kind}, the code as {type_}"
    if len(found) == len(wanted):
        return ""
    more, names = ("lacks", wanted[len(found) :]) if len(found) < len(wanted) else ("also has", found[len(wanted) :])
    return f"{more} {', '.join(name for name, _ in names)}"


def _tables(client: Client, generation: str) -> Iterator[Check]:
    columns, drift = _columns(client, generation), False
    for name, table in TABLES.items():
        if said := _difference(columns.get(name, []), [(column.name, column.type) for column in table.columns]):
            drift = True
            yield Check("table drift", "fail", f"{generation}.{name} {said}", _MIGRATE, DEPLOY)
    if not drift:
        yield Check("tables", "ok", f"all {len(TABLES)} tables of {generation} are those of the code")


def _stored(client: Client, generation: str) -> Check:
    """Let the server read back what it has stored, and name what it has put aside as unreadable.

    Rows of such parts are missing from every figure, and nothing else says so once the server was started again.
    """
    query = (
        "SELECT DISTINCT table FROM system.detached_parts"
        " WHERE database = %(database)s AND match(reason, 'broken|unexpected')"
    )
    aside = {name for (name,) in client.execute(query, {"database": generation})}
    try:
        damaged = sorted(name for name in TABLES if name in aside or not _reads(client, f"{generation}.{name}"))
    except ServerException as error:
        if error.code != ErrorCodes.TIMEOUT_EXCEEDED:
            raise
        return Check("stored rows", "warn", f"reading all of {generation} takes longer than {_READING_S} s")
    if damaged:
        said = f"{generation} has rows that cannot be read in {', '.join(damaged)}"
        return Check("stored rows", "fail", said, "rebuild: the topics have every event", REBUILD)
    return Check("stored rows", "ok", f"every stored row of {generation} can be read")


def _reads(client: Client, table: str) -> bool:
    limits = {"check_query_single_value_result": 1, "max_execution_time": _READING_S}
    return bool(client.execute(f"CHECK TABLE {table}", settings=limits)[0][0])


def _views(client: Client, warehouse: Warehouse, generation: str) -> Iterator[Check]:
    """Compare every view's statement, as the server writes it, with the code's."""
    found = _made(client, warehouse)
    every, drift = dictionary.every(), False
    for view in every:
        wanted = _formatted(client, views.select(view, warehouse, generation))
        if view.name not in found:
            said = f"{warehouse.database}.{view.name} is not there"
        elif found[view.name] != wanted:
            said = f"{warehouse.database}.{view.name} is not the view of this code"
        else:
            continue
        drift = True
        yield Check("view drift", "fail", said, _MIGRATE, DEPLOY)
    if not drift:
        yield Check("views", "ok", f"all {len(every)} views are those of the code and read from {generation}")


def _answers(client: Client, warehouse: Warehouse) -> Iterator[Check]:
    """Compare the stored answers with the code, and see whether the server could compute them."""
    found = _made(client, warehouse)
    query = "SELECT view, exception FROM system.view_refreshes WHERE database = %(database)s AND exception != ''"
    failed, well = dict(client.execute(query, {"database": warehouse.database})), 0
    for view in views.load():
        if view.stored is None:
            continue
        name, wanted = stored.name(view.name), stored.select(view.name, view.stored, warehouse)
        if found.get(name) != _formatted(client, wanted):
            said = f"{warehouse.database}.{name} is not there as this code has it"
            yield Check("stored answers", "fail", said, _MIGRATE, DEPLOY)
        elif name in failed:
            said = f"{warehouse.database}.{name} could not be computed: {failed[name].splitlines()[0][:200]}"
            yield Check("stored answers", "warn", said, f"read {view.name} meanwhile, which is exact", CLICKHOUSE)
        else:
            well += 1
    if well:
        yield Check("stored answers", "ok", f"{well} stored answers are those of the code and are computed anew")


def _made(client: Client, warehouse: Warehouse) -> dict[str, str]:
    """Return the statement of every view, as the server writes it; what keeps a stored answer has none."""
    query = "SELECT name, formatQuerySingleLineOrNull(as_select) FROM system.tables WHERE database = %(database)s"
    return {name: text for name, text in client.execute(query, {"database": warehouse.database}) if text}


def _formatted(client: Client, select: str) -> Any:
    return client.execute("SELECT formatQuerySingleLine(%(select)s)", {"select": select})[0][0]


def _reader(here: Settings, generation: str) -> Check:
    """Ask as the reader what the reader may do."""
    if here.bi_user == here.clickhouse_user:
        said = f"`cx sql` reads as {here.bi_user}, who may do anything"
        return Check("reader", "warn", said, "give CX_BI_USER a user that reads views only", WRONG)
    client = wiring.reader(here)
    try:
        ((mode,),) = client.execute("SELECT toUInt8(getSetting('readonly'))")
        forbidden = (
            f"SELECT ON {sql.name(generation)}.response",
            f"INSERT ON {sql.name(generation)}.response",
            f"SELECT ON {sql.name(here.database)}.verbatim",
        )
        allowed = [right for right in forbidden if client.execute(f"CHECK GRANT {right}")[0][0]]
    except ServerException as error:
        said = f"{here.bi_user} cannot be asked: code {error.code}"
        return Check("reader", "fail", said, "see CX_BI_USER and its password", CLICKHOUSE)
    finally:
        client.disconnect()
    if allowed or mode != _READ_ONLY:
        what = ", ".join([*allowed, *([] if mode == _READ_ONLY else [f"readonly = {mode}"])])
        return Check("reader", "fail", f"{here.bi_user} may do more than read views: {what}", "restrict it", DEPLOY)
    return Check("reader", "ok", f"{here.bi_user} may read views and nothing else")
