"""Health counted plainly: every moment from the list of all facts, every day looked at. The oracle of the ledgers.

It shares with the code under test the declarations of facts and models alone, and uses fractions in place of scales.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from streams.core.health.facts import DAY, Fact, Happened, Level, Stated
from streams.core.health.model import PART_OF, Component, Variant

EPOCH = date(1970, 1, 1)


class Plain:
    """An account at a moment, from the facts that hold."""

    def __init__(self, facts: Iterable[Fact], at: int) -> None:
        self.facts, self.at, self.day = list(facts), at, at // DAY

    def cells(self, name: str) -> dict[str, dict[int, int]]:
        found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for fact in self.facts:
            if isinstance(fact, Level) and fact.name == name:
                found[fact.unit][fact.day] += fact.number
        return {unit: {day: number for day, number in cells.items() if number} for unit, cells in found.items()}

    def total(self, name: str) -> int:
        return sum(number for cells in self.cells(name).values() for number in cells.values())

    def happened(self, name: str, first: int, last: int) -> tuple[int, int]:
        them = [f for f in self.facts if isinstance(f, Happened) and f.name == name and first <= f.at // DAY <= last]
        return sum(f.number for f in them), sum(f.total for f in them)

    def days(self, name: str) -> list[int]:
        return sorted({f.at // DAY for f in self.facts if isinstance(f, Happened) and f.name == name})

    def heard(self, *names: str) -> bool:
        return any(fact.name in names for fact in self.facts)

    def said(self, name: str, at: int, of: str = "", until: bool = True) -> Stated | None:
        them = [f for f in self.facts if isinstance(f, Stated) and f.name == name and f.of == of and f.at <= at]
        them.sort(key=lambda f: (f.at, f"{f.kind}/{f.member}/{f.place}", f.event_id))
        held = [f for f in them if not (until and 0 < f.until <= at)]
        return held[-1] if held and held[-1].value is not None else None

    def mean(self, name: str) -> tuple[float | None, int]:
        days = self.days(name)
        if not days:
            return None, 0
        number, total = self.happened(name, days[-1] - 29, days[-1])
        return total / number, days[-1]

    def read(self, signal: str) -> tuple[float | None, int]:  # noqa: C901, PLR0911, PLR0912 - a case for each signal
        """Return the number of a signal, and the day that its age counts from."""
        day = self.day
        billing = self.heard("receivable", "mrr", "payments_failing", "payment_failed", "cancels_scheduled")
        support = self.heard("tickets_open", "ticket_opened", "escalations_open")
        match signal:
            case "nps":
                return self.mean("nps_answer")
            case "csat":
                return self.mean("csat_answer")
            case "sla_breach_share":
                bad, good = (self.happened(name, day - 29, day)[0] for name in ("sla_breached", "sla_kept"))
                return (100 * bad / (bad + good) if bad + good else None), 0
            case "escalations_open":
                return (self.total("escalations_open") if support else None), 0
            case "oldest_ticket_days":
                days = [each for cells in self.cells("tickets_open").values() for each in cells]
                return ((day - min(days) if days else 0) if support else None), 0
            case "contact_rate":
                base, now = (
                    self.happened("ticket_opened", day - 119, day - 30),
                    self.happened("ticket_opened", day - 29, day),
                )
                return (100 * now[0] * 3 / base[0] if base[0] >= 3 else None), 0
            case "overdue_share":
                shares = [0.0]
                for cells in self.cells("receivable").values():
                    every, late = sum(cells.values()), sum(n for due, n in cells.items() if 0 < due < day)
                    if every > 0:
                        shares.append(min(100.0, 100 * late / every))
                return (max(shares) if billing else None), 0
            case "payments_failing" | "cancels_scheduled":
                return (self.total(signal) if billing else None), 0
            case "mrr_trend":
                return self.trend(), 0
            case "touch_days":
                days = self.days("touch")
                return (day - days[-1] if days else None), 0
            case "sentiment":
                return self.sentiment()
            case "onboarding_days_late":
                days = [each for cells in self.cells("milestones_open").values() for each in cells]
                return (max(0, day - min(days)) if days else None), 0
            case "usage_share":
                return self.usage_share(), 0
            case "usage_change":
                return self.usage_change(), 0
        raise LookupError(signal)

    def trend(self) -> float | None:
        pays = {}
        for unit in {f.unit for f in self.facts if f.name == "mrr" and isinstance(f, Level)}:
            steps = [f for f in self.facts if isinstance(f, Level) and f.name == "mrr" and f.unit == unit]
            before = sum(f.number for f in steps if f.at // DAY <= self.day - 90)
            pays[unit] = before, sum(f.number for f in steps)
        if any(before <= 0 < now for before, now in pays.values()):  # another currency cannot be compared
            pays = {unit: (before, now) for unit, (before, now) in pays.items() if now}
        return min((100 * (now - before) / before for before, now in pays.values() if before > 0), default=None)

    def owner(self, at: int) -> Any:
        said = self.said("owner", at)
        return said.value if said is not None else ""

    def sentiment(self) -> tuple[float | None, int]:
        said = self.said("sentiment", self.at)
        if said is None or not isinstance(said.value, int):
            return None, 0
        judge = next((f.value for f in self.facts if f.name == "sentiment_by" and f.event_id == said.event_id), "")
        owners = [f for f in self.facts if isinstance(f, Stated) and f.name == "owner"]
        before = self.owner(said.at)
        for moment in sorted({at for f in owners for at in (f.at, f.until) if said.at < at <= self.at}):
            now = self.owner(moment)
            if now not in (before, judge):
                return None, 0
            before = now
        return said.value, said.at // DAY

    def usage_share(self) -> float | None:
        shares = []
        for meter in {f.of for f in self.facts if f.name == "used" and isinstance(f, Stated)}:
            used, most = (self.said(name, self.at, meter) for name in ("used", "limit"))
            if used and most and most.value > 0:  # type: ignore[operator] # both are numbers here
                shares.append(100 * used.value / most.value)  # type: ignore[operator]
        return min(shares, default=None)

    def usage_change(self) -> float | None:
        changes = []
        for meter in {f.unit for f in self.facts if f.name == "usage" and isinstance(f, Happened)}:
            by_day: dict[int, list[int]] = defaultdict(lambda: [0, 0])
            for f in self.facts:
                if isinstance(f, Happened) and f.name == "usage" and f.unit == meter:
                    by_day[f.at // DAY][0] += f.number
                    by_day[f.at // DAY][1] += f.total
            means = {day: total / number for day, (number, total) in sorted(by_day.items())}
            now = [mean for day, mean in means.items() if self.day - 29 <= day <= self.day]
            before = [mean for day, mean in means.items() if self.day - 59 <= day <= self.day - 30]
            if now and before and sum(before):
                base = sum(before) / len(before)
                changes.append(100 * (sum(now) / len(now) - base) / base)
        return min(changes, default=None)

    def months(self) -> int | None:
        days = [
            said.value
            for of in {f.of for f in self.facts if f.name == "started" and isinstance(f, Stated)}
            if (said := self.said("started", self.at, of)) is not None
        ]
        if not days:
            return None
        begun, today = (EPOCH + timedelta(days=each) for each in (min(days), self.day))  # type: ignore[arg-type,type-var]
        months = 0
        while True:
            number = begun.year * 12 + begun.month - 1 + months + 1
            first = date(number // 12, number % 12 + 1, 1)
            if first > today:
                return months
            reached = (first + timedelta(days=begun.day - 1)).month == first.month
            turn = first + timedelta(days=begun.day - 1) if reached else _next_month(first)
            if turn > today:
                return months
            months += 1

    def in_force(self, variants: Sequence[Variant], model: str) -> list[Variant]:
        newest: dict[str, Variant] = {}
        for each in sorted(variants, key=lambda each: each.valid_from):
            if each.model_id == model and each.valid_from <= self.at:
                newest[each.variant_id] = each
        found = sorted(newest.values(), key=lambda each: (each.position, each.variant_id))
        return [each for each in found if each.is_active]

    def variant(self, variants: Sequence[Variant]) -> Variant | None:
        segment, months = self.said("segment", self.at), self.months()
        for each in variants:
            fits = not each.segments or (segment is not None and segment.value in each.segments)
            if each.from_month or each.until_month:
                fits = fits and months is not None and months >= each.from_month
                fits = fits and not (each.until_month and (months or 0) >= each.until_month)
            if fits:
                return each
        return None

    def weighed(self, component: Component) -> tuple[Fraction, int] | None:
        raw, since = self.read(component.signal)
        age, most = max(0, self.day - since), component.max_age_days
        if raw is None or (most and age >= most):
            return None
        weight = Fraction(component.weight)
        return weight * Fraction(most - age, most) if component.is_fading else weight, component.value(raw)

    def judge(self, variants: Sequence[Variant], model: str) -> tuple[Any, ...]:
        """Return (variant, version, score, coverage, band, disagreement, override); () before the model is there."""
        in_force = self.in_force(variants, model)
        if not in_force:
            return ()
        said = self.said("override", self.at, model) or self.said("override", self.at)
        override = "" if said is None else str(said.value)
        variant = self.variant(in_force)
        if variant is None:
            return "", "", None, 0, "unknown", "", override
        there = [(each, found) for each in variant.components if (found := self.weighed(each)) is not None]
        every = sum(each.weight for each in variant.components)
        weight = sum((own for _, (own, _) in there), Fraction(0))
        coverage = int(10_000 * weight / every)
        if not weight or 10_000 * weight < variant.minimum_coverage * every:
            return variant.variant_id, variant.version, None, coverage, "unknown", "", override
        score = int(sum(own * value for _, (own, value) in there) / weight + Fraction(1, 2))
        band = next(each.name for each in variant.bands if score <= each.up_to)
        soft, hard = (
            [found for each, found in there if PART_OF[each.signal] in parts]
            for parts in (("survey", "support", "relationship"), ("billing",))
        )
        apart = Fraction(0)
        if sum(own for own, _ in soft) and sum(own for own, _ in hard):
            soft_score, hard_score = (sum(o * v for o, v in them) / sum(o for o, _ in them) for them in (soft, hard))
            apart = Fraction(soft_score) - Fraction(hard_score)
        disagreement = "money_below" if apart >= 4000 else "money_above" if apart <= -4000 else ""
        if band == variant.bands[-1].name and (self.total("cancels_scheduled") or self.total("dunning_open")):
            disagreement = "leaving"
        return variant.variant_id, variant.version, score, coverage, band, disagreement, override


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def plain_rows(
    holding: Sequence[tuple[int, Sequence[Fact]]], variants: Sequence[Variant], model: str, passed: int
) -> dict[int, tuple[Any, ...]]:
    """Return what is said by moment. `holding` are the facts that hold from each moment on, in order of moments."""
    said: dict[int, tuple[Any, ...]] = {}
    last: tuple[Any, ...] | None = None
    last_day = max(passed // DAY, holding[-1][0] // DAY)
    edges = {each.valid_from for each in variants} | {
        f.until for _, facts in holding for f in facts if isinstance(f, Stated) and f.until
    }
    starts = {day * DAY for day in range(holding[0][0] // DAY, last_day + 1)}
    moments = sorted(edges | starts | {at for at, _ in holding})
    place = -1
    for at in moments:
        if at < holding[0][0]:
            continue
        is_event = place + 1 < len(holding) and holding[place + 1][0] == at
        if not is_event and place + 1 == len(holding) and at > passed:
            break
        before = Plain(holding[place][1], at - 1).judge(variants, model) if place >= 0 else None
        if is_event:
            place += 1
        now = Plain(holding[place][1], at).judge(variants, model)
        if is_event and before and last is not None:
            assert _mark(before) == _mark(last), "time changed what nobody looked at"
            last = before
        if not now and last is None:
            continue
        now = now or ("", "", None, 0, "unknown", "", "")
        if last is None or (now != last if is_event else _mark(now) != _mark(last)):
            said[at], last = now, now
    return said


def _mark(judged: tuple[Any, ...]) -> tuple[Any, ...]:
    return judged[0], judged[1], judged[4], judged[5], judged[6]
