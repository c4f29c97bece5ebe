"""The engine's side of the comparison must do the same work as the others': every event folded, one output each."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bench.nps import fold, output
from bench.plain_nps import Output, PlainNps
from streams.live.store.memory import MemoryStore

answered = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10)), max_size=40)


@dataclass(frozen=True)
class Told:
    """A record whose value stands for an account and a score."""

    number: int
    account: str
    score: int

    def offset(self) -> int:
        return self.number

    def key(self) -> bytes:
        return self.account.encode()

    def value(self) -> bytes:
        return f"{self.account}{self.score}".encode()

    def timestamp(self) -> tuple[int, int]:
        return 2, 0

    def headers(self) -> None:
        return None


def read(value: bytes) -> dict[str, object]:
    told = value.decode()
    return {"account_id": told[0], "answers": [{"kind": "NPS", "number": float(told[1:])}]}


@given(answered, st.integers(0, 40))
def test_outputs_are_the_running_counts_wherever_the_batches_are_cut(told: list[tuple[str, int]], cut: int) -> None:
    records = [Told(number, account, score) for number, (account, score) in enumerate(told)]
    processor = PlainNps("t", 0, MemoryStore(), read)
    written: list[object] = []
    for part in (records[:cut], records[cut:]):
        processor.process(part)  # thrown away: it must leave no trace
        batch = processor.process(part)
        processor.commit(batch)
        written += batch.signals
        assert batch.records == len(part)
        assert batch.next_offset == (part[-1].number + 1 if part else None)
    expected, counts = [], {}
    for account, score in told:
        counts[account] = fold(counts.get(account, [0, 0, 0]), score)
        expected.append(Output(account, output(counts[account])))
    assert written == expected
