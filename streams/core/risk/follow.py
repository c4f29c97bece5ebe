"""Follow the risks of an account through time: conditions are read where facts, scores, rules or days move them."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import msgspec

from streams.core.health.facts import DAY
from streams.core.health.picture import Picture, counted, evidence, stated
from streams.core.limits import NEVER
from streams.core.risk.choices import SEVERITIES, RiskRule
from streams.core.risk.conditions import READS, Scores, number
from streams.core.risk.episodes import (
    CHURNED,
    MERGED,
    MODEL_RETIRED,
    RENEWED,
    Episode,
    Reading,
    State,
    Terms,
    Zone,
    due,
    episode_id,
    listed,
    step,
)
from streams.core.risk.signals import Said
from streams.core.rows_risk import RiskEpisodeRow
from streams.core.rules import Rules

KEPT_DAYS = 40
"""For how many days what rows said of a score is kept: longer than any drop looks back."""
_NO_TERMS = Terms(0, 0, 0)

Ended = list[tuple[str, Episode]]
"""Stretches that nothing later can change, by rule."""


class Risks(msgspec.Struct, array_like=True):
    """State of all rules of one account, and what was said of its scores."""

    states: dict[str, State] = msgspec.field(default_factory=dict)
    scores: Scores = msgspec.field(default_factory=dict)

    def copy(self) -> "Risks":
        return Risks(dict(self.states), {model: list(said) for model, said in self.scores.items()})

    def say(self, at: int, model: str, score: int | None) -> None:
        """Note a score; of one day the last stands. What is older than any drop looks back is dropped but for one."""
        day, said = at // DAY, self.scores.setdefault(model, [])
        if said and said[-1][0] == day:
            said.pop()
        said.append((day, score))
        while len(said) > 1 and said[1][0] <= day - KEPT_DAYS:
            del said[0]


class Subject(NamedTuple):
    """An account whose facts stay as they are from `at` on; `withdrawn` are events that were taken back then."""

    picture: Picture
    at: int
    withdrawn: tuple[str, ...]


def follow(risks: Risks, subject: Subject, said: Said, rules: Rules, until: int, ended: Ended) -> int:
    """Read all rules from the subject's moment through `until`; return the next moment at which to read again."""
    at, withdrawn, place = subject.at, subject.withdrawn, 0
    while True:
        while place < len(said) and said[place][0] <= at:
            risks.say(*said[place][:3])
            place += 1
        following = _read(risks, subject.picture, rules, at, withdrawn, ended)
        if place < len(said):
            following = min(following, said[place][0])
        if following > until:
            return following
        at, withdrawn = following, ()


def _read(risks: Risks, picture: Picture, rules: Rules, at: int, withdrawn: tuple[str, ...], ended: Ended) -> int:
    """Read each rule at a moment; return when days or other rules may move one of them next."""
    in_force = rules.risk_by_id(at)
    former = rules.risk_by_id(at - 1)
    absent = _absent(picture, at)
    following = _after(rules.risk_moments, at)
    for rule_id in [*in_force, *(each for each in risks.states if each not in in_force)]:
        held, state = in_force.get(rule_id), risks.states.get(rule_id)
        if held is None:
            reading, day = Reading(at, Zone.OUT, reason=MODEL_RETIRED), NEVER
        elif absent is not None:
            reading, day = absent, NEVER
        else:
            reading, day = read(held[0], picture, risks.scores, at, withdrawn)
        if day < NEVER:
            following = min(following, day * DAY)
        if state is None and reading.zone is not Zone.RISKY:
            continue
        before = former.get(rule_id)
        terms = (held or before or (None, _NO_TERMS))[1]
        risks.states[rule_id], finals = step(state or State(), reading, terms, before and before[1])
        ended += ((rule_id, each) for each in finals)
    return following


def read(
    rule: RiskRule, picture: Picture, scores: Scores, at: int, withdrawn: tuple[str, ...] = ()
) -> tuple[Reading, int]:
    """Return where a rule stands at a moment, and the next day on which time alone may move it."""
    today = at // DAY
    known: dict[str, _Stands] = picture.__dict__.setdefault(_KNOWN, {})
    found = known.get(rule.rule_id)
    if found is None or found.rule is not rule or not found.day <= today < found.next_day:
        found = _stands(rule, picture, scores, at)
        if found.reads:
            known[rule.rule_id] = found
    reason = _ending(rule, picture, at) if found.zone is Zone.HEALTHY and not found.reads else ""
    return Reading(at, found.zone, found.severity, found.evidence, reason, withdrawn), found.next_day


