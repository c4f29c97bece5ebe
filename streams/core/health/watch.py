"""The health of an account over time: a fold of facts, and of days that pass between them.

Facts of one moment make one row, as postings of the MRR ledger do. A moment is closed when a later one comes: the
account is assessed with its facts, and a row says what they changed. Then time goes on to the next moment, and a row
says what time alone has changed: another band, another variant, an override that expired, money and score that agree
no more. What fades within a band makes no row. Nothing looks at every day: between the days on which a value changes a
score only rises or only falls, so its ends tell what happens between them, and halving finds the day.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from streams.core.health.components import SIGNALS_OF
from streams.core.health.facts import DAY, Fact, Revision
from streams.core.health.model import NO_END, UNKNOWN, Variant, months_between, months_end
from streams.core.health.picture import Picture, next_expiry, started, stated, text
from streams.core.health.rows import health_row, now_row
from streams.core.health.score import Kept, Line, disagreement, lines, result, without
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

    def moment(self, rules: Rules) -> "Moment":
        """Return the account before and after the facts of the last moment, made once for the same rules."""
        known: tuple[Rules, Moment] | None = self.__dict__.get("_moment")
        if known is None or known[0] is not rules:
            before = None
            if self.is_begun and not self.is_crowd:
                last: tuple[Rules, Assessment] | None = self.__dict__.get("_before")
                before = last[1] if last is not None and last[0] is rules else assess(self.picture, rules, self.at - 1)
                before = moved(self.picture, rules, before, self.at - 1)
            known = self.__dict__["_moment"] = rules, Moment(before, assess(self.now, rules, self.at))
        return known[1]

    def said_before(self, rules: Rules) -> dict[str, Listed]:
        """Return what models said of the account before the last moment; empty where nothing was known of it."""
        if self.is_crowd:
            return self.former
        before = self.moment(rules).before
        return {} if before is None else {model: each.listed for model, each in before.models.items()}


class Moment(NamedTuple):
    """An account before the facts of a moment (None where nobody knows it, or `former` tells), and with them."""

    before: Assessment | None
    after: Assessment


def _taken(picture: Picture, added: Sequence[Fact], gone: Sequence[Fact], at: int) -> Picture:
    """Return the picture with facts, and without others, beside the one before."""
    names = {fact.name for fact in (*added, *gone)}
    made, today = picture.beside(names), at // DAY
    for fact in added:
        made.take(fact, 1, today)
    for fact in gone:
        made.take(fact, -1, today)
    carry_over(picture, made, names)
    known = picture.__dict__.get("answers")
    if known:
        stale = {signal for name in names for signal in SIGNALS_OF.get(name, ())}
        made.__dict__["answers"] = {signal: each for signal, each in known.items() if signal not in stale}
        kept: dict[str, Kept] = picture.__dict__.get("lines", {})
        made.__dict__["lines"] = {model: without(each, stale) for model, each in kept.items()}
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
    watch.__dict__.pop("_moment", None)
    made = watch.__dict__.pop("_now", None)
    if made is not None:
        watch.__dict__["_now"] = _taken(made, added, gone, watch.at)


def _move_on(watch: Watch, rules: Rules, until: int, sealed: Outputs | None) -> None:
    """End a moment, and let time pass up to the next one, which says itself what it changes."""
    last = None
    if watch.at >= 0:
        said: Saying = []
        last = _say(watch, rules, until - 1, None if sealed is None else sealed.rows.append, said)
        ended: Ended = []
        follow(watch.risks, _subject(watch), said, rules, until - 1, ended)
        spans = disagreements(watch.apart, said) if watch.is_known else []
        if sealed is not None:
            rows = [episode_row(watch.account, rules, *each, is_known=watch.is_known) for each in ended]
            sealed.rows += rows
            if watch.is_known:
                sealed.signals |= risk_signals(rows, 0) | disagreement_signals(watch.account, spans, 0)
        watch.picture, watch.is_begun = watch.now, True
        watch.picture.settle()
    watch.at, watch.pending, watch.gone, watch.is_crowd, watch.withdrawn = until, [], [], False, ()
    watch.former = {}
    watch.__dict__.clear()
    if last is not None:
        watch.__dict__["_before"] = rules, last


def _subject(watch: Watch) -> Subject:
    return Subject(watch.now, watch.at, watch.withdrawn)


Emit = Callable[[AccountHealthRow], None] | None
Saying = list[tuple[int, str, int | None, str, str]]
"""What is said, for rules of risk and for signals."""


def _say(watch: Watch, rules: Rules, until: int, emit: Emit, said: Saying) -> Assessment:
    """Emit what the last moment changed, and what time alone changed up to `until`; return the last assessment."""
    _, found = watch.moment(rules)
    known = watch.said_before(rules)
    for model, each in _models(found, known):
        if known.get(model) != each.listed:
            said.append((found.at, model, each.listed.score, each.listed.disagreement, watch.cause[2]))
            if emit is not None:
                emit(health_row(watch, model, found.at, each, watch.cause))
    return _pass_time(watch, rules, found, until, emit, said)


def _pass_time(watch: Watch, rules: Rules, found: Assessment, until: int, emit: Emit, said: Saying) -> Assessment:
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
                if emit is not None:
                    emit(health_row(watch, model, at, each, ("", "", "")))
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
    """Assess an account at a moment by the models in force."""
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
    said = stated(picture, "override", at, model) or stated(picture, "override", at)
    return "" if said is None else str(said.value)


def _edge(picture: Picture, rules: Rules, at: int) -> int:
    """Return the next moment at which other rules hold, or a statement expires; NEVER where there is none."""
    moments = rules.health_moments
    place = bisect_right(moments, at)
    edge = moments[place] if place < len(moments) else NEVER
    expiry = next_expiry(picture, at)
    return edge if expiry is None else min(edge, expiry)


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
        if _marks(_faded(picture, found, last * DAY)) != begin:
            return _first_other(picture, found, last, begin) * DAY
        following = min(edge, (last + 1) * DAY)
        if following > until or following == edge or look + 1 == looks:
            return following
        found = assess(picture, rules, following)
        if _marks(found) != begin:
            return following
    return following


def _marks(found: Assessment) -> list[tuple[object, ...]]:
    return [each.mark for each in found.models.values()]


def _first_other(picture: Picture, found: Assessment, last: int, begin: list[tuple[object, ...]]) -> int:
    """Return the first day on which something else is said than at the beginning; on the last day it is."""
    low, high = found.at // DAY, last
    while high - low > 1:
        middle = (low + high) // 2
        if _marks(_faded(picture, found, middle * DAY)) == begin:
            low = middle
        else:
            high = middle
    return high


def project(watch: Watch, scope: Scope, outputs: Outputs) -> None:
    """List what the last moment changed, and what time has changed since."""
    if watch.at < 0:
        return
    said: Saying = []
    _say(watch, scope.rules, scope.passed, outputs.rows.append, said)
    risks, ended, _ = _followed(watch, scope, said)
    still = open_episodes(risks, scope.rules, watch.at, scope.passed)
    rows = [episode_row(watch.account, scope.rules, *each, is_known=watch.is_known) for each in [*ended, *still]]
    outputs.rows += rows
    if watch.is_known:
        if scope.passed < watch.at:
            rows = [
                episode_row(watch.account, scope.rules, *each, is_known=True) for each in _ahead(watch, scope, risks)
            ]
        outputs.signals |= risk_signals(rows, scope.passed)
        outputs.signals |= disagreement_signals(watch.account, _spans(watch, said), scope.passed)
    else:
        outputs.rows.append(now_row(watch))


def deadline(watch: Watch, scope: Scope) -> int:
    """Return the next moment after what has passed at which time changes what is said, or at which to look again."""
    if watch.at < 0:
        return NEVER
    said: Saying = []
    looks, found = 1, _say(watch, scope.rules, scope.passed, None, said)
    if scope.passed > watch.at:
        looks = LOOKS
        found = moved(watch.now, scope.rules, found, scope.passed)
    risks, _, following = _followed(watch, scope, said)
    dwell = next_due(risks, scope.rules, watch.at, scope.passed)
    if watch.is_known and scope.passed < watch.at:
        episodes = (each for _, each in _ahead(watch, scope, risks))
        dwell = min(dwell, next_moment(episodes, _spans(watch, said), scope.passed))
    return min(following, dwell, next_look(watch.now, scope.rules, found, NEVER, looks))


def _ahead(watch: Watch, scope: Scope, risks: Risks) -> Iterator[tuple[str, Episode]]:
    """Yield stretches as they are by the last moment, where time has not come to it yet."""
    return open_episodes(risks, scope.rules, watch.at, watch.at)


def _spans(watch: Watch, said: Said) -> list[Disagreement]:
    """Return where score and money parted by what was said, and where they do now."""
    held = dict(watch.apart)
    return [*disagreements(held, said), *held.values()]


def _followed(watch: Watch, scope: Scope, said: Said) -> tuple[Risks, Ended, int]:
    """Return the risks once time has come to what has passed, what ended by then, and when to read them next."""
    ended: Ended = []
    risks = watch.risks.copy()
    following = follow(risks, _subject(watch), said, scope.rules, scope.passed, ended)
    return risks, ended, following
