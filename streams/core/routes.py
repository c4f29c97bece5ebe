"""Routes from an event to its reducer, derived from what the topics declare, and checked."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from streams.core.declarations import Declared, Kinds, Ledger, Reducer
from streams.core.entities import PREFIXES, SHARED
from streams.core.events import EVENT_TYPES, Envelope, Event
from streams.core.reducers import LEDGERS as LEDGERS_BY_NAME
from streams.core.reducers import REDUCERS as REDUCERS_BY_KIND
from streams.core.reducers import STAGE as STAGE_BY_NAME


def contradictions(
    events: Iterable[type[Envelope]],
    reducers: Mapping[Any, Reducer[Any]],
    ledgers: Mapping[Any, Ledger[Any, Any]],
    prefixes: Mapping[Any, str],
) -> Iterator[str]:
    """Yield in sentences where reducers and ledgers, by their declared names, differ from what topics declare."""
    declared: dict[str, set[type]] = {kind: set() for kind in reducers}
    for event in events:
        for kind in (event.ENTITY, *(() if event.WITHOUT is None else (event.WITHOUT[1],))):
            if kind not in reducers:
                yield f"event type {event.EVENT_TYPE} belongs to {kind}, which has no reducer"
            declared.setdefault(kind, set()).add(event)
    for kind, reducer in reducers.items():
        if reducer.kind != kind:
            yield f"the reducer of {kind} calls itself {reducer.kind}"
        folded = set(get_args(reducer.events) or (reducer.events,))
        if folded != declared[kind]:
            yield f"the reducer of {kind} folds {_names(folded)}, the topics declare {_names(declared[kind])}"
    owners: dict[str, str] = {}
    every: Mapping[str, Declared] = {**reducers, **ledgers}
    for name, each in every.items():
        if each.prefix != prefixes.get(name):
            yield f"{name} has the prefix {each.prefix!r}, the topics declare {prefixes.get(name)!r}"
        if owners.setdefault(each.prefix, name) != name:
            yield f"prefix {each.prefix!r} is used twice: by {owners[each.prefix]} and by {name}"


def _names(events: Iterable[type | None]) -> str:
    return ", ".join(sorted("nothing" if event is None else event.__name__ for event in events)) or "nothing"


_WRONG = list(contradictions(EVENT_TYPES.values(), REDUCERS_BY_KIND, {**LEDGERS_BY_NAME, **STAGE_BY_NAME}, PREFIXES))
if _WRONG:
    raise ValueError("streams.core.reducers: " + "; ".join(_WRONG))

REDUCERS: dict[type[Event], Reducer[Any]] = {event: REDUCERS_BY_KIND[event.ENTITY] for event in EVENT_TYPES.values()}
_WITHOUT = {
    event: (event.WITHOUT[0], REDUCERS_BY_KIND[event.WITHOUT[1]])
    for event in EVENT_TYPES.values()
    if event.WITHOUT is not None
}
BY_PREFIX: dict[str, Reducer[Any]] = {reducer.prefix: reducer for reducer in REDUCERS_BY_KIND.values()}
LEDGERS: dict[str, Ledger[Any, Any]] = {ledger.prefix: ledger for ledger in LEDGERS_BY_NAME.values()}
"""By their own prefix; each hands over to later ones only."""
STAGE: dict[str, Ledger[Any, Any]] = {ledger.prefix: ledger for ledger in STAGE_BY_NAME.values()}
"""Ledgers of the account stage, by their own prefix; all others are before them."""
SHARED_TYPES = frozenset(event.EVENT_TYPE for event in EVENT_TYPES.values() if event.ENTITY in SHARED)
"""Types of events that metrics of every account depend on, whatever account they stand under."""


def reducer_of(event: Any) -> Reducer[Any]:
    """Return the reducer of an event: by its type, and where that depends on a field, by whether the field is null."""
    kind = type(event)
    if kind in _WITHOUT:
        field, other = _WITHOUT[kind]
        if getattr(event, field) is None:
            return other
    return REDUCERS[kind]


KINDS = Kinds(BY_PREFIX, LEDGERS, reducer_of, STAGE)
"""All that the product folds."""
