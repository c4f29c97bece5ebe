"""The checkers themselves: a suite that finds nothing is worth what its checkers would have found.

No server: a mix is laid out as partitions, a flawless outcome is made from what is expected, and each way to spoil it
must be seen and counted as what it is.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import control
from tests.faults.expected import Expected, Record, expect
from tests.faults.mix import OTHER_PARTITION, POISON, Mix, Piece
from tests.faults.murmur2 import home
from tests.faults.verdict import Found, judge

START = 1_763_770_000_000_000
PARTITIONS = 3
COUNTS = dict.fromkeys(("survey", "billing", "support", "reference", "config"), PARTITIONS)
FOLDER = Path(__file__).parent


def laid_out(pieces: list[Piece]) -> list[Record]:
    """Records as a broker would store the pieces."""
    ends: Counter[tuple[str, int]] = Counter()
    records = []
    for piece in pieces:
        right = home(piece.key or b"", PARTITIONS)
        part = piece.topic, (right + 1) % PARTITIONS if piece.kind == OTHER_PARTITION else right
        records.append(Record(*part, ends[part], piece.key, piece.value))
        ends[part] += 1
    return records


def flawless(expected: Expected) -> Found:
    """What a product without a fault leaves behind."""
    ends = Counter[tuple[str, int]]()
    for topic, number, offset in [*expected.accepted, *expected.bad, *expected.repeated]:
        ends[topic, number] = max(ends[topic, number], offset + 1)
    return Found(
        responses=list(expected.responses.items()),
        invitations=list(expected.invitations.items()),
        accounts=list(expected.accounts.items()),
        invoices=list(expected.invoices.items()),
        tickets=list(expected.tickets.items()),
        revenue=expected.revenue(),
        events=list(expected.accepted.items()),
        scores=expected.scores(),
        letters=list(expected.bad.items()),
        letter_rows=[(at, len(value)) for at, value in expected.bad.items()],
        waiting=list(expected.waiting),
        claims={part: Counter(dict.fromkeys(identities, 1)) for part, identities in expected.identities.items()},
        marks=dict(ends),
        committed=dict(ends),
        ends=dict(ends),
    )


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return list(Mix(7, START).pieces(3_000))


@pytest.fixture(scope="module")
def expected(pieces: list[Piece]) -> Expected:
    return expect(laid_out(pieces), COUNTS)


@pytest.fixture
def found(expected: Expected) -> Found:
    return copy.deepcopy(flawless(expected))


def test_the_same_seed_feeds_the_same_events(pieces: list[Piece]) -> None:
    """A failing seed is of use only when it can be run again."""
    assert list(Mix(7, START).pieces(3_000)) == pieces
    assert list(Mix(8, START).pieces(3_000)) != pieces


def test_every_record_is_accepted_repeated_or_bad(pieces: list[Piece], expected: Expected) -> None:
    """The recount classifies by content alone; the feeder knows what it meant each record to be."""
    kinds = Counter(piece.kind.partition(" ")[0] for piece in pieces)
    assert len(expected.repeated) == kinds["duplicate"] > 100
    assert len(expected.bad) == kinds["poison"] + kinds["conflict"] > 50
    assert expected.records == len(pieces)


def test_each_kind_of_poison_is_bad() -> None:
    """A kind that the recount took for good would make dead letters out of nothing."""
    poison = list(Mix(1, START).poison(len(POISON)))
    assert [piece.kind for piece in poison] == [f"poison {kind}" for kind in POISON]
    assert len(expect(laid_out(poison), COUNTS).bad) == len(POISON)


def test_a_flawless_outcome_is_clean(expected: Expected, found: Found) -> None:
    acknowledged = [*expected.accepted, *expected.bad, *expected.repeated]
    verdict = judge(expected, found, acknowledged)
    assert verdict.clean, verdict.problems


SPOILT: dict[str, tuple[str, Callable[[Found], object]]] = {
    "a response is missing": ("lost", lambda f: f.responses.pop()),
    "a response is shown twice": ("duplicated", lambda f: f.responses.append(f.responses[0])),
    "a response has another score": (
        "wrong",
        lambda f: f.responses.append((f.responses[0][0], f.responses.pop(0)[1]._replace(nps=-1.0))),
    ),
    "a response out of nothing": ("wrong", lambda f: f.responses.append(("ghost", f.responses[0][1]))),
    "an invitation stands elsewhere": (
        "wrong",
        lambda f: f.invitations.append((f.invitations[0][0], (f.invitations.pop(0)[1][0], "lost"))),
    ),
    "an account is missing": ("lost", lambda f: f.accounts.pop()),
    "an invoice is missing": ("lost", lambda f: f.invoices.pop()),
    "a payment counts twice": (
        "wrong",
        lambda f: f.invoices.append((f.invoices[0][0], f.invoices.pop(0)[1]._replace(paid=1))),
    ),
    "a ticket is shown twice": ("duplicated", lambda f: f.tickets.append(f.tickets[0])),
    "a message of a ticket is missing": (
        "wrong",
        lambda f: f.tickets.append((f.tickets[0][0], f.tickets.pop(0)[1]._replace(messages=-1))),
    ),
    "a movement of revenue is missing": (
        "wrong",
        lambda f: f.revenue.update({key: (moved - 1, held) for key, (moved, held) in [*f.revenue.items()][:1]}),
    ),
    "revenue of an account is missing": ("lost", lambda f: f.revenue.popitem()),
    "an event has no row": ("lost", lambda f: f.events.pop() if f.events else None),
    "an event has two rows": ("duplicated", lambda f: f.events.append(f.events[0]) if f.events else None),
    "an account's sum is off by one": (
        "wrong",
        lambda f: f.scores.update({a: (n + 1, s) for a, (n, s) in [*f.scores.items()][:1]}),
    ),
    "a dead letter is missing": ("lost", lambda f: f.letters.pop()),
    "a dead letter came twice": ("duplicated", lambda f: f.letters.append(f.letters[0])),
    "a dead letter has other bytes": (
        "wrong",
        lambda f: f.letters.append((f.letters[0][0], f.letters.pop(0)[1] + b"?")),
    ),
    "a dead letter has no row": ("lost", lambda f: f.letter_rows.pop()),
    "a signal is missing": ("lost", lambda f: f.waiting.pop()),
    "a signal was raised twice": ("duplicated", lambda f: f.waiting.append(f.waiting[0])),
    "the state forgot an event": ("lost", lambda f: next(iter(f.claims.values())).popitem()),
    "two states hold an event": (
        "duplicated",
        lambda f: next(iter(f.claims.values())).update([next(iter(next(iter(f.claims.values()))))]),
    ),
    "the mark stands behind": ("wrong", lambda f: f.marks.update({next(iter(f.marks)): 0})),
    "the group stands behind": ("wrong", lambda f: f.committed.update({next(iter(f.committed)): 0})),
}


@pytest.mark.parametrize("case", SPOILT)
def test_what_is_spoilt_is_seen(case: str, expected: Expected, found: Found) -> None:
    """Each check of the verdict, broken once: a check that cannot fail would be a hole in every scenario."""
    kind, spoil = SPOILT[case]
    spoil(found)
    verdict = judge(expected, found)
    assert getattr(verdict, kind) == 1, verdict
    assert verdict.lost + verdict.duplicated + verdict.wrong == 1, verdict.problems


def test_an_acknowledged_record_that_is_gone_is_lost(expected: Expected, found: Found) -> None:
    """The broker's own promise is checked too: what it acknowledged has to be in the topic."""
    assert judge(expected, found, [("survey", 0, 10**9)]).lost == 1


