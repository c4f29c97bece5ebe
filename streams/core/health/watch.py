"""The health of an account over time: a fold of facts, and of days that pass between them.

Facts of one moment make one row, as postings of the MRR ledger do. A moment is closed when a later one comes: the
account is assessed with its facts, and a row says what they changed. Then time goes on to the next moment, and a row
says what time alone has changed: another band, another variant, an override that expired, money and score that agree
no more. What fades within a band makes no row. Nothing looks at every day: between the days on which a value changes a
score only rises or only falls, so its ends tell what happens between them, and halving finds the day.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from streams.core.health.facts import DAY, Fact, Revision
from streams.core.health.model import NO_END, UNKNOWN, Variant, months_between, months_end
from streams.core.health.picture import Picture, next_expiry, started, stated, text
from streams.core.health.rows import health_row, now_row
from streams.core.health.score import Kept, Line, disagreement, lines, result
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.risk.episodes import Episode
from streams.core.risk.follow import (
    Ended,
    Risks,
    Subject,
    carry_over,
    episode_row,
    follow,
    follow_on,
    next_due,
    open_episodes,
)
from streams.core.risk.signals import (
    Disagreement,
    Said,
    disagreement_signals,
    disagreements,
    next_moment,
    risk_signals,
)
from streams.core.rows_health import AccountHealthRow
from streams.core.rules import Rules

encode = msgspec.msgpack.Encoder().encode
MOST_PENDING = 64
"""Entries of one moment that are pending at most."""
LOOKS = 64
"""Stretches of steady days that are looked through for the next change, once time alone moves on."""


class Listed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last statement about an account by one model."""

    variant_id: str
    version: str
    score: int | None
    coverage: int
    band: str
    disagreement: str
    override: str

    @property
    def mark(self) -> tuple[str, ...]:
        """The part that makes a row where time alone changes it."""
        return self.variant_id, self.version, self.band, self.disagreement, self.override


class Assessed(msgspec.Struct, frozen=True, gc=False):
    """An account by one model: `lean` tells on which side score and money part."""

    variant: Variant | None
    every: list[Line]
    listed: Listed
    lean: int

    @property
    def mark(self) -> tuple[object, ...]:
        return (*self.listed.mark, self.lean)


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """An account at a moment by all models; through the day `until` only weights that fade change."""

    at: int
    until: int
    models: dict[str, Assessed]


class Watch(msgspec.Struct, array_like=True, dict=True):
    """The ledger of an account up to a point in time.

    `pending` are the facts of its last moment, `at`, and `gone` those that it took away; the picture is that before
    them. So what they changed follows from the two. `cause` is the kind, the member and the event that brought the last
    of them. Of a crowd of facts at one moment only the last are pending (`is_crowd`); `former` is what models said
    before the first of them. `is_begun` says that moments went before.
    """

    account: str = ""
    is_known: bool = False
    picture: Picture = msgspec.field(default_factory=Picture)
    at: int = -1
    pending: list[Fact] = msgspec.field(default_factory=list)
    gone: list[Fact] = msgspec.field(default_factory=list)
    cause: tuple[str, str, str] = ("", "", "")
    is_crowd: bool = False
    is_begun: bool = False
    risks: Risks = msgspec.field(default_factory=Risks)
    """State of the rules of risk before these facts."""
    withdrawn: tuple[str, ...] = ()
    """Events that these facts took back altogether."""
    apart: dict[str, Disagreement] = msgspec.field(default_factory=dict)
    """Where score and money parted before these facts, by model; of the ledger as known alone, for its signals."""
    former: dict[str, Listed] = msgspec.field(default_factory=dict)

    @property
    def now(self) -> Picture:
        """The picture with the moment's facts; made once, and never part of the state."""
        made: Picture | None = self.__dict__.get("_now")
        if made is None:
            made = self.__dict__["_now"] = _taken(self.picture, self.pending, self.gone, self.at)
        return made

    def said_before(self, rules: Rules) -> dict[str, Listed]:
        """Return what models said of the account before the last moment; empty where nothing was known of it."""
        if self.is_crowd:
            return self.former
        if not self.is_begun:
            return {}
        last: tuple[Rules, Assessment] | None = self.__dict__.get("_before")
        known = last[1] if last is not None and last[0] is rules else assess(self.picture, rules, self.at - 1)
        models = moved(self.picture, rules, known, self.at - 1).models
        return {model: each.listed for model, each in models.items()}

    def judged(self, rules: Rules) -> "Judged":
        """Return what the last moment came to, made once for the same rules."""
        known: Judged | None = self.__dict__.get("_judged")
        if known is None or known.rules is not rules:
            known = self.__dict__["_judged"] = _judge(self, rules)
        return known


