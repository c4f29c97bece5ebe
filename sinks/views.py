"""Every view as a value: base views over a generation's tables, declared fact views, and one view for each metric."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from string import Template

import msgspec

from sinks import metric, shipped_health, sql, windows
from sinks.intervals import bounds, net_share
from sinks.metric import Catalogue, Interval, Metric
from sinks.settings import Warehouse
from sinks.stored import Stored
from sinks.tables import SYSTEM_COLUMNS, TABLES, Column, Table
from streams.core.change_causes import OWN_REASONS
from streams.core.changes import LINKS, RIPENING, SETTINGS, SLICES

_HEADER = re.compile(r"\s*/\*(.*?)\*/(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\$\{cx\}\.(\w+)")
_RATIO = "Nullable(Float64)"
_WINDOW = (
    Column("grain", "String", "day, week, month, quarter, or rolling_90d for the 90 days that end with the window"),
    Column("window_start", "Date", "First day of the window, in the company's time zone"),
    Column("window_end", "Date", "First day after the window"),
)
_SLICE = Column("dimension_value", "String", "Slice; empty for all, and for facts that belong to none")
_FIGURES = (
    Column("ci_low", _RATIO, "Lower bound of the 95 % interval; NULL where there is none"),
    Column("ci_high", _RATIO, "Upper bound of the 95 % interval; NULL where there is none"),
    Column("low_sample", "UInt8", "1 when n is below the low-sample threshold: read with care"),
    Column("is_final", "UInt8", "1 when the window has ended and nothing in it matures; see also restatement_log"),
    Column("maturing", "UInt8", "1 while outcomes of the window's facts are still open"),
    Column("as_of", "DateTime64(6, 'UTC')", "Figures include what Kafka had stored by then, UTC"),
)
PERSONAL = "personal_"
"""What begins the name of a view with everything in a table, words about people included."""
PAY = "pay_"
"""Prefix of the name of a view that tells what a person costs, or from which that follows."""
_SHARE = Interval("wilson", high="numerator", of="denominator")
_NET = Interval("adjusted_wald", high="promoters", low="detractors", of="n")
_N_ALL = Column("n_all", "Int64", "Answers in the window and slice, every one of each person")


class View(msgspec.Struct, frozen=True):
    """One view: its SELECT, with variables to fill in, its sentence, and its columns in order.

    A column without a type takes the one that the SELECT gives it.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    select: str
    catalogue: Catalogue | None = None
    stored: Stored | None = None


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    comment: str
    columns: dict[str, str]
    metric: Catalogue | None = None
    stored: Stored | None = None


def bases(table: Table) -> tuple[View, ...]:
    """Views of the table's rows as they stand: newest versions, withdrawn rows left out.

    The first leaves out what is personal, and what tells of pay. Where there is such, another has it as well; its name
    begins with PERSONAL, or PAY, by which readers are refused it.
    """
    every = tuple(column for column in table.columns if column not in SYSTEM_COLUMNS)
    found = [_base(table, table.name, table.shown)]
    if table.is_pay:
        found.append(_base(table, f"{PAY}{table.name}", tuple(column for column in every if not column.personal)))
    if table.is_personal:
        found.append(_base(table, f"{PERSONAL}{table.name}", tuple(column for column in every if not column.pay)))
    return tuple(found)


def _base(table: Table, name: str, columns: tuple[Column, ...]) -> View:
    names = ", ".join(f"`{column.name}`" for column in columns)
    select = f"SELECT {names} FROM ${{generation}}.`{table.name}` FINAL WHERE is_deleted = 0"  # noqa: S608 - own names
    return View(name, table.comment, columns, select)


def _declared(name: str, text: str) -> View:
    """View of one file: a comment that holds YAML, then the SELECT."""
    if (match := _HEADER.fullmatch(text)) is None:
        raise ValueError(f"{name}: a view begins with a comment that describes it")
    header = msgspec.yaml.decode(match[1], type=_Header)
    columns = tuple(Column(column, "", said) for column, said in header.columns.items())
    return View(name, header.comment, columns, match[2].strip(), header.metric, header.stored)


def _sentence(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]


def _dimension(record: Metric) -> Column:
    names = ", ".join(["all", "account", *record.slices, "manager (owner as of the fact)"])
    return Column("dimension", "String", f"{names} or segment (as of the fact)")


