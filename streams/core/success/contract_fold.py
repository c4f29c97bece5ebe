"""The contract: its statements and decisions, in order of business time, make terms that follow each other.

A term ends with its renewal. The one that lasts is open; those before it are sealed, for no later event speaks of them.
"""

from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.events import ContractEvent, ContractSet, RenewalDecided
from streams.core.outputs import Outputs, Scope
from streams.core.success.contract_rows import implied_row, renewal_row
from streams.core.success.terms import Decision, Term, differs, due_of, follows


class Contract(msgspec.Struct, array_like=True, gc=False):
    """A contract as its active events say; times in microseconds.

    `stated` is the newest statement, `term` the term that lasts, None while no renewal is ever due. `first_due` is when
    its first renewal was due as first stated. `waiting` is a decision before any statement. `last` is the event that
    comes last, `flags` are what is odd about the contract itself.
    """

    is_test: bool = False
    stated: ContractSet | None = None
    term: Term | None = None
    terms: int = 0
    waiting: Decision | None = None
    last: RecordedEvent | None = None
    flags: set[str] = set()


def sort_key(recorded: RecordedEvent) -> SortKey:
    """Return the position of an event: business time, of one moment decisions first, then fold order.

    A decision is about the term that was. Whoever decides and extends the contract at one moment speaks of two terms.
    """
    event: ContractEvent = recorded.event  # type: ignore[assignment] # every event of this entity
    if isinstance(event, RenewalDecided):
        return event.decided_at, 0, *fold_order(recorded)
    return event.occurred_at, 1, *fold_order(recorded)


def apply(contract: Contract, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Let an event say more of the contract; the renewal of a term is sealed once the next term is told."""
    event: ContractEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    contract.last = recorded
    match event:
        case ContractSet():
            _state(contract, event, recorded.ingested_at, sealed)
        case RenewalDecided():
            _decide(contract, Decision(event, recorded.ingested_at))
        case _:
            assert_never(event)


def _state(contract: Contract, event: ContractSet, ingested_at: int, sealed: Outputs | None) -> None:
    term, due = contract.term, due_of(event)
    contract.stated = event
    if term is not None and not follows(term, event):
        if due is None:
            _withdraw(contract, term)
        else:
            _amend(term, event, ingested_at)
        return
    if term is not None and sealed is not None:
        row = renewal_row(term, None, is_test=contract.is_test)
        sealed.rows.append(row if term.is_decided else implied_row(term, event, ingested_at, is_test=contract.is_test))
    contract.term = None
    if due is not None:
        contract.terms += 1
        contract.term = Term(contract.terms, event, ingested_at, due)
        if contract.waiting is not None:
            contract.term.decision, contract.waiting = contract.waiting, None
            contract.term.flags = {"decided_before_contract"}


def _amend(term: Term, event: ContractSet, ingested_at: int) -> None:
    """Take a statement of the term that lasts; once it is decided, what was decided on stands."""
    changed = differs(term.stated, event)
    if not term.is_decided:
        term.stated, term.ingested_at = event, ingested_at
        term.amendments += changed
    elif changed:
        term.flags = term.flags | {"changed_after_decision"}


def _withdraw(contract: Contract, term: Term) -> None:
    """Take a term back that has become one without an end; a renewal that was decided on stays."""
    if term.is_decided:
        term.flags = term.flags | {"changed_after_decision"}
    else:
        contract.term, contract.terms = None, contract.terms - 1


def _decide(contract: Contract, decision: Decision) -> None:
    term = contract.term
    if term is None:
        if contract.stated is None:
            contract.waiting = decision
        else:
            contract.flags = contract.flags | {"decided_without_term"}
        return
    if term.decision is not None:
        term.flags = term.flags | {"decided_again"}
    term.decision = decision
