"""A JSON object of a delivery, read by name: what is missing or of another type is told by its path, without its value.

sent = object_of(raw.body)
sent.text("data.object.id")
[item.whole("quantity") for item in sent.parts("data.object.items.data")]
"""

from __future__ import annotations

from typing import Any, TypeVar

from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.payloads import decoded

_Found = TypeVar("_Found")


def object_of(body: bytes) -> Fields:
    """Return the object that a body is; raises NotUnderstoodError."""
    found = decoded(body)
    if not isinstance(found, dict):
        raise NotUnderstoodError("malformed", "the body is no JSON object")
    return Fields(found)


class Fields:
    """An object with its path. Names may be paths themselves, with dots; null is the same as nothing.

    Each reader raises NotUnderstoodError for another type; those that begin with `maybe` return None where there is
    nothing, the others raise.
    """

    __slots__ = ("_path", "_values")

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values, self._path = values, path

    def __contains__(self, name: str) -> bool:
        return self._found(name) is not None

    def text(self, name: str) -> str:
        return self._required(name, self.maybe_text(name))

    def maybe_text(self, name: str) -> str | None:
        found: str | None = self._typed(name, str, "a text")
        return found

    def whole(self, name: str) -> int:
        return self._required(name, self.maybe_whole(name))

    def maybe_whole(self, name: str) -> int | None:
        found: int | None = self._typed(name, int, "a whole number")
        if isinstance(found, bool):
            raise self._odd(name, "a whole number")
        return found

    def number(self, name: str) -> float:
        return self._required(name, self.maybe_number(name))

    def maybe_number(self, name: str) -> float | None:
        found = self._found(name)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
            raise self._odd(name, "a number")
        return found

    def flag(self, name: str) -> bool:
        """Return a truth value, false where there is nothing."""
        return self._typed(name, bool, "true or false") or False

    def reference(self, name: str) -> str:
        return self._required(name, self.maybe_reference(name))

    def maybe_reference(self, name: str) -> str | None:
        """Return an id: a text, a whole number, or that of the object that stands in its place."""
        found = self._found(name)
        if isinstance(found, dict):
            return self.part(name).reference("id")
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        return self._typed(name, str, "an id") or None

    def part(self, name: str) -> Fields:
        return self._required(name, self.maybe_part(name))

    def maybe_part(self, name: str) -> Fields | None:
        found: dict[str, Any] | None = self._typed(name, dict, "an object")
        return None if found is None else Fields(found, self._at(name))

    def parts(self, name: str) -> list[Fields]:
        """Return the objects of a list, none where there is no list."""
        found: list[Any] = self._typed(name, list, "a list") or []
        if not all(isinstance(each, dict) for each in found):
            raise self._odd(name, "a list of objects")
        return [Fields(each, f"{self._at(name)}[{number}]") for number, each in enumerate(found)]

    def values(self, name: str) -> list[Any]:
        """Return a list as it is, empty where there is none."""
        return self._typed(name, list, "a list") or []

    def plain(self) -> dict[str, Any]:
        """Return the object itself, for those who know more of it."""
        return self._values

    def _found(self, name: str) -> Any:
        here: Any = self._values
        for step in name.split("."):
            if not isinstance(here, dict):
                return None
            here = here.get(step)
        return here

    def _typed(self, name: str, kind: type, said: str) -> Any:
        found = self._found(name)
        if found is not None and not isinstance(found, kind):
            raise self._odd(name, said)
        return found

    def _required(self, name: str, found: _Found | None) -> _Found:
        if found is None:
            raise NotUnderstoodError("missing_field", f"{self._at(name)} is not there")
        return found

    def _odd(self, name: str, said: str) -> NotUnderstoodError:
        return NotUnderstoodError("odd_field", f"{self._at(name)} is not {said}")

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name
