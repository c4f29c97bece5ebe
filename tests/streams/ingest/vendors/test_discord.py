"""Discord: who speaks and where is told by nobody but the operator, and an archive is no answer."""

from typing import Any

import pytest

from streams.core.rows_ticket import TicketRow
from streams.ingest.vendors.discord import made_at, translate
from streams.ingest.vendors.model import AccountRules, Instance, NotUnderstoodError
from tests.support.machine import run
from tests.support.tickets import rows
from tests.support.vendor_cases import instance
from tests.support.vendors import RECEIVED, delivery, told

THREAD = "41771983423143937"
SERVER = Instance(
    "discord", "main", AccountRules(organizations={"9": "acme"}), {"agents": ["80"], "agent_roles": ["77"]}
)
Body = dict[str, Any]


def dispatch(kind: str, data: Body, **beside: Any) -> Body:
    return {"op": 0, "t": kind, "s": 1, "d": data, **beside}


def message(author: Body | None, **more: Any) -> Body:
    base = {"id": "334385199974967042", "channel_id": THREAD, "guild_id": "9", "position": 0, "content": "hello"}
    return dispatch("MESSAGE_CREATE", {**base, "author": author, **more})


def thread(locked: bool, archived: bool, moved: str, **more: Any) -> Body:
    held = {"locked": locked, "archived": archived, "archive_timestamp": moved}
    return dispatch("THREAD_UPDATE", {"id": THREAD, "guild_id": "9", "thread_metadata": held, **more})


@pytest.mark.parametrize(
    ("body", "author_type"),
    [
        (message({"id": "80"}), "AGENT"),
        (message({"id": "81"}, member={"roles": ["76", "77"]}), "AGENT"),
        (message({"id": "81"}, member={"roles": ["76"]}), "REQUESTER"),
        (message({"id": "80", "bot": True}), "BOT"),
        (message({}), "UNKNOWN"),
        (message(None), "UNKNOWN"),
    ],
)
def test_who_speaks_is_what_the_options_say(body: Body, author_type: str) -> None:
    (event,) = translate(delivery(body), SERVER).events
    assert (event.fields["author_type"], event.fields["account_id"]) == (author_type, "acme")


def test_without_options_nobody_knows_who_anybody_is() -> None:
    """An agent who is taken for a customer would be waited for; a thread waits for its account under its own id."""
    (event,) = translate(delivery(message({"id": "81"}, guild_id=None)), Instance("discord", "main")).events
    assert (event.fields["author_type"], event.fields["account_id"]) == ("UNKNOWN", f"discord:{THREAD}")


def test_a_message_outside_of_threads_is_no_ticket() -> None:
    """A server has many channels in which nobody asks for help."""
    found = translate(delivery(message({"id": "81"}, position=None)), SERVER)
    assert (found.events, found.unmapped) == ((), ("MESSAGE_CREATE",))


def test_the_reader_of_the_gateway_may_say_which_thread_it_is() -> None:
    """A deletion does not tell that its channel is a thread."""
    deleted = {"id": "334385199974967042", "channel_id": THREAD}
    alone = translate(delivery(dispatch("MESSAGE_DELETE", deleted)), SERVER)
    beside = translate(delivery(dispatch("MESSAGE_DELETE", deleted, thread={"id": THREAD, "guild_id": "9"})), SERVER)
    assert (alone.events, [event.type for event in beside.events]) == ((), ["message_changed"])
    with pytest.raises(NotUnderstoodError):
        translate(delivery(dispatch("MESSAGE_DELETE", deleted, thread={"id": "7"})), SERVER)


@pytest.mark.parametrize("body", [{"op": 11}, {"op": 10, "d": {"heartbeat_interval": 1}}, {"version": 1, "type": 0}])
def test_what_keeps_the_connection_says_nothing(body: Body) -> None:
    """Heartbeats and pings are neither events nor unknown."""
    found = translate(delivery(body), SERVER)
    assert (found.events, found.unmapped) == ((), ())


def test_locked_opened_and_locked_again() -> None:
    """A lock is a solve and an unlock a reopening, in any order of arrival; archives in between are neither."""
    day = "2026-03-{:02}T12:00:00+00:00".format
    bodies = [
        thread(False, False, "2015-04-26T06:26:56.936000+00:00"),
        thread(False, True, day(1)),
        thread(True, True, day(2)),
        thread(False, False, day(3)),
        thread(True, True, day(4)),
    ]
    for order in (bodies, bodies[::-1]):
        (row,) = rows(run(told(translate, SERVER, *order)), TicketRow)
        assert (row.status, row.solves, row.reopens) == ("solved", 2, 1)


def test_a_lock_without_an_archive_came_after_the_last_message() -> None:
    """Its own time is not told; the time of the archive may be that of the thread's beginning."""
    last = "334385199974967042"
    solved = translate(
        delivery(thread(True, False, "2015-04-26T06:26:56.936000+00:00", last_message_id=last)), SERVER
    ).events[1]
    assert (solved.type, solved.fields["occurred_at"]) == ("ticket_solved", made_at(last, "id"))


def test_a_thread_that_is_deleted_leaves_the_backlog() -> None:
    """When, nobody says: it is the moment at which we were told."""
    (event,) = translate(delivery(dispatch("THREAD_DELETE", {"id": THREAD, "guild_id": "9"})), SERVER).events
    assert (event.type, event.fields["occurred_at"]) == ("ticket_deleted", RECEIVED)


def test_an_edit_is_not_counted_as_unmapped() -> None:
    """It is mapped, to nothing: no text is kept."""
    found = translate(delivery(dispatch("MESSAGE_UPDATE", {"id": "5"})), instance("discord"))
    assert (found.events, found.unmapped) == ((), ())


@pytest.mark.parametrize("named", ["", "x", "-5", "٣٣٤", "9" * 19, "1" * 30, None])
def test_an_id_that_is_none_of_discord_has_no_time(named: str | None) -> None:
    """A digit of another script is a digit to Python, and a time of the year 584,000 is none."""
    with pytest.raises(NotUnderstoodError):
        made_at(named, "d.id")