class _Stands(NamedTuple):
    """The place of a rule from a day until the next on which time may move it, as long as no fact that it reads does.

    `reads` are names of facts; empty where it rests on more than these.
    """

    rule: RiskRule
    day: int
    next_day: int
    zone: Zone
    severity: int
    evidence: str
    reads: frozenset[str]


_KNOWN = "risks"


def carry_over(before: Picture, after: Picture, names: Collection[str]) -> None:
    """Keep where rules stand for a picture after facts of some names."""
    known: dict[str, _Stands] | None = before.__dict__.get(_KNOWN)
    if known:
        after.__dict__[_KNOWN] = {each: said for each, said in known.items() if said.reads.isdisjoint(names)}


def _stands(rule: RiskRule, picture: Picture, scores: Scores, at: int) -> _Stands:
    found = [(each, number(picture, scores, each, at)) for each in rule.conditions]
    day = min(said.next_day for _, said in found)
    known = [(each, said.value) for each, said in found if said.value is not None]
    zone, severity, cause = Zone.NEITHER, 0, ""
    if any(each.is_healthy(value) for each, value in known):
        zone = Zone.HEALTHY
    elif len(known) == len(found) and all(each.is_risky(value) for each, value in known):
        zone = Zone.RISKY
        severity = max(rule.severity, *(each.severity(value) for each, value in known))
        cause = next((said.evidence for _, said in found if said.evidence), "")
    names = [READS.get(each.signal) for each in rule.conditions]
    # A renewal of the day says more of an end than its rule knows, so such a rule is read each time.
    is_whole = None not in names and all(each.signal != "days_to_renewal" for each in rule.conditions)
    reads = frozenset[str]().union(*filter(None, names)) if is_whole else frozenset[str]()
    return _Stands(rule, at // DAY, day, zone, severity, cause, reads)


def _ending(rule: RiskRule, picture: Picture, at: int) -> str:
    """Return why a rule is healthy where that is more than it knows: a contract was renewed on the day."""
    watches = any(each.signal == "days_to_renewal" for each in rule.conditions)
    return RENEWED if watches and counted(picture, "renewed", at // DAY, at // DAY)[0] > 0 else ""


def _absent(picture: Picture, at: int) -> Reading | None:
    """Return why nobody reads the rules of an account; None where they are read.

    It counts as another one since it was merged into it, or it has left: it had revenue and has none any more.
    """
    merged = stated(picture, "merged", at)
    if merged is not None:
        return Reading(at, Zone.OUT, evidence=merged.event_id, reason=MERGED)
    if "churned" not in picture.mentions:
        return None
    left = evidence(picture, "churned")
    has_left = left and picture.heard.get("mrr") and not picture.levels.get("mrr")
    return Reading(at, Zone.OUT, evidence=left[0], reason=CHURNED) if has_left else None


def _after(moments: Sequence[int], at: int) -> int:
    place = bisect_right(moments, at)
    return moments[place] if place < len(moments) else NEVER


def open_episodes(risks: Risks, rules: Rules, read_at: int, passed: int) -> Iterator[tuple[str, Episode]]:
    """Yield the stretches that something later may still change, with their rules, once time has come to `passed`."""
    terms = rules.risk_by_id(max(read_at, passed))
    for rule_id, state in risks.states.items():
        for each in listed(state, terms[rule_id][1] if rule_id in terms else _NO_TERMS, passed):
            yield rule_id, each


def next_due(risks: Risks, rules: Rules, read_at: int, passed: int) -> int:
    """Return when a dwell is over next, later than `passed`."""
    terms = rules.risk_by_id(max(read_at, passed))
    return min(
        (
            due(state, terms[rule_id][1] if rule_id in terms else _NO_TERMS, passed)
            for rule_id, state in risks.states.items()
        ),
        default=NEVER,
    )


def episode_row(account: str, rules: Rules, rule_id: str, episode: Episode, *, is_known: bool) -> RiskEpisodeRow:
    """Return the row of a stretch of an episode."""
    noticed_by = rules.risk_by_id(episode.noticed_at).get(rule_id)
    replaces = episode.replaces
    return RiskEpisodeRow(
        account,
        rule_id,
        is_known,
        episode.since,
        episode_id(account, rule_id, episode.name),
        "" if noticed_by is None else noticed_by[0].version,
        episode.opened_at,
        episode.noticed_at,
        SEVERITIES[episode.severity],
        episode.rose_at,
        episode.reopened,
        episode.closed_at or None,
        episode.reason,
        episode.name.evidence,
        "" if replaces is None else episode_id(account, rule_id, replaces),
    )
