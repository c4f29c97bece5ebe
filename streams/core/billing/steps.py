"""Recurring revenue of a subscription in steps over time, by one policy."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from streams.core.billing.choices import DAY, Choices, MrrPolicy
from streams.core.billing.mrr import Line, counts, line
from streams.core.billing.subscription import Phase

PAYMENT_FAILURE = "PAYMENT_FAILURE"


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Revenue from `at` on, by item; none where `lines` is empty, for `reason` or because it is paused.

    `rate_at` is the day whose exchange rate counts. `event_id` names the event that brought the step about.
    """

    at: int
    lines: tuple[Line, ...]
    currency: str
    rate_at: int
    is_paused: bool
    reason: str
    event_id: str
    is_correction: bool
    ingested_at: int
    policy_version: str

    @property
    def total(self) -> int:
        return sum(each.mrr for each in self.lines)

    def says(self) -> tuple[Any, ...]:
        """Return what a step says, without who said it: a step that says what the one before said is none."""
        return (self.lines, self.currency, self.rate_at) if self.lines else (self.is_paused,)


NOTHING = Step(0, (), "", 0, False, "", "", False, 0, "")
"""The step in force before the first one."""


def is_plain(phase: Phase) -> bool:
    """Return whether no policy has a choice: paid for, no end asked for, nothing taken off, bought with its period."""
    full = phase.full
    return (
        full is not None
        and phase.status == "ACTIVE"
        and not phase.ended
        and phase.requested_at is None
        and full.period_start == phase.purchased_at
        and not any(item.discounts for item in full.items)
    )


def steps_in(phase: Phase, until: int | None, versions: Sequence[MrrPolicy], before: Step) -> Iterator[Step]:
    """Yield the steps of a phase that lasts until a moment, by one policy; `before` is the step in force before it.

    A version of the policy holds by the time at which a phase begins.
    """
    policy, said = in_force(versions, phase.at), before.says()
    for at in _moments(phase, policy.choices, until):
        step = _step(phase, policy, at)
        if step.says() != said:
            said = step.says()
            yield step


def in_force(versions: Sequence[MrrPolicy], at: int) -> MrrPolicy:
    """The version that holds at a time (microseconds); the first one also before it begins."""
    held = versions[0]
    for version in versions[1:]:
        if version.valid_from > at:
            break
        held = version
    return held


def _moments(phase: Phase, choices: Choices, until: int | None) -> Sequence[int]:
    """Return when revenue may change within a phase: at its start, and where something agreed comes to an end."""
    found = [at for at in _ends(phase, choices) if phase.at < at and (until is None or at < until)]
    return sorted({phase.at, *found}) if found else (phase.at,)


def _ends(phase: Phase, choices: Choices) -> Iterator[int]:
    if phase.full is None:
        return
    for item in phase.full.items:
        for discount in item.discounts:
            yield phase.full.period_end if discount.ends_at is None else discount.ends_at
    if phase.due_since is not None and choices.past_due >= 0:
        yield phase.due_since + choices.past_due * DAY
    if phase.ended:
        yield phase.service_end


def _step(phase: Phase, policy: MrrPolicy, at: int) -> Step:
    choices, full, cause = policy.choices, phase.full, phase.cause
    lost = _lost(phase, choices, at)
    lines = () if lost is not None or full is None else _lines(phase, choices.discounts, at)
    rate_at = 0
    if full is not None:
        rate_at = full.period_start if choices.rate_of == "period" else phase.purchased_at
    return Step(
        at,
        lines,
        "" if full is None else full.currency,
        rate_at,
        lost == "",
        lost or "",
        cause.event_id,
        cause.is_correction,
        cause.ingested_at,
        policy.version,
    )


def _lost(phase: Phase, choices: Choices, at: int) -> str | None:
    """Return why there is no revenue at a moment: the reason of an end, empty for a pause; None where there is."""
    if phase.ended and (choices.churn != "period_end" or at >= phase.service_end):
        return phase.reason or "UNKNOWN"
    if choices.churn == "request" and phase.requested_at is not None:
        return phase.reason or "UNKNOWN"
    if phase.on_trial:
        return "OTHER"
    match phase.status:
        case "ACTIVE":
            return None
        case "PAUSED":
            return "" if choices.pause == "zero" else None
        case "PAST_DUE" | "UNPAID":
            assert phase.due_since is not None
            dropped = phase.status == "UNPAID" and choices.unpaid == "drop"
            late = choices.past_due >= 0 and at >= phase.due_since + choices.past_due * DAY
            return PAYMENT_FAILURE if dropped or late else None
        case _:
            return "OTHER"


def _lines(phase: Phase, discounts: str, at: int) -> tuple[Line, ...]:
    full = phase.full
    assert full is not None
    lines = []
    for item in full.items:
        taken = tuple(counts(each, discounts, at, full.period_end) for each in item.discounts)
        if (one := line(item, full.exponent, taken)) is not None:
            lines.append(one)
    return tuple(lines)
