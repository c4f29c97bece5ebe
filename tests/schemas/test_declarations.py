"""What topics declare of events, entities and ledgers: contradictions are named."""

import msgspec
import pytest

from schemas.declarations import Entity, EventType, Ledger, contradictions
from schemas.topics import Topic, load_topics

SUPPORT = msgspec.structs.replace(
    load_topics()["support"],
    event_types={"ticket_opened": EventType((1,), "ticket"), "touch_logged": EventType((1,), "touch")},
    entities={"ticket": Entity("t", "support.projection"), "touch": Entity("w", "support.touch")},
    ledgers={"handled": Ledger("z", "support.handled")},
)
BILLING = msgspec.structs.replace(
    load_topics()["billing"],
    event_types={"act_signed": EventType((1,), "act")},
    entities={"act": Entity("a", "billing.whole")},
    ledgers={},
)


def found(*topics: Topic) -> list[str]:
    return list(contradictions(topics))


def test_declarations_that_agree_are_taken() -> None:
    """The check must not refuse what is right, or every other case here would prove nothing."""
    assert found(SUPPORT, BILLING) == []
    assert found(*load_topics().values()) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(
            {"entities": {**SUPPORT.entities, "touch": Entity("t", "support.touch")}},
            "prefix 't' is used twice: by ticket and by touch",
            id="two kinds under one letter would overwrite each other's state",
        ),
        pytest.param(
            {"ledgers": {"handled": Ledger("a", "support.handled")}},
            "prefix 'a' is used twice: by handled and by act",
            id="so would a ledger and a kind of another topic",
        ),
        pytest.param(
            {"entities": {**SUPPORT.entities, "touch": Entity("to", "support.touch")}},
            "the prefix of touch is 'to', not one letter",
            id="the machine reads one letter of a key",
        ),
        pytest.param(
            {"entities": {**SUPPORT.entities, "touch": Entity("w", "support/touch.py")}},
            "the module of touch is 'support/touch.py', not a dotted name below streams.core",
            id="a module is imported by its name",
        ),
        pytest.param(
            {"event_types": {**SUPPORT.event_types, "touch_logged": EventType((1,), "toch")}},
            "event type touch_logged belongs to toch, which topic support does not declare",
            id="an event type of a kind that is not there has no reducer",
        ),
        pytest.param(
            {"event_types": {**SUPPORT.event_types, "touch_logged": EventType((1,), "act")}},
            "event type touch_logged belongs to act, which topic support does not declare",
            id="a worker folds the topics of an entity apart, so an entity has one topic",
        ),
        pytest.param(
            {"event_types": {"ticket_opened": EventType((1,), "ticket")}},
            "no event type of topic support belongs to its entity touch",
            id="a kind without events is a reducer that nothing reaches",
        ),
        pytest.param(
            {"entities": {**SUPPORT.entities, "act": Entity("x", "support.act")}},
            "act is declared by topic support and by topic billing",
            id="a kind names one thing",
        ),
        pytest.param(
            {"ledgers": {"touch": Ledger("z", "support.handled")}},
            "touch is an entity and a ledger of topic support",
            id="a name stands for an entity or for a ledger",
        ),
        pytest.param(
            {"entities": {**SUPPORT.entities, "Touch-1": Entity("x", "support.touch")}},
            "'Touch-1' of topic support is no lower-case name",
            id="a kind becomes the name of a constant and of a union",
        ),
        pytest.param(
            {"event_types": {**SUPPORT.event_types, "seen": EventType((1,), "touch", {"a": "ticket", "b": "ticket"})}},
            "event type seen names more than one field under `without`",
            id="of two fields nobody knows which one decides",
        ),
        pytest.param(
            {"stage": {"warmth": Ledger("y", "support.warmth")}},
            "ledgers of the stage stand in the record of account-changelog, not in that of support",
            id="members of several topics feed a stage, so none of them declares it",
        ),
        pytest.param(
            {"stage": {"handled": Ledger("z", "support.handled")}},
            "handled is a ledger of topic support and one of the stage",
            id="a ledger lives in one place",
        ),
        pytest.param(
            {"stage": {"warmth": Ledger("a", "support.warmth")}},
            "prefix 'a' is used twice: by warmth and by act",
            id="keys of a stage and of a partition are told apart by their letter",
        ),
    ],
)
def test_a_contradiction_is_named(changed: dict[str, object], said: str) -> None:
    """Whoever declares an event reads what is wrong, and not the traceback of what follows from it."""
    assert said in found(msgspec.structs.replace(SUPPORT, **changed), BILLING)


def test_topics_that_contradict_each_other_are_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be rendered from, or run on, declarations that cannot be true."""
    monkeypatch.setattr("schemas.topics.contradictions", lambda _topics: iter(["prefix 't' is used twice"]))
    load_topics.cache_clear()
    try:
        with pytest.raises(ValueError, match="schemas/topics: prefix 't' is used twice"):
            load_topics()
    finally:
        monkeypatch.undo()
        load_topics.cache_clear()
