"""Follow the risks of an account through time: conditions are read where facts, scores, rules or days move them."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
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
        """Return risks that may change beside these; what was said is never changed in place."""
        return Risks(self.states.copy(), self.scores.copy())

    def say(self, at: int, model: str, score: int | None) -> None:
        """Note a score; of one day the last stands. What is older than any drop looks back is dropped but for one."""
        day, said = at // DAY, self.scores.get(model, [])
        said = [*(said[:-1] if said and said[-1][0] == day else said), (day, score)]
        while len(said) > 1 and said[1][0] <= day - KEPT_DAYS:
            del said[0]
        self.scores[model] = said


class Subject(NamedTuple):
    """An account whose facts stay as they are from `at` on; `withdrawn` are events that were taken back then."""

    picture: Picture
    at: int
    withdrawn: tuple[str, ...]


def follow(risks: Risks, subject: Subject, said: Said, rules: Rules, until: int, ended: Ended) -> int:
    """Read all rules from the subject's moment through `until`; return the next moment at which to read again."""
    return follow_on(risks, subject, said, rules, max(until, subject.at), ended, subject.at)


def follow_on(
    risks: Risks, subject: Subject, said: Said, rules: Rules, until: int, ended: Ended, following: int
) -> int:
    """Read all rules from the next moment at which to read them, `following`, through `until`; return the next one."""
    place = 0
    while True:
        at = min(following, said[place][0]) if place < len(said) else following
        if at > until:
            return at
        while place < len(said) and said[place][0] <= at:
            risks.say(*said[place][:3])
            place += 1
        following = _read(risks, subject.picture, rules, at, subject.withdrawn if at == subject.at else (), ended)


def _read(risks: Risks, picture: Picture, rules: Rules, at: int, withdrawn: tuple[str, ...], ended: Ended) -> int:
    """Read each rule at a moment; return when days or other rules may move one of them next."""
    in_force, states = rules.risk_by_id(at), risks.states
    absent = _absent(picture, at)
    following = _after(rules.risk_moments, at)
    stands: dict[str, Stand] = {}
    if absent is None:
        board = board_of(picture, in_force, risks.scores, at)
        stands = board.stands
        if board.next_day < NEVER:
            following = min(following, board.next_day * DAY)
        if not states and not board.has_risky:
            return following
    elif not states:
        return following
    former = rules.risk_by_id(at - 1)
    for rule_id in [*in_force, *(each for each in states if each not in in_force)]:
        held, state = in_force.get(rule_id), states.get(rule_id)
        stand = stands.get(rule_id)
        if state is None and (stand is None or stand.zone is not Zone.RISKY):
            continue
        if held is None:
            reading = Reading(at, Zone.OUT, reason=MODEL_RETIRED)
        elif absent is not None:
            reading = absent
        else:
            reading = reading_of(stands[rule_id], picture, at, withdrawn)
        before = former.get(rule_id)
        terms = (held or before or (None, _NO_TERMS))[1]
        states[rule_id], finals = step(state or State(), reading, terms, before and before[1])
        ended += ((rule_id, each) for each in finals)
    return following


def reading_of(stand: "Stand", picture: Picture, at: int, withdrawn: tuple[str, ...] = ()) -> Reading:
    """Return the reading of a rule at a moment from where it stands on the day."""
    reason = RENEWED if stand.watches_renewal and stand.zone is Zone.HEALTHY and _is_renewed(picture, at) else ""
    return Reading(at, stand.zone, stand.severity, stand.evidence, reason, withdrawn)


class Stand(NamedTuple):
    """The place of a rule from a day until the next on which time may move it, as long as no fact that it reads does.

    `reads` are names of facts; one that `is_scored` rests on what rows of health say as well.
    """

    day: int
    next_day: int
    zone: Zone
    severity: int
    evidence: str
    reads: frozenset[str]
    is_scored: bool
    watches_renewal: bool


InForce = Mapping[str, tuple[RiskRule, Terms]]


