"""Open outputs of a contract: its row, the renewal of the term that lasts, and what somebody should learn of."""

from operator import attrgetter

from streams.core.algebra import Signal, derived_id
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import ContractEvent
from streams.core.health.handing import hand_over
from streams.core.limits import NEVER
from streams.core.outputs import Outputs, Scope
from streams.core.success import contract_signs
from streams.core.success.contract_fold import Contract, apply, begun, sort_key, told
from streams.core.success.contract_rows import contract_row, renewal_row, status_of
from streams.core.success.measures import renewal_measures
from streams.core.success.terms import Term

_SIGNALS = {"overdue": "renewal_undecided", "renewed_auto": "contract_renewed_auto"}
"""Signals by what a renewal came to because nobody decided."""


def project(contract: Contract, scope: Scope, outputs: Outputs) -> None:
    """List the contract, and the renewal of its term where one is ever due."""
    last, term = contract.last, contract.term
    if last is None:
        return
    flags = contract.flags if contract.waiting is None else contract.flags | {"decided_without_contract"}
    outputs.rows.append(contract_row(last, contract.stated, term, tuple(flags), is_test=contract.is_test))
    outputs.rows.extend(begun(contract))
    hand_over(told(contract), outputs)
    if term is None:
        return
    row = renewal_row(term, scope.passed, is_test=contract.is_test)
    outputs.rows.append(row)
    if not contract.is_test:
        outputs.measures.update(renewal_measures(renewal_row(term, None, is_test=False)))
        hand_over(contract_signs.outcome(row), outputs)
        hand_over(contract_signs.lapsed(row, contract.said_at, None), outputs)
        outputs.signals.update(_signals(term, scope.passed))


def deadline(contract: Contract, scope: Scope) -> int:
    """Return when the renewal comes out by itself: at the end of the notice where it renews itself, else when due."""
    term = contract.term
    if term is None or term.deadline <= scope.passed:
        return NEVER
    return term.deadline


def _signals(term: Term, passed: int) -> dict[str, Signal]:
    """Return, by id, that a renewal came out without a decision; nobody is called about what was stored only later."""
    kind = None if term.decision is not None else _SIGNALS.get(status_of(term, passed))
    if kind is None or term.ingested_at >= term.turns_at:
        return {}
    stated = term.stated
    detail = {
        "due_at": str(term.due),
        "notice_at": str(term.notice_at),
        "annual_value": str(stated.annual_value),
        "currency": stated.currency,
        "exponent": str(stated.exponent),
    }
    signal_id = derived_id(stated.event_id, kind)
    return {signal_id: Signal(signal_id, kind, stated.account_id, stated.contract_id, term.turns_at, detail)}


CONTRACT = Reducer(
    kind="contract",
    prefix=PREFIXES["contract"],
    events=ContractEvent,
    identify=attrgetter("contract_id"),
    accumulator=Contract,
    apply=apply,
    project=project,
    sort_key=sort_key,
    deadline=deadline,
)
