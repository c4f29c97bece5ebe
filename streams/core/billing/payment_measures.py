"""What a payment adds to the sums behind metrics: the parts that invoices have of it, and the rest that waits.

When a payment of a known whole came in, and what of it is left, follows from all that tell of it. No invoice knows that
alone, so the measures are those of the roll-up. They say the same as the views `whole_payment` and `captured_payment`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from streams.core.billing.payment import Claim, Claims
from streams.core.changes import ONE, WHOLE, Key, Measure, Measures

Told = Sequence[tuple[str, Claim]]
"""Claims with the invoice that makes each; a receipt's has none."""
_MOST = 2**63 - 1


def payment_measures(_payment_id: str, parts: Mapping[str, Claims]) -> Measures:
    """Return what came in by currency, part by part and as a whole; the item of a rest is the currency and a slash."""
    groups: defaultdict[str, list[tuple[str, Claim]]] = defaultdict(list)
    given_back: defaultdict[str, int] = defaultdict(int)
    for member, claims in parts.items():
        for claim in claims:
            if claim.is_test:
                continue
            if claim.said_by == "refund":
                given_back[claim.currency] += claim.part
            else:
                groups[claim.currency].append((member[1:] if claim.said_by == "invoice" else "", claim))
    found: dict[Key, Measure] = {}
    for currency, told in groups.items():
        found.update(_came(currency, told, is_refunded=given_back[currency] > 0))
    return found


def _came(currency: str, told: Told, *, is_refunded: bool) -> Iterator[tuple[Key, Measure]]:
    """A payment of a known whole came in once; without one, each part came by itself."""
    receipts = [claim for _, claim in told if claim.said_by == "receipt"]
    whole = receipts[0].whole if receipts else max(claim.whole for _, claim in told)
    came_at = min(claim.received_at for claim in receipts or [claim for _, claim in told])
    used = 0
    for invoice_id, claim in told:
        if claim.said_by == "invoice":
            used += claim.part
            at = came_at if whole else claim.received_at
            yield ("collections", f"{currency}/{invoice_id}", at, ""), (claim.part, ONE, claim.part / ONE)
    if whole > used:
        yield ("collections", f"{currency}/", came_at, ""), (whole - used, ONE, (whole - used) / ONE)
    if whole:
        source = min((claim.received_at, claim.source) for _, claim in told)[1]
        yield (WHOLE, f"{currency}/{whole}/{source}", came_at, ""), (used, ONE, used / ONE)
    captured = min(max(whole, used), _MOST)
    yield ("refund_rate", currency, came_at, ""), (0, captured, captured / ONE)
    yield ("chargeback_rate", currency, came_at, ""), (0, ONE, 1.0)
    yield ("refund_rate_cohort", currency, came_at, ""), (ONE * is_refunded, ONE, float(is_refunded))
