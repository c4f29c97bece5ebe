"""Alarms that cry wolf are switched off; alarms that stay silent are worse."""

from collections.abc import Iterator

from streams.live.worker.invariants import Broken, InvariantWatch

ONE = Broken("nps_is_the_answer_given", "acme", "r1", "the response says 9, its answers say [7]", ("e1", "e2"))
OTHER = Broken("nps_is_the_answer_given", "acme", "r2", "the response says 1, its answers say []")


def watching(*looks: list[Broken]) -> InvariantWatch:
    found: Iterator[list[Broken]] = iter(looks)
    return InvariantWatch(lambda: next(found), lambda: 42)


def test_a_contradiction_that_lasts_is_raised_with_a_stable_id() -> None:
    """Delivery is idempotent by id, so raising the same trouble again calls nobody twice."""
    watch = watching([ONE], [ONE, OTHER], [ONE])
    assert watch.check() == []
    (first,) = watch.check()
    (again,) = watch.check()
    assert (first.kind, first.account_id, first.subject_id, first.at) == ("invariant_broken", "acme", "r1", 42)
    assert first.detail["invariant"] == "nps_is_the_answer_given"
    assert first.detail["events"] == "e1 e2"
    assert first.signal_id == again.signal_id
    assert watch.standing == 1


def test_rows_caught_between_two_inserts_call_nobody() -> None:
    """Tables are written one after the other: a look in the middle of a batch proves nothing."""
    watch = watching([ONE], [OTHER], [])
    assert [watch.check(), watch.check(), watch.check()] == [[], [], []]
    assert watch.standing == 0
