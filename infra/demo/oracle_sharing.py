"""Count what managers of the demonstration are credited with by share, in plain Python from what was sent."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from infra.demo.company import Figure
from infra.demo.figures_billing import in_dollars, month_of
from infra.demo.oracle_billing import standing, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields

_ALL = 10_000
_MICROS = 1_000_000


def shares(company: Company) -> Callable[[int, str], dict[str, Fraction]]:
    """Return what tells who has which part of an account at a time."""
    assigned: dict[str, list[Fields]] = defaultdict(list)
    for fields in company.of("manager_assigned"):
        assigned[fields["account_id"]].append(fields)

    def held(at: int, account: str) -> dict[str, Fraction]:
        parts: dict[str, Fraction] = defaultdict(Fraction)
        begun = [each for each in assigned[account] if each["valid_from"] <= at]
        lasting = [each for each in begun if each.get("valid_to") is None or at < each["valid_to"]]
        left = _ALL
        for each in sorted(lasting, key=lambda fields: -fields["valid_from"]):
            part = min(each.get("share_bp") or 0, left)
            parts[each["manager_id"]] += Fraction(part, _ALL)
            left -= part
        owner = [each["manager_id"] for each in lasting if each["role"] == "OWNER"]
        parts[owner[-1] if owner else ""] += Fraction(left, _ALL)
        return parts

    return held


def figures(company: Company) -> Iterator[Figure]:
    """Yield movements of revenue and refunds of each month by manager, in the parts that they had then."""
    held, kinds = shares(company), {kind: standing(company.of(kind)) for kind in company.kinds}
    dollars = in_dollars(company.of("fx_rate_set"))
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)

    def add(at: int, account: str, item: str, amount: Fraction) -> None:
        for manager, part in held(at, account).items():
            sums[month_of(at), manager, item] += amount * part

    for step in steps(kinds):
        moved = Fraction(step.mrr - step.before, _MICROS) * dollars[step.currency]
        add(step.at, step.account, f"{step.kind} USD", moved)
    failed = {fields["refund_id"] for fields in kinds.get("refund_failed", [])}
    for fields in kinds.get("payment_refunded", []):
        if fields["refund_id"] not in failed:
            amount = Fraction(fields["amount"], 10 ** fields["exponent"])
            add(fields["refunded_at"], fields["account_id"], f"refunded {fields['currency']}", amount)
    for (month, manager, item), total in sums.items():
        if total:
            yield Figure("credited_flow", "month", month, "manager", manager, item, float(total), float(total), 0)
