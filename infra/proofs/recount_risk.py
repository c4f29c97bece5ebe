"""Recount the risks of accounts: every rule read at every fact and on every day, and spans cut out of what was read.

Definitions are those of docs/adr/0171. Rules that watch what neither data set tells of are not read: they may have no
episode, and an account that has one differs.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from infra.proofs.recount import DAY, POINT, Account, Score, looked_at, within

SECOND = 1_000_000
SEVERITIES = ("", "low", "medium", "high")
RISKY, HEALTHY, NEITHER = "risky", "healthy", "neither"
BASE_DAYS, LEAST_BASE = 90, 28
BY_FACT = frozenset({"escalations_open", "overdue_days"})
"""Numbers that an event ends."""


class Rule(NamedTuple):
    """A rule of one condition, from before the first row; times in microseconds, severities by rank."""

    rule_id: str
    version: str
    signal: str
    model_id: str
    days: int
    is_high: bool
    enter: Fraction
    exit: Fraction
    worse: tuple[tuple[Fraction, int], ...]
    severity: int
    dwell_in: int
    dwell_out: int
    rearm: int

    @property
    def reason(self) -> str:
        return "fact_ended" if self.signal in BY_FACT else "recovered"

    def reaches(self, number: Fraction, threshold: Fraction) -> bool:
        return number >= threshold if self.is_high else number <= threshold

    def stands(self, number: Fraction | None) -> tuple[str, int]:
        """Return the zone of a number, and how severe it is."""
        if number is None:
            return NEITHER, 0
        if number <= self.exit if self.is_high else number >= self.exit:
            return HEALTHY, 0
        if not self.reaches(number, self.enter):
            return NEITHER, 0
        return RISKY, max(
            self.severity, *(rank for threshold, rank in self.worse if self.reaches(number, threshold)), 0
        )


SHIPPED = (
    Rule(
        "sla_breaches", "default", "sla_breaches", "", 30, True, Fraction(2), Fraction(1), (), 2,
        0, 3 * DAY, 14 * DAY,
    ),
    Rule(
        "ticket_surge", "default", "ticket_surge", "", 14, True, Fraction(2), Fraction(5, 4), (), 1,
        7 * DAY, 3 * DAY, 14 * DAY,
    ),
)  # fmt: skip
"""Shipped rules that the two data sets have numbers for; those of others stay silent."""


class Stretch(NamedTuple):
    """A stretch of an episode; `closed_at` is None while it is open."""

    rule: Rule
    since: int
    opened_at: int
    noticed_at: int
    severity: int
    rose_at: int
    reopened: int
    closed_at: int | None = None


class Span(NamedTuple):
    """A span in which a rule stood in one zone: the severities from moments on. `end` is None where it goes on."""

    zone: str
    start: int
    end: int | None
    severities: tuple[tuple[int, int], ...]

    def lasted(self, dwell: int, passed: int) -> bool:
        return (passed if self.end is None else self.end) - self.start >= dwell


def number(account: Account, rule: Rule, said: Sequence[Score], at: int) -> Fraction | None:
    """Return the number that a rule watches; `said` are the rows of its model up to the moment."""
    day = at // DAY
    match rule.signal:
        case "escalations_open":
            return Fraction(account.escalated(at))
        case "sla_breaches":
            return Fraction(within(account.breached, day - rule.days + 1, day, at))
        case "overdue_days":
            due = [each for cells in account.owed(at).values() for each, amount in cells.items() if each and amount > 0]
            return Fraction(day - min(due)) if due else Fraction(0)
        case "ticket_surge":
            return surge(account, rule.days, at)
        case "score":
            score = said[-1].found.score if said else None
            return None if score is None else Fraction(score, POINT)
        case "score_drop":
            return fall(said, day - rule.days)
        case _:
            raise LookupError(rule.signal)


def fall(said: Sequence[Score], day: int) -> Fraction | None:
    """Return how far a score fell since what rows said last on a day or before it."""
    before = [each.found.score for each in said if each.at // DAY <= day]
    now = said[-1].found.score if said else None
    if not before or before[-1] is None or now is None:
        return None
    return Fraction(before[-1] - now, POINT)


def surge(account: Account, days: int, at: int) -> Fraction | None:
    """Return tickets of a window against what as many days had on average in the 90 days before, or since the first."""
    if not account.opened or account.opened[0] > at:
        return None
    day = at // DAY
    first = day - days + 1
    base_days = min(BASE_DAYS, first - account.opened[0] // DAY)
    usual = within(account.opened, first - BASE_DAYS, first - 1, at)
    if base_days < LEAST_BASE or not usual:
        return None
    return Fraction(within(account.opened, first, day, at) * base_days, usual * days)


def stretches(account: Account, rule: Rule, said: Sequence[Score], passed: int) -> list[Stretch]:
    """Return the stretches of a rule's episodes."""
    found: list[Stretch] = []
    for span in spans(account, rule, said, passed):
        last = found[-1] if found else None
        is_open = last is not None and last.closed_at is None
        if span.zone == RISKY and last is not None and is_open:
            found[-1] = risen(last, span.severities)
        elif span.zone == RISKY and span.lasted(rule.dwell_in, passed):
            found.append(opened(rule, span, last))
        elif span.zone == HEALTHY and last is not None and is_open and span.lasted(rule.dwell_out, passed):
            found[-1] = last._replace(closed_at=span.start + rule.dwell_out)
    return found


