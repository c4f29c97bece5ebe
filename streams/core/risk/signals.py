"""Signals of what was known: a risk is noticed and closes, score and money part and agree again.

Each is a condition of the ledger as known, which begins once time has come to its moment: by then every topic has said
what it had, and what has ended meanwhile wakes nobody. Its end is raised at once, where the condition was.
"""

from collections.abc import Iterable, Sequence

import msgspec

from streams.core.algebra import Signal, derived_id
from streams.core.limits import NEVER
from streams.core.outputs import Ending
from streams.core.risk.episodes import RENAMED, Episode
from streams.core.rows_risk import RiskEpisodeRow

OPENED, CLEARED = "risk_opened", "risk_cleared"
PARTED, AGREED = "health_disagreement", "health_disagreement_ended"

Found = dict[str, Signal | Ending]
Said = Sequence[tuple[int, str, int | None, str, str]]
"""What rows of health say: moment, model, score, how score and money disagree, event that changed it."""


class Disagreement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A span in which score and money part, as one model says; `until` is 0 while they do."""

    model: str
    kind: str
    since: int
    score: int | None
    evidence: str
    until: int = 0


def disagreements(open_by_model: dict[str, Disagreement], said: Said) -> list[Disagreement]:
    """Take what was said; return the spans that ended by it."""
    ended: list[Disagreement] = []
    for at, model, score, kind, evidence in said:
        held = open_by_model.get(model)
        if held is not None and held.kind != kind:
            ended.append(msgspec.structs.replace(open_by_model.pop(model), until=at))
        if kind and (held is None or held.kind != kind):
            open_by_model[model] = Disagreement(model, kind, at, score, evidence)
    return ended


def next_moment(episodes: Iterable[Episode], spans: Iterable[Disagreement], passed: int) -> int:
    """Return the next moment after what has passed at which a signal begins; NEVER where none does."""
    moments = [each.noticed_at for each in episodes if each.is_open]
    moments += (each.since for each in spans if not each.until)
    return min((at for at in moments if at > passed), default=NEVER)


def risk_signals(rows: Iterable[RiskEpisodeRow], passed: int) -> Found:
    """Return, by id, the stretches that are open and noticed by what has passed, and the ends of others."""
    found: Found = {}
    for row in rows:
        detail = {
            "rule_id": row.rule_id,
            "rule_version": row.rule_version,
            "severity": row.severity,
            "opened_at": str(row.opened_at),
            "noticed_at": str(row.noticed_at),
            "reopened": str(row.reopened),
            "event_id": row.event_id,
            "replaces": row.replaces,
        }
        opened = derived_id(row.episode_id, OPENED, row.since)
        if row.closed_at is not None:
            if row.reason != RENAMED:
                detail |= {"closed_at": str(row.closed_at), "reason": row.reason}
                cleared = derived_id(row.episode_id, CLEARED, row.since)
                signal = Signal(cleared, CLEARED, row.account_id, row.episode_id, row.closed_at, detail)
                found[cleared] = Ending(opened, signal)
        elif row.noticed_at <= passed:
            found[opened] = Signal(opened, OPENED, row.account_id, row.episode_id, row.noticed_at, detail)
    return found


def disagreement_signals(account: str, spans: Iterable[Disagreement], passed: int) -> Found:
    """Return, by id, where score and money part by what has passed, and the ends of other spans."""
    found: Found = {}
    for span in spans:
        score = "" if span.score is None else f"{span.score / 100:g}"
        detail = {"disagreement": span.kind, "score": score, "event_id": span.evidence}
        parted = derived_id(f"{account}/{span.model}/{span.kind}", PARTED, span.since)
        if span.until:
            agreed = derived_id(parted, AGREED)
            signal = Signal(agreed, AGREED, account, span.model, span.until, {**detail, "since": str(span.since)})
            found[agreed] = Ending(parted, signal)
        elif span.since <= passed:
            found[parted] = Signal(parted, PARTED, account, span.model, span.since, detail)
    return found