class Judged:
    """What the last moment came to under some rules: kept with the ledger, beside what it is.

    `changed` are the models that say something else than before, `said` what they say. `risks` are those once all rules
    are read there, `ended` stretches that are final by then, `following` when to read rules next. Until that, and until
    `look`, time changes nothing. `shown` are the rows of what changed, made where somebody wants them.
    """

    __slots__ = ("after", "changed", "ended", "following", "later", "look", "risks", "rules", "said", "shown")

    def __init__(self, rules: Rules, after: "Assessment", changed: "list[tuple[str, Assessed]]", risks: Risks) -> None:
        self.rules, self.after, self.changed, self.risks = rules, after, changed, risks
        self.said: Saying = []
        self.ended: Ended = []
        self.following = self.look = 0
        self.shown: list[AccountHealthRow] | None = None
        self.later: Later | None = None


class Later(NamedTuple):
    """What has come of a moment once time has gone to `until`: all that was said, the last assessment, rows, risks."""

    until: int
    said: "Saying"
    found: "Assessment"
    rows: "Sequence[AccountHealthRow]"
    risks: Risks
    ended: Ended
    following: int


def _judge(watch: Watch, rules: Rules) -> Judged:
    picture, at = watch.now, watch.at
    known, after = watch.said_before(rules), assess(picture, rules, at)
    changed = [(model, each) for model, each in _models(after, known) if known.get(model) != each.listed]
    judged = Judged(rules, after, changed, watch.risks.copy())
    judged.said = [(at, model, each.listed.score, each.listed.disagreement, watch.cause[2]) for model, each in changed]
    judged.following = follow(judged.risks, Subject(picture, at, watch.withdrawn), judged.said, rules, at, judged.ended)
    judged.look = _first_look(picture, rules, after)
    return judged


class Taken(NamedTuple):
    """What a picture became by some facts on a day: kept with it, so that both ledgers of an account go on as one."""

    today: int
    added: tuple[Fact, ...]
    gone: tuple[Fact, ...]
    made: Picture


def _taken(picture: Picture, added: Sequence[Fact], gone: Sequence[Fact], at: int) -> Picture:
    """Return the picture with facts, and without others, beside the one before. Nobody changes it any more."""
    today, added, gone = at // DAY, tuple(added), tuple(gone)
    known: Taken | None = picture.__dict__.get("next")
    if known is not None and known.today == today and known.added == added and known.gone == gone:
        return known.made
    names = {fact.name for fact in (*added, *gone)}
    made = picture.beside(names)
    for fact in added:
        made.take(fact, 1, today)
    for fact in gone:
        made.take(fact, -1, today)
    carry_over(picture, made, names)
    kept: dict[str, Kept] | None = picture.__dict__.get("lines")
    if kept:
        made.__dict__["lines"] = {model: each.without(names) for model, each in kept.items()}
    picture.__dict__["next"] = Taken(today, added, gone, made)
    return made


def meet(corrected: Watch, known: Watch) -> None:
    """Let the two ledgers of an account have one picture where theirs are alike to the byte.

    What is kept with a picture serves both then. Equal ones may differ in the order of units, which evidence shows.
    """
    one, other = corrected.picture, known.picture
    if one is not other and one == other and encode(one) == encode(other):
        known.picture = one
        known.__dict__.clear()


def copy(watch: Watch) -> Watch:
    """Return the ledger once more, with all that is kept beside it. What it refers to is never changed in place."""
    made = Watch(
        watch.account, watch.is_known, watch.picture, watch.at, list(watch.pending), list(watch.gone), watch.cause,
        watch.is_crowd, watch.is_begun, watch.risks, watch.withdrawn, watch.apart, watch.former,
    )  # fmt: skip
    made.__dict__.update(watch.__dict__)
    return made