def _measured(record: Metric) -> View:
    """View of a metric record."""
    said = record.catalogue
    groups = [*record.groups.items(), *([(record.spread.name, record.spread.comment)] if record.spread else [])]
    observed = record.counts["n"].comment if "n" in record.counts else f"Observations: {said.denominator}"
    columns = (
        *_WINDOW,
        _dimension(record),
        _SLICE,
        *(Column(name, "String", comment) for name, comment in groups),
        Column("value", _RATIO, f"{said.title}: {said.formula}; in {said.unit}"),
        Column("numerator", "Float64", _sentence(said.numerator)),
        Column("denominator", "Float64", _sentence(said.denominator)),
        Column("n", "Int64", observed),
        *_FIGURES,
        *(Column(name, count.type, count.comment) for name, count in record.counts.items() if name != "n"),
        *([_N_ALL] if record.latest_per_person else []),
        *(Column(name, column.type, column.comment) for name, column in record.columns.items()),
    )
    comment = f"{said.title} by window and slice: {said.formula}"
    return View(record.name, comment, columns, windows.render(record), said, record.stored)


def in_order(views: Iterable[View]) -> list[View]:
    """Views after those that they read from."""
    named = {view.name: view for view in views}
    reads = {name: [r for r in _REFERENCE.findall(view.select) if r in named] for name, view in named.items()}
    return [named[name] for name in TopologicalSorter(reads).static_order()]


@cache
def load() -> tuple[View, ...]:
    """Every view but the catalogue itself, each after those that it reads from."""
    folder = files("sinks") / "views"
    texts = sorted((path.name, path.read_text("utf-8")) for path in folder.iterdir() if path.name.endswith(".sql"))
    declared = [_declared(name.removesuffix(".sql"), text) for name, text in texts]
    tables = [view for table in TABLES.values() for view in bases(table)]
    return tuple(in_order([*tables, *declared, *(_measured(record) for record in metric.load())]))


def inlined(select: str, leaf: Callable[[str], str]) -> str:
    """SELECT that needs no view: each that it reads from is put in its place, and ``leaf`` names the tables.

    How far the tables are is not among what it asks: that is of all accounts.
    """
    known = {view.name: view for view in load()}

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name == "watermark":
            return f"(SELECT toDateTime64(0, 6, 'UTC') AS {known[name].columns[0].name})"
        table = next((bare for prefix in ("", PERSONAL, PAY) if (bare := name.removeprefix(prefix)) in TABLES), "")
        return leaf(table) if table else f"({inlined(known[name].select, leaf)})"

    return _REFERENCE.sub(put, select)


def reads_pay(select: str) -> bool:
    """Tell whether a SELECT reads what a person costs, itself or by a view that it reads from."""
    known = {view.name: view for view in load()}
    names = _REFERENCE.findall(select)
    return any(name.startswith(PAY) or reads_pay(known[name].select) for name in names if name in known)


def select(view: View, warehouse: Warehouse, generation: str) -> str:
    """Fill in the variables. Raises KeyError for a variable that no setting gives."""
    return filled(view.select, warehouse, generation=generation)


def references(select: str) -> list[str]:
    """Return the names of the views that a SELECT reads from, in the order in which it names them."""
    return list(dict.fromkeys(_REFERENCE.findall(select)))


def filled(select: str, warehouse: Warehouse, **others: str) -> str:
    """Fill in the deployment's variables, and others that go before them."""
    return Template(select).substitute({**warehouse.variables(), **_fixed_variables(), **others})


def fixed(select: str) -> str:
    """Fill in the variables that are the same in every deployment."""
    return Template(select).safe_substitute(_fixed_variables())


@cache
def _fixed_variables() -> dict[str, str]:
    centre, error = net_share("promoters", "detractors", "n")
    low, high = bounds(_SHARE)
    least, most = bounds(_NET)
    shares = {"nps_centre": centre, "nps_error": error, "nps_low": least, "nps_high": most}
    shares |= {"wilson_low": low, "wilson_high": high}
    shares["shipped_health"] = shipped_health.literal()
    kinds = {"own_reasons": OWN_REASONS, "as_known": LINKS | SETTINGS | SLICES, "ripening": RIPENING}
    return shares | {name: ", ".join(map(sql.text, sorted(names))) for name, names in kinds.items()}
