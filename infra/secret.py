"""A text that never shows itself: not in a repr, a log line, a traceback's values or an f-string."""

from __future__ import annotations


class Secret:
    """Holds a secret; ``reveal()`` is the only way to it, so searching for that word finds every use."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "'***'" if self._value else "''"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)
