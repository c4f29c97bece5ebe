"""The contract: its statements and decisions, in order of business time, make terms that follow each other.

A term ends with its renewal. The one that lasts is open; those before it are sealed, for no later event speaks of them.
"""

from collections.abc import Iterator
from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.events import ContractEvent, ContractSet, RenewalDecided
from streams.core.health.facts import DAY, Fact, day_of
from streams.core.health.handing import hand_over
from streams.core.outputs import Outputs, Scope
from streams.core.rows_success import ContractStartRow
from streams.core.success import contract_signs
from streams.core.success.contract_rows import implied_row, renewal_row
from streams.core.success.contract_signs import Word, word_of
from streams.core.success.measures import renewal_measures
from streams.core.success.terms import Decision, Term, differs, due_of, follows


class Contract(msgspec.Struct, array_like=True, gc=False):
    """A contract as its active events say; times in microseconds.

    `stated` is the newest statement, `term` the term that lasts, None while no renewal is ever due. `first_due` is when
    its first renewal was due as first stated. `waiting` is a decision before any statement. `last` is the event that
    comes last, `flags` are what is odd about the contract itself. `started` is the first day of its terms. What holds
    of it was `held` up to the moment `said_at`; since then it is `said`, as the event `said_by` has left it.
    """

    is_test: bool = False
    stated: ContractSet | None = None
    term: Term | None = None
    terms: int = 0
    waiting: Decision | None = None
    last: RecordedEvent | None = None
    flags: set[str] = set()
    started: int | None = None
    held: Word = Word()
    said: Word = Word()
    said_at: int = 0
    said_by: str = ""


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
    at = event.decided_at if isinstance(event, RenewalDecided) else event.occurred_at
    if at > contract.said_at:
        if sealed is not None:
            hand_over(told(contract), sealed)
            sealed.rows.extend(begun(contract))
        contract.held = contract.said
    match event:
        case ContractSet():
            _state(contract, event, recorded.ingested_at, sealed)
        case RenewalDecided():
            _decide(contract, Decision(event, recorded.ingested_at))
        case _:
            assert_never(event)
    contract.said_at, contract.said_by = at, event.event_id
    contract.said = word_of(contract.started, contract.term)


def told(contract: Contract) -> Iterator[Fact]:
    """Yield what the moment that lasts has changed of what holds."""
    last = contract.last
    if last is not None and not contract.is_test:
        event: ContractEvent = last.event  # type: ignore[assignment] # every event of this entity
        at, by = contract.said_at, contract.said_by
        yield from contract_signs.stated(event.contract_id, at, by, contract.held, contract.said)


def begun(contract: Contract) -> Iterator[ContractStartRow]:
    """Yield the first day of the contract, where the moment that lasts has told another one than before."""
    last, started = contract.last, contract.said.started
    if last is not None and started is not None and started != contract.held.started:
        event: ContractEvent = last.event  # type: ignore[assignment] # every event of this entity
        yield ContractStartRow(
            event.account_id, event.contract_id, contract.said_at, started * DAY, contract.is_test, contract.said_by
        )


def _state(contract: Contract, event: ContractSet, ingested_at: int, sealed: Outputs | None) -> None:
    term, due = contract.term, due_of(event)
    contract.stated = event
    started = day_of(event.starts_at)
    contract.started = started if contract.started is None else min(started, contract.started)
    if term is not None and not follows(term, event):
        if due is None:
            _withdraw(contract, term)
        else:
            _amend(term, event, ingested_at)
        return
    if term is not None and sealed is not None:
        row = renewal_row(term, None, is_test=contract.is_test)
        if not term.is_decided:
            row = implied_row(term, event, ingested_at, is_test=contract.is_test)
        sealed.rows.append(row)
        if not contract.is_test:
            sealed.measures.update(renewal_measures(row))
            hand_over(contract_signs.outcome(row), sealed)
            hand_over(contract_signs.lapsed(row, contract.said_at, event.occurred_at), sealed)
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