def opened(rule: Rule, span: Span, last: Stretch | None) -> Stretch:
    """Return the stretch that a risky span opens: of the episode before it, where that closed a short while ago."""
    noticed = span.start + rule.dwell_in
    worst = max(rank for at, rank in span.severities if at < noticed or at == span.start)
    later = [each for each in span.severities if each[0] >= noticed and each[0] > span.start]
    made = Stretch(rule, span.start, span.start, noticed, worst, noticed, 0)
    if last is not None and last.closed_at is not None and span.start - last.closed_at <= rule.rearm:
        made = made._replace(opened_at=last.opened_at, reopened=last.reopened + 1)
        if last.severity >= worst:
            made = made._replace(severity=last.severity, rose_at=last.rose_at)
    return risen(made, later)


def risen(stretch: Stretch, severities: Sequence[tuple[int, int]]) -> Stretch:
    for at, rank in severities:
        if rank > stretch.severity:
            stretch = stretch._replace(severity=rank, rose_at=at)
    return stretch


def spans(account: Account, rule: Rule, said: Sequence[Score], passed: int) -> list[Span]:
    """Return what a rule reads, in spans of one zone."""
    facts = account.moments
    read: list[tuple[int, str, int]] = []
    place = 0
    for at in looked_at(facts, passed) if facts else ():
        while place < len(said) and said[place].at <= at:
            place += 1
        read.append((at, *rule.stands(number(account, rule, said[:place], at))))
    groups = [list(each) for _, each in groupby(read, key=lambda each: each[1])]
    ends = [*(later[0][0] for _, later in pairwise(groups)), None]
    return [
        Span(group[0][1], group[0][0], end, tuple((at, rank) for at, _, rank in group))
        for group, end in zip(groups, ends, strict=True)
    ]


def rules(settings: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Return the rules that are read: shipped ones, and those that a mapping sets, as its YAML says."""
    return [*SHIPPED, *(_rule(each) for each in settings if each["event"] == "risk_rule_set")]


def _rule(setting: Mapping[str, Any]) -> Rule:
    fields, (each,) = setting["fields"], setting["each"]
    (condition,) = fields["conditions"]
    return Rule(
        each["rule"],
        fields["rule_version"],
        condition["signal"],
        condition.get("model_id", ""),
        condition.get("days", 0),
        condition["risky_when"] == "at_least",
        Fraction(str(condition["enter"])),
        Fraction(str(condition["exit"])),
        tuple(
            (Fraction(str(each["enter"])), SEVERITIES.index(each["severity"])) for each in condition.get("worse", ())
        ),
        SEVERITIES.index(fields["severity"]),
        fields["dwell_in_s"] * SECOND,
        fields["dwell_out_s"] * SECOND,
        fields["rearm_s"] * SECOND,
    )
