"""Parts of every admission rule: the form of a refusal, the bounds of ids, lists and times."""

from collections.abc import Sequence

Refusal = tuple[str, str]
"""(reason code, what exactly is wrong)"""

AHEAD = 24 * 3_600_000_000
EARLIEST = 946_684_800_000_000
LATEST = 7_258_118_400_000_000
"""The years 2000 and 2200: other times are a unit mistaken, and further ones leave what the tables can hold."""
NEVER = 2**63 - 1
"""A moment that does not come."""
MAX_ID = 256
MAX_ITEMS = 1_000
MAX_ALL_ITEMS = 10_000
"""Of one list, and of all lists of an event together."""


def unfit_id(name: str, value: str | None) -> Refusal | None:
    """Return why a value is no id, None where it is one or is absent."""
    if value is None or (0 < len(value) <= MAX_ID and value.isprintable()):
        return None
    return "invalid_field", f"{name} must be 1 to {MAX_ID} printable characters"


def unprintable(**texts: str | None) -> Refusal | None:
    """Return why a text is no name to be shown: it holds what acts on a terminal, or turns the direction of writing."""
    for name, text in texts.items():
        if text is not None and not text.isprintable():
            return "invalid_field", f"{name} must be printable characters"
    return None


def unfit_moment(name: str, at: int | None) -> Refusal | None:
    """Return why a value is no time in microseconds, None where it is one or is absent."""
    if at is None or EARLIEST <= at <= LATEST:
        return None
    if at < EARLIEST:
        return "occurred_too_early", f"{name} is before the year 2000"
    return "invalid_field", f"{name} is after the year 2200"


def repeated(what: str, ids: Sequence[str]) -> Refusal | None:
    """Return why a list cannot be taken: it names something twice or is too long."""
    if len(set(ids)) == len(ids) <= MAX_ITEMS:
        return None
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            return "repeated_item", f"{what} name {each[:64]!r} twice"
        seen.add(each)
        if len(seen) > MAX_ITEMS:
            return "too_many_items", f"more than {MAX_ITEMS} {what}"
    return None
