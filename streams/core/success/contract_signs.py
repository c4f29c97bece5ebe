"""Facts that a contract hands over to the health of its account: its start, its renewal, and how that came out.

What is stated of the renewal holds from one statement or decision to the next; of one moment the last word counts. It
is nothing once it is decided, withdrawn, or has come about by itself.
"""

from collections.abc import Iterator
from typing import NamedTuple

from streams.core.health.facts import Fact, Happened, Stated, StatedName, day_of
from streams.core.rows_success import RenewalRow
from streams.core.success.terms import Term

_KIND = "contract"
_RENEWAL: tuple[StatedName, ...] = ("renewal_due", "notice_by", "renewal_value")
_KEPT = frozenset({"renewed", "renewed_auto", "upsold", "downsold"})


class Word(NamedTuple):
    """What holds of a contract: the first day of all its terms; days of renewal and notice, and value (micros)."""

    started: int | None = None
    renewal_due: int | None = None
    notice_by: int | None = None
    renewal_value: int | None = None


def word_of(started: int | None, term: Term | None) -> Word:
    """Return what holds of a contract with this term."""
    if term is None or term.is_decided:
        return Word(started)
    return Word(started, day_of(term.due), day_of(term.notice_at), term.target_micros)


def stated(contract_id: str, at: int, event_id: str, was: Word, now: Word) -> Iterator[Fact]:
    """Yield what is stated anew at a moment."""
    names: tuple[StatedName, ...] = ("started", *_RENEWAL)
    for name, before, after in zip(names, was, now, strict=True):
        if before != after:
            yield Stated(at, _KIND, contract_id, name, event_id, name, after, of=contract_id)


def lapsed(row: RenewalRow, since: int, until: int | None) -> Iterator[Fact]:
    """Yield that nothing is due any more where a renewal came about by itself, unless more was stated by then.

    `since` is when the term was last spoken of, `until` when the next is (None for never).
    """
    if row.status != "renewed_auto" or row.decided_at is None:
        return
    at = max(row.decided_at, since)
    if until is None or at < until:
        for name in _RENEWAL:
            yield Stated(at, _KIND, row.contract_id, f"{name}/over", row.event_id, name, None, of=row.contract_id)


def outcome(row: RenewalRow) -> Iterator[Fact]:
    """Yield how a renewal came out."""
    if row.decided_at is None:
        return
    member, place = row.contract_id, str(row.term_no)
    if row.status in _KEPT:
        yield Happened(row.decided_at, _KIND, member, f"renewed/{place}", row.event_id, "renewed")
    elif row.status == "lost":
        yield Happened(row.decided_at, _KIND, member, f"churned/{place}", row.event_id, "churned")
