"""The change rows of an entity: what each of its events changed in its measures when the event arrived.

The order is that of the log: a partition gives its events in one order, live and in every replay. Time stamps alone are
no order, because a broker stamps a whole batch of records alike and its clock may be set back. So a row is written
once, with its event, and no later event changes it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from streams.core.algebra import Note
from streams.core.changes import NO_MEASURES, change_rows
from streams.core.rows import MetricChangeRow

if TYPE_CHECKING:
    from streams.core.reducer import Reducer


def stepped(reducer: "Reducer[Any]", note: Note, before: Any, after: Any) -> Sequence[MetricChangeRow]:
    """Return the rows of one more note; `before` and `after` are the views without it and with it.

    `before` is None for the first note of an entity.
    """
    measures = reducer.measures
    if measures is None:
        return ()
    earlier = NO_MEASURES if before is None else measures(before)
    return change_rows(note, reducer.kind, reducer.identify(note.event), earlier, measures(after))
