"""How tickets grow: by how much at most, and by which events nothing that they said before is taken back."""

from collections.abc import Iterator, Sequence

from streams.core.algebra import Note, fold_order
from streams.core.events import MessageAdded, MessageChanged, TicketOpened

MESSAGES = 10_000
CHANGES = 10_000
"""Messages, and other events, of one ticket that are in its figures: the first in fold order."""
_MESSAGES = (MessageAdded, MessageChanged)


def keep(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The notes within both limits, out of all in fold order."""
    if len(notes) <= min(MESSAGES, CHANGES):
        return notes
    room = {True: MESSAGES, False: CHANGES}
    kept: list[Note] = []
    for note in notes:
        kind = isinstance(note.event, _MESSAGES)
        if room[kind]:
            room[kind] -= 1
            kept.append(note)
    return notes if len(kept) == len(notes) else tuple(kept)


def stretches(known: Sequence[Note], arrived: Sequence[Note]) -> Iterator[int]:
    """Where in what arrived a new stretch begins: within one, rows are changed or added, and none is taken away.

    So it is while events go forward in time and in fold order and correct nothing. A message may share its moment with
    others; a change may not, for it could undo the one before. A message told of again, or a second opening, may.
    """
    newest = max((note.event.occurred_at for note in known), default=0)
    changed = max((note.event.occurred_at for note in known if not isinstance(note.event, MessageAdded)), default=0)
    place = fold_order(known[-1]) if known else None
    messages = {note.event.message_id for note in known if isinstance(note.event, MessageAdded)}
    for number, note in enumerate(arrived):
        event, following = note.event, fold_order(note)
        at = event.occurred_at
        forward = at >= newest and (place is None or following > place)
        if isinstance(event, MessageAdded):
            forward = forward and event.message_id not in messages
            messages.add(event.message_id)
        else:
            forward = forward and at > changed and not isinstance(event, MessageChanged | TicketOpened)
            changed = max(changed, at)
        if number and not (forward and event.corrects_event_id is None):
            yield number
        newest, place = max(newest, at), following if place is None else max(place, following)
