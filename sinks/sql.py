"""Small parts of SQL text: quoting, and the statement that makes a commented view."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sinks.tables import Column

IS_READ = "default_kind != 'EPHEMERAL'"
"""Of columns in system.columns: all but those that only take what older releases insert."""
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'"})


def text(value: str) -> str:
    """Quote a string literal."""
    return f"'{value.translate(_ESCAPES)}'"


def name(value: str) -> str:
    """Quote an identifier; raises ValueError for one with a backquote, which no name here has."""
    if "`" in value:
        raise ValueError(f"not a name: {value!r}")
    return f"`{value}`"


def create_view(target: str, columns: Iterable[Column], select: str, comment: str, on_cluster: str = "") -> str:
    """Statement that makes or replaces a view at once.

    The view reads with the rights of whoever made it, so that its readers need no grant on what it reads.
    """
    listed = ",\n    ".join(f"{name(column.name)} {column.type} COMMENT {text(column.comment)}" for column in columns)
    return (
        f"CREATE OR REPLACE VIEW {target} {on_cluster}\n(\n    {listed}\n)\n"
        f"DEFINER = CURRENT_USER SQL SECURITY DEFINER\nCOMMENT {text(comment)}\nAS\n{select}"
    )
