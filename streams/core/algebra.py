"""The algebra every reducer shares: notes, fold order, corrections, facts.

An entity's state is the *set* of distinct events that named it, kept sorted in fold order. Rows are a function of that
set alone, so duplicates, splits and any order of arrival end in the same rows by construction.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.core.events import Event
from streams.core.rows import Row

CLAIM_ID = 16
CLAIM = CLAIM_ID + 8
_SORTS_FASTER = 100
_IDENTITY = hashlib.blake2b(digest_size=CLAIM_ID)
_CONTENT = hashlib.blake2b(digest_size=CLAIM - CLAIM_ID)
Place = tuple[int, int, str, str]
SortKey = tuple[int | str, ...]
"""Position of an item in its log. Keys of one log have equal shapes, so that any two of them compare."""
NAMESPACE = uuid.UUID("5f1c7d5e-3a55-5c0e-9c1f-6a1f0f6a7c01")
_IN_NAMESPACE = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)  # the standard names SHA-1


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event as it was noted: the event and when Kafka stored it (microseconds since 1970, UTC).

    `is_load` says that its sender loaded what had happened before, as an import does: nothing of it is late. `patches`
    are later events that change how this one counts, in order of position; a log puts them here.
    """

    event: Event
    ingested_at: int
    is_load: bool = False
    patches: tuple["Note", ...] = ()


class Signal(msgspec.Struct, frozen=True, gc=False):
    """Something a person or a program should learn of now; `signal_id` makes delivery idempotent."""

    signal_id: str
    kind: str
    account_id: str
    subject_id: str
    at: int
    detail: dict[str, str] = {}


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What a step brings about: rows to write, rows to take away, signals to raise.

    `part` is what the entity contributes to its roll-up from now on; None where it has none. `cause` is the note that
    brought it about; None where rules or time did.
    """

    rows: Sequence[Row] = ()
    removed: Sequence[Row] = ()
    signals: Sequence[Signal] = ()
    part: Any = None
    cause: Note | None = None


def fold_order(note: Note) -> Place:
    """Place of a note inside its entity: source version, then business time, then id (a total order).

    Two sources may give the same id to different events, so the source decides last.
    """
    event = note.event
    version = event.entity_version
    return (-1 if version is None else version, event.occurred_at, event.event_id, event.source)


def insert(notes: tuple[Note, ...], note: Note) -> tuple[Note, ...]:
    """The notes with one more, still in fold order. Appending, the common case, compares once."""
    place = fold_order(note)
    if not notes or fold_order(notes[-1]) < place:
        return (*notes, note)
    return tuple(sorted((*notes, note), key=fold_order))


def effective(notes: tuple[Note, ...]) -> Sequence[Note]:
    """Notes that still stand, in fold order: those retracted or replaced by a later standing note are left out.

    Reading from the last note back makes the outcome unique: a correction speaks only of earlier notes, and a
    correction that is itself retracted no longer speaks.
    """
    for note in notes:
        if note.event.corrects_event_id is not None:
            return _standing(notes)
    return notes


def _standing(notes: tuple[Note, ...]) -> list[Note]:
    overruled: set[str] = set()
    standing: list[Note] = []
    for note in reversed(notes):
        event = note.event
        if event.event_id in overruled:
            continue
        if event.corrects_event_id is not None:
            overruled.add(event.corrects_event_id)
        if not event.is_retraction:
            standing.append(note)
    standing.reverse()
    return standing


def claim(source: str, event_id: str, payload: bytes) -> bytes:
    """Who an event is (16 bytes) and what it says (8 bytes): equal claims are duplicates, equal ids a conflict."""
    identity, content = _IDENTITY.copy(), _CONTENT.copy()  # a quarter less time than new hashes take
    identity.update(f"{source}\0{event_id}".encode())
    content.update(payload)
    return identity.digest() + content.digest()


def claims_in(packed: bytes) -> Iterable[bytes]:
    return (packed[at : at + CLAIM] for at in range(0, len(packed), CLAIM))


def with_claim(packed: bytes, one: bytes) -> bytes:
    """Packed claims with one more, sorted, so that equal sets of events have equal states."""
    if not packed:
        return one
    at = _place(packed, one[:CLAIM_ID])
    return packed[:at] + one + packed[at:]


def with_claims(packed: bytes, several: Sequence[bytes]) -> bytes:
    """Packed claims with several more, sorted. A few are put into many one by one, which copies but looks at none."""
    if len(several) * _SORTS_FASTER > len(packed) // CLAIM:
        return b"".join(sorted((*claims_in(packed), *several)))
    for one in several:
        packed = with_claim(packed, one)
    return packed


def digest_of(packed: bytes, identity: bytes) -> bytes | None:
    """The content digest that an entity remembers for an event identity, or None."""
    at = _place(packed, identity)
    return packed[at + CLAIM_ID : at + CLAIM] if packed[at : at + CLAIM_ID] == identity else None


def _place(packed: bytes, identity: bytes) -> int:
    """Where an identity stands among packed claims, or would stand. They are sorted, and a ticket may have 100,000."""
    low, high = 0, len(packed) // CLAIM
    while low < high:
        middle = (low + high) // 2
        if packed[middle * CLAIM : middle * CLAIM + CLAIM_ID] < identity:
            low = middle + 1
        else:
            high = middle
    return low * CLAIM


def derived_id(event_id: str, kind: str, ordinal: int = 0) -> str:
    """A reproducible id of something that follows from an event: UUIDv5 of (event id, kind, ordinal).

    Spelt out (RFC 9562, 5.5), because `uuid.uuid5` takes four times as long for the same text.
    """
    name = _IN_NAMESPACE.copy()
    name.update(f"{event_id}/{kind}/{ordinal}".encode())
    digits = name.hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def difference(before: Sequence[Row], after: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """(rows to write, rows to take away) that turn what `before` wrote into `after`."""
    if not before:
        return after, ()
    old = {row.identity(): row for row in before}
    written = [row for row in after if old.pop(row.identity(), None) != row]
    return written, list(old.values())
