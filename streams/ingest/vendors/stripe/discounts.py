"""Discounts: percentages and amounts off, of the whole subscription or of one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.ingest.vendors.fields import Fields
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.stripe.money import micros

if TYPE_CHECKING:
    from collections.abc import Sequence

_DURATIONS = {"forever": "FOREVER", "repeating": "REPEATING", "once": "ONCE"}
_HUNDREDTHS = 100


def discounts_of(
    thing: Fields, rows: Sequence[Fields], items: Sequence[dict[str, Any]], scale: int
) -> list[list[dict[str, Any]]]:
    """Return the discounts of each item. An amount off the whole is shared among items by what each charges.

    `scale` is by how much finer the items' amounts are than minor units. What an event names by id alone is left out;
    `unread` says that there is such a discount.
    """
    found: list[list[dict[str, Any]]] = [
        [_told(each, each.maybe_whole("coupon.amount_off"), scale) for each in _whole(row)] for row in rows
    ]
    charges = [0 if item["is_metered"] else item["quantity"] * item["unit_amount"] for item in items]
    for each in _whole(thing):
        off = each.maybe_whole("coupon.amount_off")
        parts = [None] * len(items) if off is None else _shared(off, charges)
        for own, part in zip(found, parts, strict=True):
            if off is None or part:
                own.append(_told(each, part, scale))
    return found


def unread(thing: Fields) -> bool:
    """Return whether a discount is named by its id alone, as in versions since 2024: what it takes off is not known."""
    return any(_names(row) - {each.maybe_text("id") for each in _whole(row)} for row in _rows(thing))


def _rows(thing: Fields) -> list[Fields]:
    return [thing, *thing.parts("items.data")]


def _given(row: Fields) -> list[Any]:
    return [each for each in (row.plain().get("discount"), *row.values("discounts")) if each is not None]


def _names(row: Fields) -> set[Any]:
    """Return the ids of all discounts that are named; those made before 2020 have none."""
    return {each if isinstance(each, str) else each.get("id") for each in _given(row) if isinstance(each, str | dict)}


def _whole(row: Fields) -> list[Fields]:
    """Return the discounts that are there with their coupons, each once."""
    found = [Fields(each, "discount") for each in _given(row) if isinstance(each, dict)]
    by_id = {each.maybe_text("id"): each for each in found if "coupon.duration" in each}
    return list(by_id.values())


def _told(discount: Fields, off: int | None, scale: int) -> dict[str, Any]:
    duration = _DURATIONS.get(discount.text("coupon.duration"), "UNKNOWN")
    ends_at = micros(discount.maybe_whole("end"))
    if off is not None:
        return {"kind": "AMOUNT", "value": off * scale, "duration": duration, "ends_at": ends_at}
    percent = discount.maybe_number("coupon.percent_off")
    if percent is None:
        raise NotUnderstoodError("missing_field", "a coupon has neither percent_off nor amount_off")
    return {"kind": "PERCENT", "value": round(percent * _HUNDREDTHS), "duration": duration, "ends_at": ends_at}


def _shared(off: int, charges: Sequence[int]) -> list[int]:
    """Share an amount by weights, to the last unit; the first item has all of it where nothing is charged."""
    whole = sum(charges)
    if whole <= 0:
        return [off, *[0] * (len(charges) - 1)]
    parts = [off * charge // whole for charge in charges]
    rest = off - sum(parts)
    order = sorted(range(len(charges)), key=lambda at: (-(off * charges[at] % whole), at))
    for at in order[:rest]:
        parts[at] += 1
    return parts