class Board:
    """Where the rules in force stand by one picture: kept with it, beside what it is, and never part of the state.

    It holds from `day` to before `next_day`. `reads` are the names of all facts that a rule reads.
    """

    __slots__ = ("day", "has_risky", "in_force", "next_day", "reads", "scores", "stands")

    def __init__(self, in_force: InForce, stands: dict[str, Stand]) -> None:
        self.in_force, self.stands = in_force, stands
        self.day, self.next_day, self.has_risky = NEVER, 0, False
        self.reads: frozenset[str] = frozenset()
        self.scores: Scores = {}

    def without(self, names: Collection[str]) -> "Board":
        """Return the board after facts of some names: itself where no rule reads them."""
        if self.reads.isdisjoint(names):
            return self
        found = Board(self.in_force, {each: said for each, said in self.stands.items() if said.reads.isdisjoint(names)})
        found.scores, found.reads = self.scores, self.reads
        return found

    def read(self, picture: Picture, scores: Scores, at: int) -> None:
        """Read those rules again that facts, scores or days may have moved."""
        today, stands, is_said = at // DAY, self.stands, scores != self.scores
        for rule_id, (rule, _) in self.in_force.items():
            stand = stands.get(rule_id)
            if stand is None or not stand.day <= today < stand.next_day or (is_said and stand.is_scored):
                stands[rule_id] = stand_of(rule, picture, scores, at)
        every = stands.values()
        self.day = max((each.day for each in every), default=0)
        self.next_day = min((each.next_day for each in every), default=NEVER)
        self.has_risky = any(each.zone is Zone.RISKY for each in every)
        self.reads = frozenset[str]().union(*(each.reads for each in every))
        self.scores = dict(scores)


_KNOWN = "risks"


def board_of(picture: Picture, in_force: InForce, scores: Scores, at: int) -> Board:
    """Return where rules stand by a picture on the day of a moment; it is kept with the picture."""
    board: Board | None = picture.__dict__.get(_KNOWN)
    if board is None or board.in_force is not in_force:
        board = picture.__dict__[_KNOWN] = Board(in_force, {})
    if not board.day <= at // DAY < board.next_day or board.scores != scores:
        board.read(picture, scores, at)
    return board


def carry_over(before: Picture, after: Picture, names: Collection[str]) -> None:
    """Keep where rules stand for a picture after facts of some names."""
    board: Board | None = before.__dict__.get(_KNOWN)
    if board is not None:
        after.__dict__[_KNOWN] = board.without(names)


def stand_of(rule: RiskRule, picture: Picture, scores: Scores, at: int) -> Stand:
    """Return where a rule stands at a moment, and the next day on which time alone may move it."""
    found = [(each, number(picture, scores, each, at)) for each in rule.conditions]
    known = [(each, said.value) for each, said in found if said.value is not None]
    zone, severity, cause = Zone.NEITHER, 0, ""
    if any(each.is_healthy(value) for each, value in known):
        zone = Zone.HEALTHY
    elif len(known) == len(found) and all(each.is_risky(value) for each, value in known):
        zone = Zone.RISKY
        severity = max(rule.severity, *(each.severity(value) for each, value in known))
        cause = next((said.evidence for _, said in found if said.evidence), "")
    rests = rests_on(tuple([each.signal for each in rule.conditions]))
    return Stand(at // DAY, min([said.next_day for _, said in found]), zone, severity, cause, *rests)


@cache
def rests_on(signals: tuple[str, ...]) -> tuple[frozenset[str], bool, bool]:
    """Return the names of facts that signals read, whether scores are among them, and whether renewals are."""
    reads = frozenset[str]().union(*(READS.get(each, ()) for each in signals))
    return reads, any(each not in READS for each in signals), "days_to_renewal" in signals


def _is_renewed(picture: Picture, at: int) -> bool:
    """Return whether a contract was renewed on the day: that says more of an end than the rule knows."""
    return counted(picture, "renewed", at // DAY, at // DAY)[0] > 0


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