def test_the_control_group_is_held_to_the_same_arithmetic(pieces: list[Piece]) -> None:
    """A missing output is lost, each further one doubled, another sum wrong."""
    records = [each for each in laid_out(pieces) if each.topic == "survey"]
    reached = {("survey", number): len(records) for number in range(PARTITIONS)}
    found, totals = control.countable(records)
    origins, account = sorted(found), min(totals)
    assert control.tally(records, reached, origins, totals).clean
    assert control.tally(records, reached, origins[1:], totals).lost == 1
    assert control.tally(records, reached, [*origins, origins[0], origins[0]], totals).duplicated == 2
    assert control.tally(records, reached, origins, totals | {account: totals[account] + 1}).wrong == 1


def test_what_the_control_group_has_not_reached_is_late(pieces: list[Piece]) -> None:
    """Faust is slower; a suite that called that a loss would prove nothing by it."""
    records = [each for each in laid_out(pieces) if each.topic == "survey"]
    reached = {("survey", number): 200 for number in range(PARTITIONS)}
    origins, _ = control.countable(each for each in records if each.offset < 200)
    assert control.tally(records, reached, sorted(origins), {"acc-0001": 10**6}).clean
    assert control.tally(records, reached, sorted(origins)[1:], {}).lost == 1


@pytest.mark.parametrize("name", ["avro", "murmur2", "mix", "expected", "verdict", "recount"])
def test_feeder_and_checkers_share_nothing_with_the_product(name: str) -> None:
    """An error that product and checker have in common would be seen by neither."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    imported = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {each for each in imported if each.split(".")[0] in ("streams", "sinks", "schemas", "infra")}
    ours = {each.split(".")[2] for each in imported if each.startswith("tests.")}
    assert ours <= {"avro", "murmur2", "mix", "expected", "verdict"}
