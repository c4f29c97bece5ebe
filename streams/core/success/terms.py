"""The term of a contract: when its renewal is due, by when notice must be given, and how the renewal came out."""

import msgspec

from streams.core.billing.money import micros
from streams.core.events import ContractSet, RenewalDecided
from streams.core.limits import NEVER

DAY = 24 * 3_600_000_000
_KEPT = frozenset({"RENEWED", "DOWNSOLD", "UPSOLD"})
_ENDLESS = frozenset({"MONTHLY", "EVERGREEN"})


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decision as it was told, and when Kafka stored it (microseconds)."""

    event: RenewalDecided
    ingested_at: int

    @property
    def is_known(self) -> bool:
        """Tell whether it says how the renewal came out."""
        return self.event.outcome != "UNKNOWN"


class Term(msgspec.Struct, array_like=True, gc=False):
    """One term of a contract, up to one renewal; times in microseconds.

    `stated` is the newest statement before the decision: its value is what the renewal is measured by. `number` counts
    terms from 1. `first_due` is when the renewal was due by the first statement, whatever was amended since.
    """

    number: int
    stated: ContractSet
    ingested_at: int
    first_due: int
    amendments: int = 0
    decision: Decision | None = None
    flags: set[str] = set()

    @property
    def due(self) -> int:
        due = due_of(self.stated)
        assert due is not None  # a contract without a due date has no term
        return due

    @property
    def notice_at(self) -> int:
        """Return when notice must be given by; where none is agreed, when the renewal is due."""
        return self.due - (self.stated.notice_days or 0) * DAY

    @property
    def turns_at(self) -> int:
        """Return when the term comes out by itself if nobody decides: renewed where it renews itself, else overdue."""
        return self.notice_at if self.stated.auto_renew else self.due

    @property
    def target_micros(self) -> int:
        return micros(self.stated.annual_value, self.stated.exponent)

    @property
    def is_decided(self) -> bool:
        return self.decision is not None and self.decision.is_known

    @property
    def is_kept(self) -> bool:
        return self.decision is not None and self.decision.event.outcome in _KEPT

    @property
    def deadline(self) -> int:
        """Return when it comes out by itself; NEVER once anybody has decided."""
        return NEVER if self.decision is not None else self.turns_at


def due_of(stated: ContractSet) -> int | None:
    """Return when the renewal is due (microseconds); None where none ever is, or nobody said."""
    if stated.term_kind in _ENDLESS:
        return None
    return stated.ends_at if stated.renewal_at is None else stated.renewal_at


def follows(term: Term, stated: ContractSet) -> bool:
    """Return whether a statement is of the term after this one, not of this one amended.

    It is where it moves the due date of a renewal that was kept, or begins when the term before it has run out.
    """
    due = due_of(stated)
    if due is not None and due <= term.due:
        return False
    return term.is_kept or stated.starts_at >= term.due


def differs(one: ContractSet, other: ContractSet) -> bool:
    """Return whether two statements differ in what a renewal is measured by: when it is due, and its value."""
    return (due_of(one), one.annual_value, one.exponent, one.currency) != (
        due_of(other),
        other.annual_value,
        other.exponent,
        other.currency,
    )
