"""Routes follow what topics declare; a reducer that differs from it is named before an event is folded."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from schemas.topics import load_topics
from streams.core.entities import PREFIXES
from streams.core.events import (
    EVENT_TYPES,
    InvitationEvent,
    PaymentReceived,
    PaymentReturned,
    RefundEvent,
    TouchEvent,
)
from streams.core.reducers import LEDGERS, REDUCERS
from streams.core.routes import SHARED_TYPES, contradictions, reducer_of

EVENTS = tuple(EVENT_TYPES.values())


def found(
    reducers: Mapping[Any, Any] = REDUCERS, ledgers: Mapping[Any, Any] = LEDGERS, prefixes: Mapping[Any, Any] = PREFIXES
) -> list[str]:
    return list(contradictions(EVENTS, reducers, ledgers, prefixes))


def test_every_event_type_is_routed_to_the_entity_that_its_topic_declares() -> None:
    """The YAML record is the one place where the fact stands, so nothing else may say otherwise."""
    declared = {name: of for topic in load_topics().values() for name, of in topic.event_types.items() if of.entity}
    assert {name: REDUCERS[struct.ENTITY].kind for name, struct in EVENT_TYPES.items()} == {
        name: of.entity for name, of in declared.items()
    }
    assert {name: struct.WITHOUT for name, struct in EVENT_TYPES.items() if struct.WITHOUT} == {
        name: next(iter(of.without.items())) for name, of in declared.items() if of.without
    }
    assert found() == []


@pytest.mark.parametrize("invoice_id", [None, "i1"])
def test_what_came_back_of_money_goes_to_its_invoice_or_to_its_receipt(invoice_id: str | None) -> None:
    """A return names an invoice or only a payment; state and figures of both depend on which entity takes it."""
    envelope: dict[str, Any] = {"event_id": "e", "account_id": "a", "occurred_at": 1, "source": "s"}
    amount: dict[str, Any] = {"payment_id": "p", "amount": 1, "currency": "EUR", "exponent": 2}
    event = PaymentReturned(**envelope, **amount, return_id="r", returned_at=1, invoice_id=invoice_id)
    assert reducer_of(event).kind == ("receipt" if invoice_id is None else "invoice")
    assert reducer_of(PaymentReceived(**envelope, **amount, received_at=1)).kind == "receipt"


def test_what_all_accounts_share_is_declared_with_its_kind() -> None:
    """`cx explain` reads these events wherever they stand; a list of its own would forget the next setting."""
    settings = set(load_topics()["config"].event_types)
    items = {"feedback_item_opened", "feedback_item_state_changed", "feedback_item_merged"}
    assert settings | items | {"survey_defined"} == SHARED_TYPES


@pytest.mark.parametrize(
    ("reducers", "said"),
    [
        pytest.param(
            {kind: reducer for kind, reducer in REDUCERS.items() if kind != "touch"},
            "event type touch_logged belongs to touch, which has no reducer",
            id="no reducer",
        ),
        pytest.param(
            {**REDUCERS, "touch": replace(REDUCERS["touch"], kind="call")},
            "the reducer of touch calls itself call",
            id="another name",
        ),
        pytest.param(
            {**REDUCERS, "touch": replace(REDUCERS["touch"], prefix="t")},
            "touch has the prefix 't', the topics declare 'w'",
            id="another prefix",
        ),
        pytest.param(
            {**REDUCERS, "touch": replace(REDUCERS["touch"], prefix="t")},
            "prefix 't' is used twice: by ticket and by touch",
            id="a prefix that another has",
        ),
        pytest.param(
            {**REDUCERS, "touch": replace(REDUCERS["touch"], events=RefundEvent)},
            "the reducer of touch folds PaymentRefunded, RefundFailed, the topics declare TouchLogged",
            id="other events",
        ),
        pytest.param(
            {**REDUCERS, "touch": replace(REDUCERS["touch"], events=None)},
            "the reducer of touch folds nothing, the topics declare TouchLogged",
            id="no events",
        ),
        pytest.param(
            {**REDUCERS, "unheard_of": replace(REDUCERS["touch"], kind="unheard_of", prefix="?", events=TouchEvent)},
            "the reducer of unheard_of folds TouchLogged, the topics declare nothing",
            id="a kind that no topic declares",
        ),
        pytest.param(
            {**REDUCERS, "response": replace(REDUCERS["response"], events=InvitationEvent)},
            "the reducer of response folds InvitationBounced, InvitationDelivered, InvitationOpened, InvitationSent,"
            " the topics declare FollowupLogged, ResponseCorrected, ResponseDeleted, ResponseSubmitted, ResponseTagged",
            id="the events of another kind",
        ),
    ],
)
def test_a_reducer_that_differs_from_the_topics_is_named(reducers: Mapping[Any, Any], said: str) -> None:
    """A worker must not start on routes that lose events or overwrite the state of another kind."""
    assert said in found(reducers)


def test_a_ledger_under_the_letter_of_an_entity_is_named() -> None:
    """Ledgers keep their records beside those of entities."""
    ledgers = {**LEDGERS, "credit": replace(LEDGERS["credit"], prefix="t")}
    assert "credit has the prefix 't', the topics declare 'l'" in found(ledgers=ledgers)
    assert "prefix 't' is used twice: by ticket and by credit" in found(ledgers=ledgers)