def apply(watch: Watch, entry: Fact | Revision, scope: Scope, sealed: Outputs | None) -> None:
    """Take the next entry; what a moment that it ends has changed is sealed, and what time changed since."""
    if entry.at != watch.at:
        _move_on(watch, scope.rules, entry.at, sealed)
    elif len(watch.pending) + len(watch.gone) >= MOST_PENDING:
        if not watch.is_crowd:
            watch.former = watch.said_before(scope.rules)
        watch.picture = _taken(watch.picture, watch.pending, watch.gone, watch.at)
        watch.is_crowd, watch.pending, watch.gone = True, [], []
        watch.__dict__.clear()
    added, gone = (entry.added, entry.taken) if isinstance(entry, Revision) else ((entry,), ())
    watch.pending.extend(added)
    watch.gone.extend(gone)
    watch.cause = entry.kind, entry.member, entry.event_id
    if gone:
        taken_back = {fact.event_id for fact in gone} - {fact.event_id for fact in added}
        watch.withdrawn = tuple(sorted({*watch.withdrawn, *taken_back}))
    watch.__dict__.pop("_judged", None)
    made = watch.__dict__.pop("_now", None)
    if made is not None:
        watch.__dict__["_now"] = _taken(made, added, gone, watch.at)


def _move_on(watch: Watch, rules: Rules, until: int, sealed: Outputs | None) -> None:
    """End a moment, and let time pass up to the next one, which says itself what it changes."""
    last = None
    if watch.at >= 0:
        judged = watch.judged(rules)
        later = _later(watch, judged, until - 1)
        last, watch.risks = later.found, later.risks
        spans: list[Disagreement] = []
        if watch.is_known and later.said:
            watch.apart = dict(watch.apart)
            spans = disagreements(watch.apart, later.said)
        if sealed is not None:
            sealed.rows += _shown(watch, judged)
            sealed.rows += later.rows
            rows = [episode_row(watch.account, rules, *each, is_known=watch.is_known) for each in later.ended]
            sealed.rows += rows
            if watch.is_known and (rows or spans):
                sealed.signals |= risk_signals(rows, 0) | disagreement_signals(watch.account, spans, 0)
        watch.picture, watch.is_begun = watch.now.settled(), True
    watch.at, watch.pending, watch.gone, watch.is_crowd, watch.withdrawn = until, [], [], False, ()
    watch.former = {}
    watch.__dict__.clear()
    if last is not None:
        watch.__dict__["_before"] = rules, last


def _shown(watch: Watch, judged: Judged) -> list[AccountHealthRow]:
    """Return the rows of what the last moment changed."""
    if judged.shown is None:
        judged.shown = [health_row(watch, model, judged.after.at, each, watch.cause) for model, each in judged.changed]
    return judged.shown


def _later(watch: Watch, judged: Judged, until: int) -> Later:
    """Return what has come of the last moment once time has gone to `until`."""
    found, ended, following = judged.after, judged.ended, judged.following
    if until <= watch.at or (until < following and until < judged.look):
        return Later(until, judged.said, found, (), judged.risks, ended, following)
    known = judged.later
    if known is not None and known.until == until:
        return known
    rows: list[AccountHealthRow] = []
    said: Saying = []
    found = _pass_time(watch, judged.rules, found, until, rows, said)
    risks, ended = judged.risks.copy(), list(ended)
    following = follow_on(risks, Subject(watch.now, -1, ()), said, judged.rules, until, ended, following)
    judged.later = Later(until, [*judged.said, *said], found, rows, risks, ended, following)
    return judged.later


Saying = list[tuple[int, str, int | None, str, str]]
"""What is said, for rules of risk and for signals."""


def _pass_time(
    watch: Watch, rules: Rules, found: Assessment, until: int, rows: list[AccountHealthRow], said: Saying
) -> Assessment:
    """Go through the moments up to `until` at which time changes what is said; return the last assessment."""
    picture = watch.now
    while found.at < until:
        at = next_look(picture, rules, found, until)
        if at > until:
            return found
        before, found = found.models, moved(picture, rules, found, at)
        for model, each in _models(found, before):
            was = before.get(model)
            if was is None or was.listed.mark != each.listed.mark:
                said.append((at, model, each.listed.score, each.listed.disagreement, ""))
                rows.append(health_row(watch, model, at, each, ("", "", "")))
    return found


