"""Histories of event types that have no strategy of their own, drawn from structs, so that no type escapes the laws.

Values are what the type and the rules of admission allow, few enough that events of an entity meet. Where the events of
a kind should meet in ways of their own, `histories.py` and its neighbours have strategies for them.
"""

from collections.abc import Collection, Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import EVENT_TYPES
from streams.core.reducers import REDUCERS
from tests.support.histories import ENVELOPE, START, SURVEY, histories_of, times
from tests.support.histories_billing import BILLING
from tests.support.histories_feedback import FEEDBACK
from tests.support.histories_identity import IDENTITY
from tests.support.histories_relationship import RELATIONSHIP
from tests.support.histories_success import SUCCESS
from tests.support.histories_support import SUPPORT
from tests.support.histories_work import WORK

Strategy = st.SearchStrategy[Any]
_ID = "00000000-0000-4000-8000-000000000000"
_LATER = START + 400 * 86_400_000_000
_TEXTS = {
    "currency": ("EUR", "USD"),
    "base": ("EUR", "USD"),
    "quote": ("UAH", "USD"),
    "time_zone": ("UTC", "Europe/Kyiv"),
    "date": ("2023-11-20", "2023-12-25"),
    "metric": ("first_reply", "resolution"),
}
"""What is no free text, by the name of the field."""
_MOMENTS = ("_at", "_from", "_to", "_start", "_end")
_BASE = {*ENVELOPE, "actor", "corrects_event_id", "is_retraction"}


def of_struct(struct: Any) -> Strategy:
    """Return events of one type that admission takes."""
    hints = get_type_hints(struct)
    named = {name: _values(name, hints[name]) for name in struct.__struct_fields__ if name not in _BASE}
    return st.builds(struct, **ENVELOPE, **named).filter(_is_admitted)


def _is_admitted(event: Any) -> bool:
    return check(msgspec.structs.replace(event, event_id=_ID), b"acme", _LATER) is None


def _values(name: str, hint: Any) -> Strategy:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return st.none() | _values(name, inner)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(_values(name, arguments[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        fields = get_type_hints(hint)
        return st.builds(hint, **{each: _values(each, fields[each]) for each in hint.__struct_fields__})
    return _plain(name, hint)


def _plain(name: str, hint: Any) -> Strategy:
    if hint is str:
        return st.sampled_from(_TEXTS.get(name, (f"{name}1", f"{name}2")))
    if hint is int and name.endswith(_MOMENTS):
        return times
    return {int: st.integers(1, 3), bool: st.booleans(), float: st.sampled_from([1.0, 4.0, 5.0])}[hint]


def _histories(structs: Collection[Any]) -> Iterator[st.SearchStrategy[list[RecordedEvent]]]:
    """Yield histories of each kind of entity that one of these structs belongs to."""
    for reducer in REDUCERS.values():
        events = get_args(reducer.events) or (reducer.events,)
        if not set(events).isdisjoint(structs):
            yield histories_of(st.one_of([of_struct(each) for each in events]), max_size=7)


WRITTEN = {
    *SURVEY,
    *BILLING,
    *FEEDBACK,
    *IDENTITY,
    *WORK,
    *SUCCESS,
    *RELATIONSHIP,
    *(EVENT_TYPES[name] for name in SUPPORT),
}
"""Event types with strategies of their own."""


def other_histories() -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of one kind of entity each, of the kinds with an event type that nobody wrote a strategy for."""
    return st.one_of(list(_histories(set(EVENT_TYPES.values()) - WRITTEN)))
