"""The row structs of every table, by table name: all that the modules named here define.

Field order is column order. A complete row, as sinks take it, is the struct's fields followed by
``version`` (higher wins) and ``is_deleted`` (1 hides the row), which the shell adds.
"""

from collections.abc import Iterator
from types import ModuleType

from streams.core import (
    rows_change,
    rows_clock,
    rows_feedback,
    rows_health,
    rows_identity,
    rows_onboarding,
    rows_receivable,
    rows_reference,
    rows_refund,
    rows_relationship,
    rows_risk,
    rows_sla,
    rows_subscription,
    rows_success,
    rows_survey,
    rows_ticket,
    rows_work,
)
from streams.core.columns import Row


def structs_of(module: ModuleType) -> Iterator[type[Row]]:
    """Yield the row structs that a module defines, in its order."""
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Row) and each.__module__ == module.__name__:
            yield each


def by_table(modules: tuple[ModuleType, ...]) -> dict[str, type[Row]]:
    """Return the row structs of modules by table. Raises ValueError where two structs name one table."""
    found: dict[str, type[Row]] = {}
    for module in modules:
        for row in structs_of(module):
            if found.setdefault(row.TABLE, row) is not row:
                raise ValueError(f"{found[row.TABLE].__name__} and {row.__name__} both name the table {row.TABLE}")
    return found


TABLES = by_table(
    (
        rows_survey,
        rows_change,
        rows_reference,
        rows_refund,
        rows_subscription,
        rows_receivable,
        rows_ticket,
        rows_clock,
        rows_sla,
        rows_feedback,
        rows_identity,
        rows_work,
        rows_success,
        rows_onboarding,
        rows_relationship,
        rows_health,
        rows_risk,
    )
)
