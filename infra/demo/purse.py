"""Invoice an account and let it pay: by card with attempts that fail, or on terms, late, in parts, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, HOUR, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.deals import Deal
    from infra.demo.world import Account

HORIZON = START + 170 * DAY
"""Nothing of the demonstration happens later: what would be paid after it stays open."""
_TRIES = (HOUR, 3 * DAY, 7 * DAY)
_TAX_PARTS = 5

Line = tuple[dict[str, Any], int]
"""An item and what it costs this time, in minor units without tax."""


class Purse(Voice):
    """Tells the money of one account."""

    def __init__(self, account: Account, deal: Deal, seed: int) -> None:
        super().__init__(account, seed, "/billing")
        self.deal = deal

    @property
    def money(self) -> dict[str, Any]:
        return {"currency": self.deal.currency, "exponent": self.deal.exponent}

    def billed(
        self, lines: list[Line], at: int, subscription: str, reason: str, *, hopeless: bool = False
    ) -> Iterator[Told]:
        """Yield an invoice and what comes of it; where it is hopeless, every attempt fails and it is written off."""
        invoice, told = self.name("invoice"), []
        for number, (item, charge) in enumerate(lines):
            tax = charge // _TAX_PARTS
            told.append({
                "line_id": f"line-{number}", "subscription_id": subscription, "item_id": item["item_id"],
                "amount": charge + tax, "tax": tax, "kind": "SUBSCRIPTION", "project_id": f"{self.account.id}-project",
            })  # fmt: skip
        total = sum(line["amount"] for line in told)
        yield self._issued(invoice, total, at, reason, told)
        if not self.deal.by_card:
            yield from self._on_terms(invoice, total, at)
        elif hopeless:
            yield from self._given_up(invoice, total, at)
        else:
            yield from self._by_card(invoice, total, at)

    def mistaken(self, at: int) -> Iterator[Told]:
        """Yield an invoice that should not have been, and its end the next day."""
        invoice = self.name("invoice")
        yield self._issued(invoice, 99_900, at, "MANUAL", [])
        yield self.event("invoice_voided", at + DAY, invoice_id=invoice, reason="wrong customer", actor="AGENT")

    def _issued(self, invoice: str, total: int, at: int, reason: str, lines: list[dict[str, Any]]) -> Told:
        terms = 0 if self.deal.by_card else 30 * DAY
        method = "CHARGE_AUTOMATICALLY" if self.deal.by_card else "SEND_INVOICE"
        return self.event(
            "invoice_issued", at, invoice_id=invoice, issued_at=at, due_at=at + terms, total=total, lines=lines,
            collection_method=method, billing_reason=reason, **self.money,
        )  # fmt: skip

    def _failed(self, invoice: str, amount: int, at: int, attempt: int) -> Told:
        return self.event(
            "invoice_payment_failed", at, invoice_id=invoice, attempt_no=attempt, amount=amount,
            failure_code="insufficient_funds", failure_kind="SOFT", **self.money,
        )  # fmt: skip

    def _paid(self, invoice: str, amount: int, at: int, **more: Any) -> Iterator[Told]:
        if at < HORIZON:
            yield self.event("invoice_paid", at, invoice_id=invoice, amount=amount, paid_at=at, **self.money, **more)

    def _given_up(self, invoice: str, total: int, at: int) -> Iterator[Told]:
        for number, wait in enumerate(_TRIES, start=1):
            yield self._failed(invoice, total, at + wait, number)
        yield self.event("dunning_ended", at + 14 * DAY, invoice_id=invoice, outcome="EXHAUSTED")
        yield self.event("invoice_written_off", at + 15 * DAY, invoice_id=invoice, reason="uncollectible")

    def _by_card(self, invoice: str, total: int, at: int) -> Iterator[Told]:
        tries = self.chance.choice((1, 1, 1, 1, 2, 3))
        for number in range(1, tries):
            yield self._failed(invoice, total, at + _TRIES[number - 1], number)
        payment, paid_at = self.name("payment"), at + _TRIES[tries - 1]
        yield from self._paid(invoice, total, paid_at, payment_id=payment, method="card", attempt_no=tries)
        if self.often(0.3):
            yield from self._refunded(invoice, payment, total // 2, paid_at)
        elif self.often(0.2):
            yield from self._charged_back(invoice, payment, total, paid_at)

    def _refunded(self, invoice: str, payment: str, amount: int, paid_at: int) -> Iterator[Told]:
        refund, asked = self.name("refund"), paid_at + 2 * DAY
        yield self.event(
            "payment_refunded", asked + 2 * DAY, refund_id=refund, payment_id=payment, invoice_id=invoice,
            amount=amount, refunded_at=asked + 2 * DAY, requested_at=asked, reason="by_customer", **self.money,
        )  # fmt: skip
        if self.often(0.3):
            yield self.event("refund_failed", asked + 4 * DAY, refund_id=refund, failure_code="account_closed")

    def _charged_back(self, invoice: str, payment: str, amount: int, paid_at: int) -> Iterator[Told]:
        dispute = self.name("dispute")
        yield self.event(
            "dispute_opened", paid_at + 3 * DAY, dispute_id=dispute, invoice_id=invoice, payment_id=payment,
            amount=amount, fee=1_500, reason="fraudulent", **self.money,
        )  # fmt: skip
        outcome = self.chance.choice(("WON", "LOST"))
        yield self.event("dispute_closed", paid_at + 20 * DAY, dispute_id=dispute, outcome=outcome)

    def _on_terms(self, invoice: str, total: int, at: int) -> Iterator[Told]:
        yield self.event("act_signed", at + 2 * DAY, act_id=self.name("act"), invoice_id=invoice, amount=total,
                         signed_at=at + 2 * DAY, actor="CUSTOMER", **self.money)  # fmt: skip
        owed = total
        if self.often(0.3):
            owed -= total // 10
            yield self.event("credit_note_issued", at + 7 * DAY, credit_note_id=self.name("credit"), invoice_id=invoice,
                             amount=total // 10, reason="hours not agreed", **self.money)  # fmt: skip
        if self.often(0.3):
            yield self.event("due_date_changed", at + 10 * DAY, invoice_id=invoice, due_at=at + 45 * DAY,
                             old_due_at=at + 30 * DAY, actor="AGENT")  # fmt: skip
        if self.often(0.3):
            dispute = self.name("dispute")
            yield self.event("dispute_opened", at + 5 * DAY, dispute_id=dispute, invoice_id=invoice, amount=total,
                             reason="hours not agreed", actor="CUSTOMER", **self.money)  # fmt: skip
            yield self.event("dispute_closed", at + 12 * DAY, dispute_id=dispute, outcome="WITHDRAWN")
        paid_at = at + self.chance.choice((12, 28, 40, 58)) * DAY
        first = owed // 2 if self.often(0.4) else owed
        yield from self._transferred(invoice, first, paid_at)
        if first < owed:
            yield from self._transferred(invoice, owed - first, paid_at + 9 * DAY)

    def _transferred(self, invoice: str, amount: int, at: int) -> Iterator[Told]:
        payment = self.name("payment")
        yield from self._paid(invoice, amount, at, payment_id=payment, method="bank_transfer", actor="CUSTOMER")
