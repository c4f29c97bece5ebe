"""The tables as values, derived from the row structs of the core: names, ClickHouse types, keys and comments.

The row structs are the one place where a column is declared. Migrations say the same in SQL, and a test
compares the migrated database with these values, so neither can drift.
"""

import inspect
from collections.abc import Mapping
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from streams.core.columns import KIND, PAY, PERSONAL, Owner, Row
from streams.core.entities import Kind
from streams.core.rows import TABLES as ROWS

_WIDTHS: dict[tuple[float | None, float | None], str] = {
    (-(2**31), 2**31 - 1): "Int32",
    (0, 2**16 - 1): "UInt16",
    (0, 2**32 - 1): "UInt32",
    (None, None): "Int64",
}
SEVERAL: Owner = "several"
NONE: Owner = "none"
_PLAIN = {bool: "UInt8", float: "Float64", str: "String"}
_KINDS = {"moment": "DateTime64(6, 'UTC')", "label": "LowCardinality(String)"}


class Column(msgspec.Struct, frozen=True):
    """One column: its name, its full ClickHouse type and the sentence that describes it.

    What is ``personal`` or ``pay`` is shown by a view of its own, which not every reader may read.
    """

    name: str
    type: str
    comment: str
    personal: bool = False
    pay: bool = False


class Table(msgspec.Struct, frozen=True):
    """One table: columns in insert order, the first ``key`` of them its ORDER BY.

    ``entity`` is the kind of entity that its rows belong to, `SEVERAL` or `NONE`. ``named_by`` are the columns that
    name this entity, joined by slashes; empty where rows name the event that they come from. ``lookups`` are
    columns of few values with an index of their own: its name, and the column.
    """

    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    entity: Owner
    named_by: tuple[str, ...] = ()
    lookups: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def shown(self) -> tuple[Column, ...]:
        """Columns that the view of the table's name has."""
        return tuple(
            column for column in self.columns if column not in SYSTEM_COLUMNS and not (column.personal or column.pay)
        )

    @property
    def is_personal(self) -> bool:
        """Whether it has columns that this view leaves out."""
        return any(column.personal for column in self.columns)

    @property
    def is_pay(self) -> bool:
        """Tell whether it has columns that say what a person costs."""
        return any(column.pay for column in self.columns)

    @property
    def by_account(self) -> bool:
        """Whether each row belongs to one account, so that some accounts' rows can be replaced by themselves."""
        return "account_id" in self.names


SYSTEM_COLUMNS = (
    Column("version", "UInt64", "Version of the row: of two rows with the same key the higher one holds"),
    Column("is_deleted", "UInt8", "1 when the row was withdrawn; views leave it out"),
)


def _type(hint: Any, notes: tuple[Meta, ...]) -> str:
    """ClickHouse type of an annotated Python type; ``notes`` are the annotations met on the way in."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(arguments[0], (*notes, *(note for note in arguments[1:] if isinstance(note, Meta))))
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return f"Nullable({_type(inner, notes)})"
    if origin is tuple:
        return _tuple_type(arguments)
    kinds = [note.extra[KIND] for note in notes if note.extra and KIND in note.extra]
    if kinds:
        return _KINDS[kinds[0]]
    if hint is int:
        bounds = [(note.ge, note.le) for note in notes if note.ge is not None]
        return _WIDTHS[bounds[0] if bounds else (None, None)]
    return _PLAIN[hint]


def _tuple_type(arguments: tuple[Any, ...]) -> str:
    if arguments[-1] is Ellipsis:
        return f"Array({_type(arguments[0], ())})"
    return f"Tuple({', '.join(_type(argument, ()) for argument in arguments)})"


def _comment(hint: Any) -> str:
    """Return the outermost description of an annotated type."""
    notes = [note for note in get_args(hint)[1:] if isinstance(note, Meta) and note.description]
    return str(notes[-1].description)


def _column(name: str, hint: Any) -> Column:
    return Column(name, _type(hint, ()), _comment(hint), _is_marked(hint, PERSONAL), _is_marked(hint, PAY))


def _is_marked(hint: Any, mark: str) -> bool:
    return any(note.extra and mark in note.extra for note in get_args(hint)[1:] if isinstance(note, Meta))


def derive(row: type[Row]) -> Table:
    """Table of one row struct, ``version`` and ``is_deleted`` included.

    Raises ValueError for a struct that does not say whose rows it has, by which columns, or what a column means.
    """
    hints = get_type_hints(row, include_extras=True)
    fields = row.__struct_fields__
    columns = tuple(_described(row, name, hints[name]) for name in fields)
    unknown = [column for _, column in row.LOOKUPS if column not in fields]
    if unknown or not row.__doc__ or not 0 < row.KEY <= len(fields):
        raise ValueError(f"{row.__name__} has no {unknown[0] if unknown else 'docstring or key'}")
    comment = inspect.cleandoc(row.__doc__)
    owner, named_by = _owner(row), _named_by(row)
    return Table(row.TABLE, comment, fields[: row.KEY], columns + SYSTEM_COLUMNS, owner, named_by, row.LOOKUPS)


def _described(row: type[Row], name: str, hint: Any) -> Column:
    """Return one column. Raises ValueError where it has no sentence of its own, or a type that no column has."""
    try:
        return _column(name, hint)
    except LookupError:
        raise ValueError(f"{row.__name__}.{name} has no doc(), or a type that no column has") from None


def _owner(row: type[Row]) -> Owner:
    known = (*get_args(Kind), SEVERAL, NONE)
    owner: Owner | None = getattr(row, "ENTITY", None)
    if owner is None or owner not in known:
        raise ValueError(f"{row.__name__} has the entity {owner!r}, not one of {', '.join(sorted(known))}")
    return owner


def _named_by(row: type[Row]) -> tuple[str, ...]:
    """Return the columns that name a row's entity, none where the row names its event."""
    if row.ENTITY in (SEVERAL, NONE):
        return ()
    fields = row.__struct_fields__
    if set(row.NAMED_BY) - set(fields):
        raise ValueError(f"{row.__name__} has no column {', '.join(sorted(set(row.NAMED_BY) - set(fields)))}")
    if row.NAMED_BY:
        return row.NAMED_BY
    if f"{row.ENTITY}_id" in fields:
        return (f"{row.ENTITY}_id",)
    if "event_id" in fields:
        return ()
    raise ValueError(f"{row.__name__} does not say which {row.ENTITY} it belongs to: give it NAMED_BY")


TABLES: Mapping[str, Table] = MappingProxyType({name: derive(row) for name, row in ROWS.items()})
