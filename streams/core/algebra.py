"""The algebra every reducer shares: recorded events, fold order, fingerprints, differences of rows.

An entity's state is the *set* of distinct events that named it, kept sorted in fold order. Rows are a function of that
set alone, so duplicates, splits and any order of arrival end in the same rows by construction.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence

import msgspec

from streams.core.events import Event
from streams.core.rows import Row

CLAIM_ID = 16
CLAIM = CLAIM_ID + 8
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


def fold_order(note: Note) -> Place:
    """Place of a note inside its entity: source version, then business time, then id (a total order).

    Two sources may give the same id to different events, so the source decides last.
    """
    event = note.event
    version = event.entity_version
    return (-1 if version is None else version, event.occurred_at, event.event_id, event.source)


def claim(source: str, event_id: str, payload: bytes) -> bytes:
    """Who an event is (16 bytes) and what it says (8 bytes): equal claims are duplicates, equal ids a conflict."""
    identity, content = _IDENTITY.copy(), _CONTENT.copy()  # a quarter less time than new hashes take
    identity.update(f"{source}\0{event_id}".encode())
    content.update(payload)
    return identity.digest() + content.digest()


def claims_in(packed: bytes) -> Iterable[bytes]:
    return (packed[at : at + CLAIM] for at in range(0, len(packed), CLAIM))


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
