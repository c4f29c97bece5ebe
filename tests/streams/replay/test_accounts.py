from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.replay.accounts import keys_in, narrowed, weighed
from streams.replay.log import Bounds, Place
from streams.replay.plan import Stretch
from tests.support.records import Record

_KEYS = st.lists(st.sampled_from([b"acme", b"bolt", b"coil", None]), max_size=12)
_LOGS = st.lists(_KEYS, min_size=1, max_size=3)


class _Log:
    """Partitions of one topic as lists of keys; every value is as long as its offset."""

    def __init__(self, keys: list[list[bytes | None]]) -> None:
        self._keys = keys

    def bounds(self, topics: Sequence[str]) -> dict[Place, Bounds]:
        return {(topic, number): Bounds(0, len(keys)) for topic in topics for number, keys in enumerate(self._keys)}

    def at(self, place: Place, micros: int) -> int | None:
        raise NotImplementedError

    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]:
        records = [Record(at, key, b"x" * at) for at, key in enumerate(self._keys[place[1]])][start:end]
        for at in range(0, len(records), 5):
            yield records[at : at + 5]

    def whole(self) -> list[Stretch]:
        return [
            Stretch(topic="survey", partition=number, start=0, end=len(keys)) for number, keys in enumerate(self._keys)
        ]


@given(_LOGS, st.sets(st.sampled_from(["acme", "bolt", "nobody"]), min_size=1))
def test_what_is_read_for_some_accounts_holds_every_record_of_theirs(
    keys: list[list[bytes | None]], accounts: set[str]
) -> None:
    """From the first event on: one that was left out would make the account's rows wrong. The cost is exact."""
    log = _Log(keys)
    stretches, share, found = narrowed(log, log.whole(), accounts)
    theirs = {account.encode() for account in accounts}
    for each, partition in zip(stretches, keys, strict=True):
        outside = partition[: each.start] + partition[each.end :]
        assert not theirs & set(outside)
        assert each.start == each.end or partition[each.start] in theirs
    everything = [key for partition in keys for key in partition]
    assert share.records == sum(key in theirs for key in everything)
    assert share.records + share.passed_over == sum(each.records for each in stretches)
    assert found == {account for account in accounts if account.encode() in everything}


@given(_LOGS)
def test_a_range_means_the_accounts_whose_keys_lie_in_it(keys: list[list[bytes | None]]) -> None:
    """A record without a key is a dead letter and belongs to nobody."""
    log = _Log(keys)
    assert keys_in(log, log.whole()) == {key.decode() for partition in keys for key in partition if key}


@given(_LOGS)
def test_whole_stretches_are_weighed_by_a_sample(keys: list[list[bytes | None]]) -> None:
    """Few records are all looked at; the estimate must then be exact but for rounding."""
    log = _Log(keys)
    share = weighed(log, log.whole())
    exact = sum(len(key or b"") + at for partition in keys for at, key in list(enumerate(partition))[:5])
    assert share.records == sum(map(len, keys))
    if all(len(partition) <= 5 for partition in keys):
        assert share.bytes == exact
