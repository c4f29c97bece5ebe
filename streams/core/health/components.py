"""Read each signal of a model from a picture on a day: a number, since when, and how long it stays so.

Each function answers (raw, since, until, grows). `raw` is None without data: nothing is assumed of what nobody spoke
of. `since` is the day that an age counts from. Through the day `until` the number stays as it is, but for one that
`grows` by one a day. Days are UTC days since 1970; a window of 30 days has this day and the 29 before it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from streams.core.health.facts import DAY
from streams.core.health.model import NO_END
from streams.core.health.picture import EVIDENCE, Picture, Series, Statement, evidence, stated

Answer = tuple[float | None, int, int, bool]
NO_DATA: Answer = (None, 0, NO_END, False)
MONTH = 30
BASE = 90
LEAST_BASE = 3
"""Tickets of the 90 days that a contact rate is held against; fewer say nothing."""
_BILLING = ("receivable", "mrr", "payments_failing", "payment_failed", "cancels_scheduled")
_SUPPORT = ("tickets_open", "ticket_opened", "escalations_open")


def _heard(picture: Picture, names: tuple[str, ...]) -> bool:
    heard = picture.heard
    return any(name in heard for name in names)


def _series(picture: Picture, name: str) -> Series | None:
    return picture.happened.get(name, {}).get("")


def _steady(series: Series, day: int, *edges: int) -> int:
    """Return the last day through which no day of a series passes one of the edges, in days before today."""
    days, found = series.days, NO_END
    for edge in edges:
        place = bisect_right(days, day - edge)
        if place < len(days):
            found = min(found, days[place] + edge - 1)
    return found


def _mean_score(picture: Picture, name: str) -> Answer:
    series = _series(picture, name)
    if series is None:
        return NO_DATA
    newest = series.days[-1]
    number, total = series.between(newest - MONTH + 1, newest)
    return (total / number, newest, NO_END, False) if number > 0 else NO_DATA


def _nps(picture: Picture, _day: int, _at: int) -> Answer:
    return _mean_score(picture, "nps_answer")


def _csat(picture: Picture, _day: int, _at: int) -> Answer:
    return _mean_score(picture, "csat_answer")


def _sla_breach_share(picture: Picture, day: int, _at: int) -> Answer:
    counts, until = [0, 0], NO_END
    for place, name in enumerate(("sla_breached", "sla_kept")):
        series = _series(picture, name)
        if series is not None:
            counts[place] = series.between(day - MONTH + 1, day)[0]
            until = min(until, _steady(series, day, 0, MONTH))
    breached, every = counts[0], sum(counts)
    return (100 * breached / every if every > 0 else None), 0, until, False


def _escalations_open(picture: Picture, _day: int, _at: int) -> Answer:
    cells = picture.levels.get("escalations_open", {}).get("")
    if cells is None:
        return (0, 0, NO_END, False) if _heard(picture, _SUPPORT) else NO_DATA
    return cells.total(), 0, NO_END, False


def _oldest_ticket_days(picture: Picture, day: int, _at: int) -> Answer:
    cells = picture.levels.get("tickets_open", {}).get("")
    if cells is None:
        return (0, 0, NO_END, False) if _heard(picture, _SUPPORT) else NO_DATA
    return max(0, day - cells.days[0]), 0, NO_END, True


def _contact_rate(picture: Picture, day: int, _at: int) -> Answer:
    series = _series(picture, "ticket_opened")
    if series is None:
        return NO_DATA
    base = series.between(day - MONTH - BASE + 1, day - MONTH)[0]
    until = _steady(series, day, 0, MONTH, MONTH + BASE)
    if base < LEAST_BASE:
        return None, 0, until, False
    recent = series.between(day - MONTH + 1, day)[0]
    return 100 * recent * (BASE // MONTH) / base, 0, until, False


def _overdue_share(picture: Picture, day: int, _at: int) -> Answer:
    worst, until = 0.0, NO_END
    for cells in picture.levels.get("receivable", {}).values():
        every, place = cells.total(), bisect_left(cells.days, day)
        if every > 0:
            first = bisect_left(cells.days, 1)  # what has no due day is never overdue
            worst = max(worst, min(100.0, 100 * cells.total(first, place) / every))
        if place < len(cells.days):
            until = min(until, cells.days[place])
    return (worst, 0, until, False) if _heard(picture, _BILLING) else NO_DATA


def _level_of(name: str) -> Callable[[Picture, int, int], Answer]:
    def read(picture: Picture, _day: int, _at: int) -> Answer:
        by_unit = picture.levels.get(name)
        if by_unit is None:
            return (0, 0, NO_END, False) if _heard(picture, _BILLING) else NO_DATA
        return sum(cells.total() for cells in by_unit.values()), 0, NO_END, False

    return read


def _mrr_trend(picture: Picture, day: int, _at: int) -> Answer:
    changes: list[float] = []
    gone, has_begun, until = False, False, NO_END
    history, levels = picture.happened.get("mrr", {}), picture.levels.get("mrr", {})
    for unit in {**levels, **history}:
        cells, series = levels.get(unit), history.get(unit)
        now = 0 if cells is None else cells.total()
        moved = 0
        if series is not None:
            moved = series.between(day - BASE + 1, day)[0]
            until = min(until, _steady(series, day, 0, BASE))
        before = now - moved
        if before > 0 and now:
            changes.append(100 * moved / before)
        gone, has_begun = gone or (before > 0 and not now), has_begun or (before <= 0 < now)
    # Where one currency ends and another begins, nobody knows here what the one is worth in the other.
    if gone and not has_begun:
        changes.append(-100.0)
    return min(changes, default=None), 0, until, False


def _touch_days(picture: Picture, day: int, _at: int) -> Answer:
    series = _series(picture, "touch")
    if series is None:
        return NO_DATA
    return max(0, day - series.days[-1]), 0, NO_END, True


def _sentiment(picture: Picture, _day: int, at: int) -> Answer:
    said = stated(picture, "sentiment", at)
    if said is None or not isinstance(said.value, int) or _is_handed_over(picture, said, at):
        return NO_DATA
    return said.value, said.at // DAY, NO_END, False


def _is_handed_over(picture: Picture, judgement: Statement, at: int) -> bool:
    """Return whether the account got another owner, or lost its own, since a judgement; not by the one who judged."""
    owners = picture.statements.get("owner", {}).get("", ())
    moments = {moment for owner in owners for moment in (owner.at, owner.until) if judgement.at < moment <= at}
    if not moments:
        return False
    judges = picture.statements.get("sentiment_by", {}).get("", ())
    judge = next((each.value for each in judges if each.at == judgement.at and each.event_id == judgement.event_id), "")
    before = _owner(owners, judgement.at)
    for moment in sorted(moments):
        owner = _owner(owners, moment)
        if owner not in (before, judge):
            return True
        before = owner
    return False


def _owner(owners: Sequence[Statement], at: int) -> int | str | None:
    held = (each.value for each in reversed(owners) if each.at <= at and not 0 < each.until <= at)
    return next(held, None) or ""


def _onboarding_days_late(picture: Picture, day: int, _at: int) -> Answer:
    cells = picture.levels.get("milestones_open", {}).get("")
    if cells is None:
        return NO_DATA
    planned = cells.days[0]
    return (day - planned, 0, NO_END, True) if day > planned else (0, 0, planned, False)


def _usage_share(picture: Picture, _day: int, at: int) -> Answer:
    least: float | None = None
    for meter in picture.statements.get("used", ()):
        used, most = stated(picture, "used", at, meter), stated(picture, "limit", at, meter)
        if used is not None and most is not None and isinstance(used.value, int) and isinstance(most.value, int):
            share = 100 * used.value / most.value if most.value > 0 else None
            least = share if least is None or (share is not None and share < least) else least
    return least, 0, NO_END, False


def _usage_change(picture: Picture, day: int, _at: int) -> Answer:
    worst: float | None = None
    until = NO_END
    for series in picture.happened.get("usage", {}).values():
        recent = _mean_of_days(series, day - MONTH + 1, day)
        before = _mean_of_days(series, day - 2 * MONTH + 1, day - MONTH)
        until = min(until, _steady(series, day, 0, MONTH, 2 * MONTH))
        if recent is not None and before:
            change = 100 * (recent - before) / before
            worst = change if worst is None else min(worst, change)
    return worst, 0, until, False


def _mean_of_days(series: Series, first: int, last: int) -> float | None:
    """Return the mean of the means of days, so that a meter that reports more often weighs no more."""
    begin, end = bisect_left(series.days, first), bisect_right(series.days, last)
    days = [
        int(total) / int(number)
        for number, total in zip(series.numbers[begin:end], series.totals[begin:end], strict=True)
        if int(number) > 0
    ]
    return sum(days) / len(days) if days else None


READ: dict[str, Callable[[Picture, int, int], Answer]] = {
    "nps": _nps,
    "csat": _csat,
    "sla_breach_share": _sla_breach_share,
    "escalations_open": _escalations_open,
    "oldest_ticket_days": _oldest_ticket_days,
    "contact_rate": _contact_rate,
    "overdue_share": _overdue_share,
    "payments_failing": _level_of("payments_failing"),
    "mrr_trend": _mrr_trend,
    "cancels_scheduled": _level_of("cancels_scheduled"),
    "touch_days": _touch_days,
    "sentiment": _sentiment,
    "onboarding_days_late": _onboarding_days_late,
    "usage_share": _usage_share,
    "usage_change": _usage_change,
}
HEARD_BY: dict[str, tuple[str, ...]] = {
    "nps": ("nps_answer",),
    "csat": ("csat_answer",),
    "sla_breach_share": ("sla_breached", "sla_kept"),
    "escalations_open": _SUPPORT,
    "oldest_ticket_days": _SUPPORT,
    "contact_rate": ("ticket_opened",),
    "overdue_share": _BILLING,
    "payments_failing": _BILLING,
    "mrr_trend": ("mrr",),
    "cancels_scheduled": _BILLING,
    "touch_days": ("touch",),
    "sentiment": ("sentiment", "sentiment_by", "owner"),
    "onboarding_days_late": ("milestones_open",),
    "usage_share": ("used", "limit"),
    "usage_change": ("usage",),
}
"""Names of the facts that each signal is read from; no others change it."""
SIGNALS_OF: dict[str, tuple[str, ...]] = {
    name: tuple(signal for signal, names in HEARD_BY.items() if name in names)
    for name in {name for names in HEARD_BY.values() for name in names}
}
TIMED = ("sentiment",)
"""Signals that a statement with an expiry may change within a day, each named as that which it cannot do without."""


def read(picture: Picture, signal: str, day: int, at: int) -> Answer:
    """Return what a signal says; what was read before is kept with the picture as long as it stays."""
    kept: dict[str, tuple[int, Answer]] = picture.__dict__.setdefault("answers", {})
    known = kept.get(signal)
    if known is not None:
        when, answer = known
        if when == day or when < day <= answer[2]:
            raw, since, until, grows = answer
            return (raw + day - when, since, until, True) if grows and raw is not None and when != day else answer
    answer = READ[signal](picture, day, at)
    if signal not in TIMED:
        kept[signal] = day, answer
    return answer


_HAPPENED = {
    "nps": ("nps_answer",),
    "csat": ("csat_answer",),
    "sla_breach_share": ("sla_breached", "sla_kept"),
    "contact_rate": ("ticket_opened",),
    "touch_days": ("touch",),
    "usage_change": ("usage",),
}
_LEVELS = {
    "escalations_open": "escalations_open",
    "oldest_ticket_days": "tickets_open",
    "overdue_share": "receivable",
    "payments_failing": "payments_failing",
    "mrr_trend": "mrr",
    "cancels_scheduled": "cancels_scheduled",
    "onboarding_days_late": "milestones_open",
}
_STATED = {"sentiment": "sentiment", "usage_share": "used"}


def evidence_of(picture: Picture, signal: str) -> tuple[str, ...]:
    """Return the few events that a signal rests on most: the newest that happened, the oldest that are still open."""
    if signal in _HAPPENED:
        return evidence(picture, *_HAPPENED[signal])
    if signal in _LEVELS:
        every = picture.levels.get(_LEVELS[signal], {}).values()
        return tuple(event for cells in every for event in cells.events[:EVIDENCE])[:EVIDENCE]
    said = picture.statements.get(_STATED[signal], {}).values()
    return tuple(each[-1].event_id for each in said)[:EVIDENCE]
