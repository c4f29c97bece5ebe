"""Find the instants of a record, in lists of records as well, and change each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

Node = Any
Change = Callable[[str, Any], Any]
"""Change an instant: its field's name and its value give another value."""


class Instants(msgspec.Struct, frozen=True):
    """The fields of a record that are instants, and those that hold records with instants of their own."""

    own: tuple[str, ...]
    within: tuple[tuple[str, Instants], ...]

    def changed(self, record: Mapping[str, Any], change: Change) -> dict[str, Any]:
        """Return a copy in which each instant is what `change` makes of it; null, and what has another shape, stays."""
        copy = dict(record)
        for name in self.own:
            value = copy.get(name)
            if value is not None:
                copy[name] = change(name, value)
        for name, instants in self.within:
            if name in copy:
                copy[name] = instants.changed_in(copy[name], change)
        return copy

    def changed_in(self, value: Any, change: Change) -> Any:
        """Return a record or a list of records, changed; anything else as it is."""
        if isinstance(value, Mapping):
            return self.changed(value, change)
        if isinstance(value, list | tuple):
            return [self.changed_in(item, change) for item in value]
        return value


def instants_of(definition: Node) -> Instants:
    """Find the instants of a record schema; records are defined where they are used."""
    own: list[str] = []
    within: list[tuple[str, Instants]] = []
    for field in definition["fields"]:
        for part in _parts(field["type"]):
            if part.get("logicalType") == "timestamp-micros":
                own.append(field["name"])
            elif part["type"] == "record":
                inner = instants_of(part)
                if inner.own or inner.within:
                    within.append((field["name"], inner))
    return Instants(tuple(own), tuple(within))


def _parts(node: Node) -> Iterator[dict[str, Any]]:
    """Yield the definitions that a field's values may have: branches of a union, items of an array."""
    if isinstance(node, list):
        for branch in node:
            yield from _parts(branch)
    elif isinstance(node, dict):
        if node["type"] == "array":
            yield from _parts(node["items"])
        else:
            yield node
