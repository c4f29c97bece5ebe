"""How tickets grow: by how much at most, and by which events nothing that they said before is taken back."""

from collections.abc import Iterator, Sequence

import msgspec

from streams.core.algebra import Note, Place, fold_order
from streams.core.events import MessageAdded, MessageChanged, TicketOpened

MESSAGES = 5_000
CHANGES = 5_000
"""Messages, and other events, of one ticket that are in its figures: the first in fold order."""
BYTES = 4 << 20
"""As much of either is kept in a state, which has to fit into one record of the changelog."""
EVENT_BYTES = 16 << 10
"""As long an event of a ticket may be: it holds names, and no text."""
FEW = 200
"""So many are within all limits, however long each is."""
_encode = msgspec.msgpack.Encoder().encode
_MESSAGES = (MessageAdded, MessageChanged)
_FIRST: Place = (-2, 0, "", "")
"""Before every place in fold order."""


def keep(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The notes within all limits, out of all in fold order; of each kind the last may reach beyond its BYTES.

    What has no room is forgotten, so nothing that comes after it may have room.
    """
    if len(notes) <= min(FEW, MESSAGES, CHANGES):
        return notes
    most = {True: [MESSAGES, BYTES], False: [CHANGES, BYTES]}
    kept: list[Note] = []
    for note in notes:
        room = most[isinstance(note.event, _MESSAGES)]
        if min(room) > 0:
            kept.append(note)
        room[0] -= 1
        room[1] -= len(_encode(note))
    return notes if len(kept) == len(notes) else tuple(kept)


def stretches(known: Sequence[Note], arrived: Sequence[Note]) -> Iterator[int]:
    """Where in what arrived a new stretch begins: within one, no row is taken away but for those in `ever`.

    A change that goes forward in time and in fold order only adds rows; one that shares its moment with another could
    undo it. A message adds rows wherever it comes, unless it was told of before or precedes what corrections compared.
    """
    last = fold_order(known[-1]) if known else _FIRST
    newest, changed, compared = (0, 0, _FIRST) if _only_more(arrived, last) else _reached(known)
    messages = {note.event.message_id for note in known if isinstance(note.event, MessageAdded)}
    for number, note in enumerate(arrived):
        event, place = note.event, fold_order(note)
        at = event.occurred_at
        if isinstance(event, MessageAdded):
            adds = place > compared and event.message_id not in messages
            messages.add(event.message_id)
        else:
            adds = at >= newest and at > changed and place > last and not isinstance(event, TicketOpened)
            changed = max(changed, at)
        if _compares(note):
            adds, compared = False, max(compared, place)
        if number and not adds:
            yield number
        newest, last = max(newest, at), max(last, place)


def _only_more(arrived: Sequence[Note], last: Place) -> bool:
    """Whether all that came are messages behind whatever is known: of that, nothing but their names matters then."""
    return all(isinstance(note.event, MessageAdded) and fold_order(note) > last for note in arrived)


def _reached(known: Sequence[Note]) -> tuple[int, int, Place]:
    """(newest event, newest change, last place that the log compared) of what is known."""
    newest = max((note.event.occurred_at for note in known), default=0)
    changed = max((note.event.occurred_at for note in known if not isinstance(note.event, MessageAdded)), default=0)
    return newest, changed, max((fold_order(note) for note in known if _compares(note)), default=_FIRST)


def _compares(note: Note) -> bool:
    """Whether the log of restatements compares what was known with this event and without it."""
    return note.event.corrects_event_id is not None or isinstance(note.event, MessageChanged)
