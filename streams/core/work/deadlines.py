"""Deadlines and how they are kept: by the first date that was agreed, so that moving a date makes nothing punctual."""

from streams.core.changes import ONE, Key, Measure

HOUR = 3_600_000_000


def kept(item: str, first_due_at: int, done_at: int | None) -> tuple[Key, Measure]:
    """Return what a deadline adds to the on-time rate of the window that it falls into; `item` is its part.

    What is not done yet has kept nothing. People read by how many hours it was late, below zero where it was early.
    """
    key = ("on_time_rate", item, first_due_at, "")
    if done_at is None:
        return key, (0, ONE, None)
    return key, (ONE if done_at <= first_due_at else 0, ONE, (done_at - first_due_at) / HOUR)
