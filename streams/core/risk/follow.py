"""Follow the risks of an account through time: conditions are read where facts, scores, rules or days move them."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from streams.core.health.picture import Picture, counted, evidence
from streams.core.limits import NEVER
from streams.core.risk.choices import SEVERITIES, RiskRule
from streams.core.risk.conditions import DAY, Scores, number
from streams.core.risk.episodes import (
    CHURNED,
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
from streams.core.rows_risk import RiskEpisodeRow
from streams.core.rules import Rules

KEPT_DAYS = 40
"""For how many days what rows said of a score is kept: longer than any drop looks back."""
_NO_TERMS = Terms(0, 0, 0)

Said = Sequence[tuple[int, str, int | None]]
"""Scores as rows of health say them: moment, model, score."""
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
            risks.say(*said[place])
            place += 1
        following = _read(risks, subject.picture, rules, at, withdrawn, ended)
        if place < len(said):
            following = min(following, said[place][0])
        if following > until:
            return following
        at, withdrawn = following, ()


def _read(risks: Risks, picture: Picture, rules: Rules, at: int, withdrawn: tuple[str, ...], ended: Ended) -> int:
    """Read each rule at a moment; return when days or other rules may move one of them next."""
    in_force = {each.rule_id: each for each in rules.risk_rules(at)}
    former = {each.rule_id: each for each in rules.risk_rules(at - 1)} if at in rules.risk_moments else in_force
    gone = _gone(picture)
    following = _after(rules.risk_moments, at)
    for rule_id in [*in_force, *(each for each in risks.states if each not in in_force)]:
        rule, state = in_force.get(rule_id), risks.states.get(rule_id)
        if rule is None:
            reading, day = Reading(at, Zone.OUT, reason=MODEL_RETIRED), NEVER
        elif gone is not None:
            reading, day = Reading(at, Zone.OUT, evidence=gone, reason=CHURNED), NEVER
        else:
            reading, day = read(rule, picture, risks.scores, at, withdrawn)
        if day < NEVER:
            following = min(following, day * DAY)
        if state is None and reading.zone is not Zone.RISKY:
            continue
        before = former.get(rule_id)
        risks.states[rule_id], finals = step(
            state or State(), reading, _terms(rule or before), None if before is None else before.terms
        )
        ended += ((rule_id, each) for each in finals)
    return following


def read(
    rule: RiskRule, picture: Picture, scores: Scores, at: int, withdrawn: tuple[str, ...] = ()
) -> tuple[Reading, int]:
    """Return where a rule stands at a moment, and the next day on which time alone may move it."""
    found = [(each, number(picture, scores, each, at)) for each in rule.conditions]
    day = min(said.next_day for _, said in found)
    known = [(each, said.value) for each, said in found if said.value is not None]
    if any(each.is_healthy(value) for each, value in known):
        return Reading(at, Zone.HEALTHY, reason=_ending(rule, picture, at), withdrawn=withdrawn), day
    if len(known) < len(found) or not all(each.is_risky(value) for each, value in known):
        return Reading(at, Zone.NEITHER, withdrawn=withdrawn), day
    severity = max(rule.severity, *(each.severity(value) for each, value in known))
    cause = next((said.evidence for _, said in found if said.evidence), "")
    return Reading(at, Zone.RISKY, severity, cause, withdrawn=withdrawn), day


def _ending(rule: RiskRule, picture: Picture, at: int) -> str:
    """Return why a rule is healthy where that is more than it knows: a contract was renewed on the day."""
    watches = any(each.signal == "days_to_renewal" for each in rule.conditions)
    return RENEWED if watches and counted(picture, "renewed", at // DAY, at // DAY)[0] > 0 else ""


def _gone(picture: Picture) -> str | None:
    """Return the event by which the account left: it had revenue and has none any more; None while it is there."""
    left = evidence(picture, "churned")
    return left[0] if left and picture.heard.get("mrr") and not picture.levels.get("mrr") else None


def _after(moments: Sequence[int], at: int) -> int:
    place = bisect_right(moments, at)
    return moments[place] if place < len(moments) else NEVER


def _terms(rule: RiskRule | None) -> Terms:
    return _NO_TERMS if rule is None else rule.terms


def open_episodes(risks: Risks, rules: Rules, read_at: int, passed: int) -> Iterator[tuple[str, Episode]]:
    """Yield the stretches that something later may still change, with their rules, once time has come to `passed`."""
    terms = {each.rule_id: each.terms for each in rules.risk_rules(max(read_at, passed))}
    for rule_id, state in risks.states.items():
        for each in listed(state, terms.get(rule_id, _NO_TERMS), passed):
            yield rule_id, each


def next_due(risks: Risks, rules: Rules, read_at: int, passed: int) -> int:
    """Return when a dwell is over next, later than `passed`."""
    terms = {each.rule_id: each.terms for each in rules.risk_rules(max(read_at, passed))}
    return min(
        (due(state, terms.get(rule_id, _NO_TERMS), passed) for rule_id, state in risks.states.items()), default=NEVER
    )


def episode_row(account: str, rules: Rules, rule_id: str, episode: Episode, *, is_known: bool) -> RiskEpisodeRow:
    """Return the row of a stretch of an episode."""
    noticed_by = (each.version for each in rules.risk_rules(episode.noticed_at) if each.rule_id == rule_id)
    replaces = episode.replaces
    return RiskEpisodeRow(
        account,
        rule_id,
        is_known,
        episode.since,
        episode_id(account, rule_id, episode.name),
        next(noticed_by, ""),
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
