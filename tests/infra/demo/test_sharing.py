"""What managers of the demonstration are credited with by share: second managers, a trainee with a mentor, too much."""

from collections import defaultdict

from infra.demo import oracle_sharing
from infra.demo.company import gather
from infra.demo.oracle import expect
from infra.demo.world import DAY, START
from tests.infra.demo.tables import MESSAGES, demonstration

WEEK = 7 * DAY


def test_parts_of_an_account_are_all_of_it_in_every_week() -> None:
    """The views are held to these parts; a wrong second opinion would call a right view wrong."""
    held = oracle_sharing.shares(gather(MESSAGES))
    accounts = ("demo-acorn", "demo-elder", "demo-gorse", "demo-hazel", "demo-kelp")
    for week in range(12):
        assert all(sum(held(START + week * WEEK, account).values()) == 1 for account in accounts)
    told = {manager: float(part) for manager, part in held(START + 6 * WEEK, "demo-elder").items()}
    assert told == {"mgr-ana": 0.5, "mgr-ben": 0.5, "mgr-chen": 0.0}
    told = {manager: float(part) for manager, part in held(START + 8 * WEEK, "demo-hazel").items()}
    assert told == {"mgr-ben": 0.3333, "mgr-ana": 0.6667}
    assert held(START + 2 * WEEK, "demo-gorse")["mgr-eli"] == 0


def test_credits_add_up_to_the_movements() -> None:
    """What is split must come out as what there was, in the plain figures as in the views."""
    credited, moved = defaultdict(float), defaultdict(float)
    for figure in expect(MESSAGES):
        if figure.metric == "credited_flow" and figure.item.startswith("refunded"):
            credited[figure.window_start, figure.item.removeprefix("refunded ")] += figure.value
        if figure.metric == "refunded" and figure.dimension == "all":
            moved[figure.window_start, figure.item] += figure.value
    assert {key: round(value, 6) for key, value in credited.items()} == {
        key: round(value, 6) for key, value in moved.items()
    }
    assert credited


def test_tables_have_the_shares() -> None:
    """A share that is lost on the way would make everything the owner's, and nothing would look wrong."""
    rows = demonstration()[0].tables()["manager_assignment"]
    assert {row[9] for row in rows} == {None, 1_000, 2_500, 3_333, 5_000, 6_000}
