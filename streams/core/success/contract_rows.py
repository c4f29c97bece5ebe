"""Rows of contracts and of their renewals."""

from collections.abc import Sequence
from typing import Any

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros
from streams.core.events import ContractSet
from streams.core.rows_success import ContractRow, RenewalRow
from streams.core.success.terms import Term, due_of


def status_of(term: Term, passed: int | None) -> str:
    """Return how the renewal stands once time has gone to `passed` (microseconds); None where that does not matter."""
    if term.decision is not None:
        return term.decision.event.outcome.lower()
    if passed is None or term.turns_at > passed:
        return "open"
    return "renewed_auto" if term.stated.auto_renew else "overdue"


def renewal_row(term: Term, passed: int | None, *, is_test: bool) -> RenewalRow:
    """Return the row of a term's renewal."""
    status, decision = status_of(term, passed), term.decision
    final, decided_at = None, None
    if decision is not None and term.is_decided:
        decided_at = decision.event.decided_at
        if decision.event.currency == term.stated.currency:
            final = micros(decision.event.amount, decision.event.exponent)
    elif status == "renewed_auto":
        final, decided_at = term.target_micros, term.notice_at
    newest: Any = term.stated if decision is None else decision.event
    ingested_at = term.ingested_at if decision is None else max(term.ingested_at, decision.ingested_at)
    successor, reason = "", ""
    if decision is not None:
        successor, reason = decision.event.successor_id or "", decision.event.reason or ""
    flags = _flags(term, final)
    return _row(term, status, final, decided_at, successor, reason, flags, newest, ingested_at, is_test=is_test)


def implied_row(term: Term, following: ContractSet, ingested_at: int, *, is_test: bool) -> RenewalRow:
    """Return the row of a renewal that nobody told of, but the next term of the same contract shows."""
    final = micros(following.annual_value, following.exponent) if following.currency == term.stated.currency else None
    decided_at, status = following.occurred_at, "renewed"
    if term.stated.auto_renew and term.decision is None and following.occurred_at >= term.notice_at:
        decided_at, status = term.notice_at, "renewed_auto"
    elif final is not None and final != term.target_micros:
        status = "upsold" if final > term.target_micros else "downsold"
    flags = {"decision_implied"} | term.flags | _odd_dates(term)
    if final is None:
        flags.add("currency_differs")
    if term.decision is not None:
        flags.add("unknown_outcome")
    stored = max(term.ingested_at, ingested_at)
    return _row(term, status, final, decided_at, "", "", flags, following, stored, is_test=is_test)


def _row(
    term: Term,
    status: str,
    final: int | None,
    decided_at: int | None,
    successor: str,
    reason: str,
    flags: set[str],
    newest: Any,
    ingested_at: int,
    *,
    is_test: bool,
) -> RenewalRow:
    stated = term.stated
    return RenewalRow(
        stated.account_id,
        stated.contract_id,
        term.number,
        status,
        term.due,
        term.first_due,
        stated.starts_at,
        stated.ends_at,
        term.notice_at,
        stated.auto_renew,
        term.target_micros,
        final,
        stated.currency,
        decided_at,
        successor,
        reason,
        term.amendments,
        tuple(sorted(flags)),
        is_test,
        newest.source,
        newest.event_id,
        newest.occurred_at,
        ingested_at,
    )


def _flags(term: Term, final: int | None) -> set[str]:
    """Name what is odd about a renewal that somebody decided on, or nobody did yet."""
    found = term.flags | _odd_dates(term)
    decision, target = term.decision, term.target_micros
    if decision is None:
        return found
    outcome = decision.event.outcome
    odd = {
        "unknown_outcome": outcome == "UNKNOWN",
        "currency_differs": decision.event.currency != term.stated.currency,
        "decided_after_notice": outcome == "LOST"
        and term.stated.auto_renew
        and decision.event.decided_at > term.notice_at,
        "outcome_contradicts_amount": final is not None
        and (
            (outcome == "UPSOLD" and final <= target)
            or (outcome == "DOWNSOLD" and final >= target)
            or (outcome == "RENEWED" and final != target)
        ),
    }
    return found | {flag for flag, holds in odd.items() if holds}


def _odd_dates(term: Term) -> set[str]:
    ends = term.stated.ends_at
    return {"due_after_end"} if ends is not None and term.due > ends else set()


def contract_row(
    last: RecordedEvent, stated: ContractSet | None, term: Term | None, flags: Sequence[str], *, is_test: bool
) -> ContractRow:
    """Return the row of a contract that any event names; times of the term that lasts."""
    event: Any = last.event
    told: Any = event if stated is None else stated
    return ContractRow(
        event.account_id,
        event.contract_id,
        "incomplete" if stated is None else stated.term_kind.lower(),
        stated.starts_at if stated else None,
        stated.ends_at if stated else None,
        due_of(stated) if stated else None,
        term.first_due if term else None,
        term.notice_at if term else None,
        stated is not None and stated.auto_renew,
        micros(stated.annual_value, stated.exponent) if stated else 0,
        stated.currency if stated else "",
        stated.products if stated else (),
        term.number if term else 0,
        tuple(sorted(flags)),
        is_test,
        told.source,
        told.event_id,
        told.occurred_at,
        last.ingested_at,
    )
