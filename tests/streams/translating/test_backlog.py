"""Fairness between sources is a promise that nobody would notice broken until one floods."""

from hypothesis import given
from hypothesis import strategies as st

from streams.translating.backlog import Backlog, Bounds, Place

BOUNDS = Bounds(share=3, share_bytes=100, waiting=6, waiting_bytes=300)
PLACES: list[Place] = [("raw.stripe", 0), ("raw.stripe", 1), ("raw.zendesk", 0)]


class Record:
    """A record with a number and so many bytes."""

    def __init__(self, number: int, size: int) -> None:
        self.number, self._size = number, size

    def value(self) -> bytes:
        return bytes(self._size)


arrivals = st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 150)), max_size=60)


@given(arrivals, st.data())
def test_every_partition_gets_its_records_once_and_in_order(told: list[tuple[Place, int]], data: st.DataObject) -> None:
    """A record that is skipped would be committed past, and lost."""
    backlog: Backlog[Record] = Backlog(BOUNDS)
    got: dict[Place, list[int]] = {place: [] for place in PLACES}
    for number, (place, size) in enumerate(told):
        backlog.put(place, Record(number, size))
        if data.draw(st.booleans()):
            for owner, records in backlog.take().items():
                got[owner] += [record.number for record in records]
    while len(backlog):
        for owner, records in backlog.take().items():
            got[owner] += [record.number for record in records]
    assert got == {place: [at for at, (owner, _) in enumerate(told) if owner == place] for place in PLACES}


@given(arrivals)
def test_no_flood_keeps_another_partition_waiting(told: list[tuple[Place, int]]) -> None:
    """What is next in its own partition is in the very next batch, whatever waits elsewhere."""
    backlog: Backlog[Record] = Backlog(BOUNDS)
    for number, (place, size) in enumerate(told):
        backlog.put(place, Record(number, size))
    batch = backlog.take()
    assert set(batch) == {place for place, _ in told}
    assert all(1 <= len(records) <= BOUNDS.share for records in batch.values())


def test_a_partition_that_is_full_is_not_read_further() -> None:
    """Memory is bounded by what one partition may keep waiting, in records and in bytes."""
    backlog: Backlog[Record] = Backlog(BOUNDS)
    for number in range(BOUNDS.waiting):
        assert not backlog.is_full(PLACES[0])
        backlog.put(PLACES[0], Record(number, 1))
    backlog.put(PLACES[1], Record(0, BOUNDS.waiting_bytes))
    assert backlog.is_full(PLACES[0])
    assert backlog.is_full(PLACES[1])
    backlog.take()
    assert not backlog.is_full(PLACES[0])
    backlog.drop(PLACES)
    assert not len(backlog)
