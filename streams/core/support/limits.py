"""How long a ticket may get: its state is one record of a changelog, and every change reads all of it."""

from streams.core.algebra import Note
from streams.core.events import MessageAdded, MessageChanged

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
