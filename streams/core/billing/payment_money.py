"""The money of a payment: what came in, what invoices used from when on, and what waits."""

from collections.abc import Sequence

import msgspec

from streams.core.billing.credit import LEFT, Move
from streams.core.billing.money import within
from streams.core.billing.payment_entries import Cause, Told, Used


class Money(msgspec.Struct, array_like=True, gc=False):
    """The money of a payment in one currency, between two instants, in micros.

    `whole` came at `came_at`, where it is told, which `is_in` once it has been added. `gained` and `lost` are what
    happened at the instant `at`. `first_told` is when the money came and who says so, as the first of all has it;
    `parts` is what invoices have of it.
    """

    is_test: bool
    currency: str
    whole: int = 0
    is_receipt: bool = False
    came_at: int = 0
    came_by: Cause | None = None
    is_in: bool = False
    had: int = 0
    used: int = 0
    rest: int = 0
    at: int = 0
    gained: Cause | None = None
    lost: Cause | None = None
    first_told: tuple[int, str] | None = None
    parts: int = 0

    def tell(self, told: Told) -> None:
        """Learn of the whole: a receipt tells it, else the largest of what invoices tell, received first of all."""
        first = (told.received_at, told.source)
        self.first_told = first if self.first_told is None else min(self.first_told, first)
        if self.is_receipt:
            return
        if told.is_receipt:
            self.is_receipt, self.whole, self.came_at, self.came_by = True, told.whole, told.received_at, told.cause
            return
        self.whole = max(self.whole, told.whole)
        if self.came_by is None or (told.received_at, told.cause) < (self.came_at, self.came_by):
            self.came_at, self.came_by = told.received_at, told.cause

    def use(self, entry: Used) -> Move | None:
        """Take a part; return what the instant before left to wait."""
        waited = self._until(entry.at)
        self.parts = within(self.parts + entry.came)
        if entry.came and not self.whole:
            self._gain(entry.came, entry.cause)
        if entry.used:
            self.used = within(self.used + entry.used)
            self.lost = entry.cause if self.lost is None else max(self.lost, entry.cause)
        return waited

    def moves(self, entry: Used | None) -> Sequence[Move]:
        """Return what changes up to a part, and let it in; None for the end."""
        found = []
        until = None if entry is None else entry.at
        if self.whole and not self.is_in and (until is None or self.came_at <= until):
            assert self.came_by is not None
            found.append(self._until(self.came_at))
            self._gain(self.whole, self.came_by)
            self.is_in = True
        found.append(self._until(None) if entry is None else self.use(entry))
        return [move for move in found if move is not None]

    def _gain(self, amount: int, cause: Cause) -> None:
        self.had = within(self.had + amount)
        self.gained = cause if self.gained is None else max(self.gained, cause)

    def _until(self, at: int | None) -> Move | None:
        """Leave an instant for another one; return what changed in it. What is used beyond the whole came with it."""
        if self.at == at:
            return None
        left, self.at = self.at, 0 if at is None else at
        before, self.rest = self.rest, max(self.had - self.used, 0)
        cause = self.gained if self.rest > before else self.lost
        self.gained = self.lost = None
        if self.rest == before:
            return None
        assert cause is not None
        name = f"{self.currency}/test" if self.is_test else self.currency
        return Move(
            left, LEFT, "rest", "", f"{left}/{name}", self.is_test, self.currency, self.rest - before, "", "", *cause
        )
