"""The demonstration's tickets: what its oracle says beside the tables that the reducers write."""

from typing import Any

from infra.demo import oracle_support
from infra.demo.company import gather
from infra.demo.world import HOUR
from sinks.tables import TABLES
from tests.infra.demo.tables import MESSAGES, demonstration

TICKETS = {each.opened["ticket_id"]: each for each in oracle_support.tickets(gather(MESSAGES))}


def rows() -> dict[str, dict[str, Any]]:
    names = TABLES["ticket"].names
    found = (dict(zip(names, row, strict=False)) for row in demonstration()[0].tables()["ticket"])
    return {row["ticket_id"]: row for row in found if not row["is_test"] and row["removed_at"] is None}


def test_the_oracle_and_the_reducer_agree_on_every_ticket() -> None:
    """Two independent readings of the same events: where they differ, one of them misreads the definitions."""
    found = rows()
    assert found.keys() == TICKETS.keys()
    for name, ticket in TICKETS.items():
        row = found[name]
        assert row["first_reply_us"] == (ticket.replies[0] - ticket.began if ticket.replies else None)
        assert row["first_solved_at"] == (ticket.solves[0] if ticket.solves else None)
        assert row["last_solved_at"] == (ticket.solves[-1] if ticket.is_solved else None)
        assert (row["reopens"], row["public_replies"]) == (len(ticket.reopenings), len(ticket.replies))
        ratings = ticket.told["ticket_csat_rated"]
        assert row["csat_score"] == (ratings[-1]["score"] if ratings else None)


def test_every_turn_of_a_ticket_is_in_the_demonstration() -> None:
    """What never happens is right by accident."""
    every = TICKETS.values()
    assert {each.opened["channel"] for each in every} == {"email", "discord", "phone", "in_app"}
    kinds = {kind for each in every for kind, told in each.told.items() if told}
    assert kinds >= {"message_changed", "ticket_escalated", "ticket_csat_rated"}
    assert any(each.reopenings and not each.is_solved for each in every)
    assert any(len(each.solves) > 1 for each in every)
    assert any(not each.replies for each in every)
    assert any(each.replies and each.replies[0] - each.began > 24 * HOUR for each in every)
