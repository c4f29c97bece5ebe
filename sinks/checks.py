"""Where exactly a row does not fit its table: the same answer for every sink."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from sinks.port import RowTuple, SinkRefused
from sinks.tables import TABLES
from streams.core.rows import TABLES as ROWS

_UINT64 = 2**64
_Flag = Annotated[int, Meta(ge=0, le=1)]


def _hint(hint: Any) -> Any:
    """Type of a value as it may stand in a row: a flag may also be written as 0 or 1."""
    bare = getattr(hint, "__origin__", hint)
    if bare == bool | None:
        return bool | _Flag | None
    return bool | _Flag if bare is bool else hint


@cache
def _shape(table: str) -> Any:
    """Tuple type of a complete row of the table."""
    hints = get_type_hints(ROWS[table], include_extras=True)
    fields = [_hint(hints[name]) for name in ROWS[table].__struct_fields__]
    return tuple.__class_getitem__((*fields, Annotated[int, Meta(ge=0)], bool | _Flag))


def _misfit(table: str, row: RowTuple) -> tuple[str | None, str] | None:
    """Name the column of the row that does not fit, and why; None when the whole row fits."""
    names = TABLES[table].names
    if len(row) != len(names):
        return None, f"{len(row)} values for {len(names)} columns"
    *fields, version, deleted = row
    if isinstance(version, int) and version >= _UINT64:
        return "version", "above 2**64-1"
    bounded = version >> 1 if isinstance(version, int) else version
    try:
        msgspec.convert((*fields, bounded, deleted), _shape(table))
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$[")
        return names[int(path.split("]")[0])], reason
    return next(
        ((name, "text that UTF-8 cannot hold") for name, value in zip(names, row, strict=True) if _broken(value)),
        None,
    )


def _broken(value: object) -> bool:
    """Lone surrogates pass as str and fail as bytes."""
    return isinstance(value, str) and not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)


def refusal(table: str, rows: Iterable[RowTuple]) -> SinkRefused | None:
    """First misfit among the rows as an error; None when all fit."""
    for index, row in enumerate(rows):
        if (misfit := _misfit(table, row)) is not None:
            column, reason = misfit
            return SinkRefused(reason, table=table, column=column, row=index)
    return None