def _models(found: Assessment, before: Iterable[str]) -> Iterator[tuple[str, Assessed]]:
    """Yield what each model says; of one that is no longer in force, that nothing is known."""
    yield from found.models.items()
    for model in before:
        if model not in found.models:
            yield model, _unknown("")


def _unknown(override: str) -> Assessed:
    return Assessed(None, [], Listed("", "", None, 0, UNKNOWN, "", override), 0)


def assess(picture: Picture, rules: Rules, at: int) -> Assessment:
    """Assess an account at a moment by the models in force; what was found earlier on the day is kept where it holds.

    A judgement holds by what lies before the moment, so it is looked at each time.
    """
    kept: tuple[Rules, Assessment] | None = picture.__dict__.get("assessed")
    if kept is not None and kept[0] is rules and "sentiment" not in picture.statements:
        found = kept[1]
        if found.at <= at < _edge(picture, rules, found.at) and found.at // DAY == at // DAY:
            return found if found.at == at else Assessment(at, found.until, found.models)
    found = _assess(picture, rules, at)
    picture.__dict__["assessed"] = rules, found
    return found


def _assess(picture: Picture, rules: Rules, at: int) -> Assessment:
    day, models = at // DAY, rules.health_models(at)
    segment, start = text(picture, "segment", at), started(picture)
    months = None if start is None else months_between(start, day)
    until, found = NO_END, {}
    for model, variants in models.items():
        if start is not None:
            until = min(until, months_end(start, day, variants))
        variant = next((each for each in variants if each.takes(segment, months)), None)
        override = override_of(picture, model, at)
        if variant is None:
            found[model] = _unknown(override)
            continue
        every, steady = lines(picture, variant, day, at)
        until = min(until, steady)
        found[model] = _assessed(picture, variant, every, day, override)
    return Assessment(at, until, found)


def _assessed(picture: Picture, variant: Variant, every: list[Line], day: int, override: str) -> Assessed:
    said = result(variant, every, day)
    listed = Listed(
        variant.variant_id,
        variant.version,
        said.score,
        said.coverage,
        said.band,
        disagreement(picture, variant, said),
        override,
    )
    return Assessed(variant, every, listed, said.lean)


def moved(picture: Picture, rules: Rules, found: Assessment, at: int) -> Assessment:
    """Return the assessment at a later moment; values are read again only where they may have changed."""
    if at // DAY > found.until or _edge(picture, rules, found.at) <= at:
        return assess(picture, rules, at)
    return _faded(picture, found, at)


def _faded(picture: Picture, found: Assessment, at: int) -> Assessment:
    """Return the assessment on a later day of the same steady days."""
    day = at // DAY
    if day == found.at // DAY:
        return found
    models = {
        model: each
        if each.variant is None or each.variant.scale == 1
        else _assessed(picture, each.variant, each.every, day, each.listed.override)
        for model, each in found.models.items()
    }
    return Assessment(at, found.until, models)


def override_of(picture: Picture, model: str, at: int) -> str:
    """Return the score or band that a person set for a model, or for all; empty where none holds."""
    if "override" not in picture.statements:
        return ""
    said = stated(picture, "override", at, model) or stated(picture, "override", at)
    return "" if said is None else str(said.value)


def _edge(picture: Picture, rules: Rules, at: int) -> int:
    """Return the next moment at which other rules hold, or a statement expires; NEVER where there is none."""
    moments, edge = rules.health_moments, NEVER
    if moments:
        place = bisect_right(moments, at)
        edge = moments[place] if place < len(moments) else NEVER
    expiry = next_expiry(picture, at) if picture.statements else None
    return edge if expiry is None else min(edge, expiry)


def _first_look(picture: Picture, rules: Rules, found: Assessment) -> int:
    """Return until when nothing is said anew, as far as one look goes; it is kept with the picture."""
    day, edge = found.at // DAY, _edge(picture, rules, found.at)
    kept: tuple[object, int, int, int] | None = picture.__dict__.get("look")
    if kept is not None and kept[0] is found.models and kept[1:3] == (day, edge):
        return kept[3]
    look = next_look(picture, rules, found, NEVER, 1)
    picture.__dict__["look"] = found.models, day, edge, look
    return look


