"""Choices in counting MRR on which good products disagree: one record for each policy, side by side."""

from typing import Literal, get_args

import msgspec

DAY = 86_400_000_000
PREFIX = "mrr_policy."
KEEP = "keep"
MAX_DAYS = 3_650

Churn = Literal["request", "effective", "period_end"]
Discounts = Literal["recurring", "forever", "all", "none"]
Kept = Literal["keep", "drop"]
Pause = Literal["zero", "keep"]
RateOf = Literal["period", "purchase"]


class Choices(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The choices of one policy.

    `churn`: when an end counts: at the request, when the billing system ends it, or with the service that was paid for.
    `discounts`: which are taken off: those that recur (for ever or for a time), only those for ever, all, none.
    `past_due`: days after which an unpaid subscription has churned, -1 for never. `unpaid`: whether one that its source
    gave up is dropped at once. `pause`: whether a paused one has revenue. `rate_of`: whose day's exchange rate counts,
    the service period's first or that of the purchase.
    """

    churn: Churn = "period_end"
    discounts: Discounts = "recurring"
    past_due: int = 30
    unpaid: Kept = "drop"
    pause: Pause = "zero"
    rate_of: RateOf = "period"


SHIPPED: dict[str, Choices] = {
    "cxledger": Choices(),
    "stripe": Choices(churn="request", discounts="forever", past_due=-1, pause="keep"),
    "chartmogul": Choices(churn="effective", past_due=-1, unpaid="keep", pause="keep"),
    "profitwell": Choices(discounts="all", unpaid="keep", rate_of="purchase"),
}
"""The policies by name. Where a product's choice is not published, it is that of cxledger."""
PROFILES = tuple(SHIPPED)

_WORDS: dict[str, tuple[str, ...]] = {
    "churn": get_args(Churn),
    "discounts": get_args(Discounts),
    "unpaid": get_args(Kept),
    "pause": get_args(Pause),
    "rate_of": get_args(RateOf),
}


class MrrPolicy(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One version of one policy; `valid_from` in microseconds, `version` as its author named it."""

    profile: str
    valid_from: int
    version: str
    choices: Choices


def profile_of(policy: str) -> str | None:
    """Name of the profile that a policy's name means, None for another policy. Raises ValueError for an unknown one."""
    if not policy.startswith(PREFIX):
        return None
    name = policy.removeprefix(PREFIX)
    if name not in SHIPPED:
        raise ValueError(f"there is no MRR policy {name[:64]!r}, only {', '.join(PROFILES)}")
    return name


def parse(profile: str, text: str) -> Choices:
    """Read choices such as ``churn=effective past_due=keep``; what is not named is as shipped. Raises ValueError."""
    named: dict[str, str | int] = {}
    for word in text.split():
        name, _, value = word.partition("=")
        if name in named:
            raise ValueError(f"{name[:32]!r} stands twice")
        named[name] = _days(value) if name == "past_due" else _word(name, value)
    return msgspec.structs.replace(SHIPPED[profile], **named)


def _word(name: str, value: str) -> str:
    if name not in _WORDS:
        raise ValueError(f"{name[:32]!r} is no choice: give {', '.join((*_WORDS, 'past_due'))}")
    if value not in _WORDS[name]:
        raise ValueError(f"{name} is one of {', '.join(_WORDS[name])}")
    return value


def _days(value: str) -> int:
    if value == KEEP:
        return -1
    if not (value.isascii() and value.isdigit() and int(value) <= MAX_DAYS):
        raise ValueError(f"past_due is {KEEP} or 0 to {MAX_DAYS} days")
    return int(value)
