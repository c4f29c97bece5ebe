"""Declarations of a topic about its events: the kind of entity of each type, and the module that folds that kind.

Everything else that needs these facts is rendered or derived from them: structs and unions of events, prefixes of
state keys, routes to reducers. `contradictions` lists what cannot be true together.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from schemas.topics import Topic

STAGE_CHANGELOG = "account-changelog"
"""The topic in which the account stage keeps its state; its record declares the ledgers of the stage."""
_LETTER = re.compile(r"[A-Za-z]")
_NAME = re.compile(r"[a-z][a-z_]*[a-z]")
_MODULE = re.compile(r"[a-z_]+(\.[a-z_]+)*")


class Entity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of entity, such as ``touch: {prefix: w, module: support.touch}``.

    `prefix` is the letter that its state keys begin with, unique among all kinds and ledgers. `module` stands below
    streams/core and holds the reducer as a constant named like the kind, ``TOUCH``. Where `is_shared` is true, metrics
    of every account depend on its events, whatever account they stand under.
    """

    prefix: str
    module: str
    is_shared: bool = False


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ledger of accounts, such as ``credit: {prefix: l, module: billing.credit}``.

    Its constant is named like the ledger, ``CREDIT_LEDGER``. Ledgers stand in the order in which they hand over; those
    of the stage come behind all others.
    """

    prefix: str
    module: str


class EventType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event type, such as ``touch_logged: {versions: [1], entity: touch}``.

    `versions` name its schemas, oldest first. `entity` is the kind that it belongs to; what carries no envelope, such
    as a signal, belongs to none. `without` names one field and the kind that the event belongs to where that is null:
    ``without: {invoice_id: receipt}``.
    """

    versions: tuple[int, ...]
    entity: str | None = None
    without: dict[str, str] = {}

    @property
    def entities(self) -> tuple[str, ...]:
        """Every kind that events of this type may belong to."""
        return (*(() if self.entity is None else (self.entity,)), *self.without.values())


def contradictions(topics: Iterable["Topic"]) -> Iterator[str]:
    """Yield in sentences what the declarations of all topics contradict."""
    owners: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    for topic in topics:
        kinds: dict[str, Entity | Ledger] = {**topic.ledgers, **topic.stage, **topic.entities}
        for name, kind in kinds.items():
            if not _NAME.fullmatch(name):
                yield f"{name!r} of topic {topic.name} is no lower-case name"
            if owners.setdefault(name, topic.name) != topic.name:
                yield f"{name} is declared by topic {owners[name]} and by topic {topic.name}"
            if not _LETTER.fullmatch(kind.prefix):
                yield f"the prefix of {name} is {kind.prefix!r}, not one letter"
            if not _MODULE.fullmatch(kind.module):
                yield f"the module of {name} is {kind.module!r}, not a dotted name below streams.core"
            if prefixes.setdefault(kind.prefix, name) != name:
                yield f"prefix {kind.prefix!r} is used twice: by {prefixes[kind.prefix]} and by {name}"
        yield from _misplaced(topic)
        yield from _unknown(topic)


def _misplaced(topic: "Topic") -> Iterator[str]:
    """Yield which names of one topic stand for two things, and which ledgers stand in the wrong record."""
    for name in topic.entities.keys() & (topic.ledgers.keys() | topic.stage.keys()):
        yield f"{name} is an entity and a ledger of topic {topic.name}"
    for name in topic.ledgers.keys() & topic.stage.keys():
        yield f"{name} is a ledger of topic {topic.name} and one of the stage"
    if topic.stage and topic.name != STAGE_CHANGELOG:
        yield f"ledgers of the stage stand in the record of {STAGE_CHANGELOG}, not in that of {topic.name}"


def _unknown(topic: "Topic") -> Iterator[str]:
    """Yield what event types and entities of one topic lack of each other."""
    used: set[str] = set()
    for name, event_type in topic.event_types.items():
        used.update(event_type.entities)
        if len(event_type.without) > 1:
            yield f"event type {name} names more than one field under `without`"
        for entity in event_type.entities:
            if entity not in topic.entities:
                yield f"event type {name} belongs to {entity}, which topic {topic.name} does not declare"
    for entity in topic.entities:
        if entity not in used:
            yield f"no event type of topic {topic.name} belongs to its entity {entity}"