def next_look(picture: Picture, rules: Rules, found: Assessment, until: int, looks: int = LOOKS) -> int:
    """Return the next moment at which something is said anew, as far as `until`; NEVER where time changes nothing.

    After so many `looks` it is a moment at which one has to look again. What is beyond `until` need not be exact.
    """
    edge, begin = _edge(picture, rules, found.at), _marks(found)
    following = edge
    for look in range(looks):
        if found.until >= NO_END and edge == NEVER:
            return NEVER
        last = min(found.until, (edge - 1) // DAY)
        if not _stays(picture, found, last):
            return _first_other(picture, found, last) * DAY
        following = min(edge, (last + 1) * DAY)
        if following > until or following == edge or look + 1 == looks:
            return following
        found = assess(picture, rules, following)
        if _marks(found) != begin:
            return following
    return following


def _marks(found: Assessment) -> list[tuple[object, ...]]:
    return [each.mark for each in found.models.values()]


def _stays(picture: Picture, found: Assessment, day: int) -> bool:
    """Return whether all models say the same on a later day of the same steady days."""
    for each in found.models.values():
        variant, listed = each.variant, each.listed
        if variant is not None and variant.scale > 1:
            said = result(variant, each.every, day)
            if said.band != listed.band or said.lean != each.lean:
                return False
            if disagreement(picture, variant, said) != listed.disagreement:
                return False
    return True


def _first_other(picture: Picture, found: Assessment, last: int) -> int:
    """Return the first day on which something else is said than at the beginning; on the last day it is."""
    low, high = found.at // DAY, last
    while high - low > 1:
        middle = (low + high) // 2
        if _stays(picture, found, middle):
            low = middle
        else:
            high = middle
    return high


def project(watch: Watch, scope: Scope, outputs: Outputs) -> None:
    """List what the last moment changed, and what time has changed since."""
    if watch.at < 0:
        return
    judged = watch.judged(scope.rules)
    later, rows = _later(watch, judged, scope.passed), outputs.rows
    rows += _shown(watch, judged)
    rows += later.rows
    still = open_episodes(later.risks, scope.rules, watch.at, scope.passed)
    episodes = [
        episode_row(watch.account, scope.rules, *each, is_known=watch.is_known) for each in [*later.ended, *still]
    ]
    rows += episodes
    if not watch.is_known:
        rows.append(now_row(watch))
        return
    if scope.passed < watch.at:
        ahead = _ahead(watch, scope, later.risks)
        episodes = [episode_row(watch.account, scope.rules, *each, is_known=True) for each in ahead]
    outputs.signals |= risk_signals(episodes, scope.passed)
    outputs.signals |= disagreement_signals(watch.account, _spans(watch, later.said), scope.passed)


def deadline(watch: Watch, scope: Scope) -> int:
    """Return the next moment after what has passed at which time changes what is said, or at which to look again."""
    if watch.at < 0:
        return NEVER
    judged = watch.judged(scope.rules)
    later, look = _later(watch, judged, scope.passed), judged.look
    if scope.passed > watch.at:
        found = moved(watch.now, scope.rules, later.found, scope.passed)
        look = next_look(watch.now, scope.rules, found, NEVER, LOOKS)
    dwell = next_due(later.risks, scope.rules, watch.at, scope.passed)
    if watch.is_known and scope.passed < watch.at:
        episodes = (each for _, each in _ahead(watch, scope, later.risks))
        dwell = min(dwell, next_moment(episodes, _spans(watch, later.said), scope.passed))
    return min(later.following, dwell, look)


def _ahead(watch: Watch, scope: Scope, risks: Risks) -> Iterator[tuple[str, Episode]]:
    """Yield stretches as they are by the last moment, where time has not come to it yet."""
    return open_episodes(risks, scope.rules, watch.at, watch.at)


def _spans(watch: Watch, said: Said) -> list[Disagreement]:
    """Return where score and money parted by what was said, and where they do now."""
    if not said:
        return [*watch.apart.values()]
    held = dict(watch.apart)
    return [*disagreements(held, said), *held.values()]
