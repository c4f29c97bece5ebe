"""Limits of an event's lists, found in its type: a new list is limited without another line."""

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from streams.core.limits import MAX_ALL_ITEMS, MAX_ITEMS, Refusal

Lists = tuple[tuple[str, "Lists"], ...]
"""Names of the fields that are lists, each with those of what it holds."""


def too_many(event: msgspec.Struct) -> Refusal | None:
    """Return why the event cannot be taken: one of its lists, or all of them together, are too long."""
    lists = lists_of(type(event))
    return judged(event, lists)[1] if lists else None


@cache
def lists_of(kind: type) -> Lists:
    """Return the lists of a struct, and those of structs within it."""
    found: list[tuple[str, Lists]] = []
    for name, hint in get_type_hints(kind).items():
        if get_origin(hint) is tuple:
            held = get_args(hint)[0]
            found.append((name, lists_of(held) if _is_struct(held) else ()))
        elif inner := _structs(hint):
            found += [(f"{name}.{path}", lists) for path, lists in lists_of(inner)]
    return tuple(found)


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _structs(hint: Any) -> type | None:
    """Return the struct that a field holds, alone or as the alternative to nothing."""
    return next((each for each in (hint, *get_args(hint)) if _is_struct(each)), None)


def judged(struct: Any, lists: Lists) -> tuple[int, Refusal | None]:
    """Return how many items there are, and the refusal."""
    total = 0
    for path, inner in lists:
        items: Sequence[Any] = _at(struct, path)
        if len(items) > MAX_ITEMS:
            return 0, ("too_many_items", f"more than {MAX_ITEMS} {path}")
        total += len(items)
        if inner:
            for item in items:
                held, refusal = judged(item, inner)
                if refusal is not None:
                    return 0, refusal
                total += held
    if total > MAX_ALL_ITEMS:
        return 0, ("too_many_items", f"more than {MAX_ALL_ITEMS} items in all lists together")
    return total, None


def _at(struct: Any, path: str) -> Sequence[Any]:
    for name in path.split("."):
        struct = getattr(struct, name)
        if struct is None:
            return ()
    found: Sequence[Any] = struct
    return found
