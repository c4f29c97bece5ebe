"""What Discord sends: a thread is a ticket, what is written in it are its messages, and only a lock is a solve.

The samples are not part of this repository. They come from the vendor's reference, and each tells of a channel of its
own: every one of them is taken for a thread here.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import MessageAdded, MessageChanged, TicketOpened, TicketReopened
from streams.core.rows_ticket import TicketMessageRow, TicketNextReplyRow, TicketRow
from streams.ingest.vendors import discord
from streams.ingest.vendors.model import Instance
from tests.support import vendors
from tests.support.machine import figures, run
from tests.support.samples import instant, json_sample
from tests.support.tickets import rows, ticket

pytestmark = pytest.mark.real_data
LATER = vendors.RECEIVED
HOUR = 3_600_000_000
_FIRST_MS = 1_420_070_400_000
OWNER, WRITER, STAFF, MACHINE = "41771983423143937", "53908099506183680", "80351110224678912", "1234567765431056709"
ACCOUNTS = {
    "41771983423143937": "acme",
    "290926798999357250": "acme",
    "1405604229820715098": "globex",
    "1404960877324533784": "globex",
    "1397729744753266719": "initech",
    "1402389638311841883": "initech",
}
"""The account of each thread, which is that of who began it, whoever writes in it."""
SERVER = Instance("discord", "main", options={"channels": ACCOUNTS, "agents": [STAFF]})
Body = dict[str, Any]


def dispatch(kind: str, data: Body) -> Body:
    """An object as the gateway tells of it."""
    return {"op": 0, "t": kind, "s": 42, "d": data}


def told(*bodies: Body) -> list[RecordedEvent]:
    return vendors.told(discord.translate, SERVER, *bodies)


def channel(**held: Any) -> Body:
    """The sampled thread, with other metadata if asked for."""
    found = json_sample("discord/channel__example_thread_channel.json")
    return {**found, "thread_metadata": {**found["thread_metadata"], **held}}


def webhook(name: str) -> Body:
    return json_sample(f"discord/webhook-events__{name}")


def sent(name: str) -> Body:
    return json_sample(f"discord/message__example_{name}.json")


def samples() -> list[RecordedEvent]:
    """Everything that the samples tell."""
    return told(
        dispatch("THREAD_CREATE", channel()),
        dispatch("MESSAGE_CREATE", sent("message")),
        dispatch("MESSAGE_CREATE", sent("crossposted_message")),
        webhook("game_direct_message_create_example.jsonc"),
        webhook("game_direct_message_update_example.jsonc"),
        webhook("game_direct_message_delete_example.jsonc"),
        webhook("lobby_message_create_example.jsonc"),
        webhook("lobby_message_update_example.jsonc"),
        webhook("lobby_message_delete_example.json"),
    )


def said(author: str, hours: int, *, bot: bool = False) -> Body:
    """The sampled message as if written in the sampled thread, so long after its start."""
    at = (discord.made_at(OWNER, "id") + hours * HOUR) // 1_000
    whole = {key: value for key, value in sent("message").items() if key != "timestamp"}
    number = str((at - _FIRST_MS) << 22)
    author_of = {"id": author, "bot": bot}
    return dispatch("MESSAGE_CREATE", {**whole, "id": number, "channel_id": channel()["id"], "author": author_of})


def life(**held: Any) -> list[RecordedEvent]:
    """A thread with a question, a bot, an answer and then the metadata that are asked for."""
    bodies = said(OWNER, 1), said(MACHINE, 2, bot=True), said(STAFF, 4), dispatch("THREAD_UPDATE", channel(**held))
    return told(*bodies)


def test_everything_is_taken_in() -> None:
    """A contract that a real source cannot keep would be found out by its dead letters only."""
    kinds = [type(each.event) for each in samples()]
    opened, added = [TicketOpened, TicketReopened], [MessageAdded, MessageAdded, MessageAdded]
    assert kinds == [*opened, *added, MessageChanged, MessageAdded]
    for each in [*samples(), *life(archived=True, locked=True)]:
        assert check(each.event, each.event.account_id.encode(), LATER) is None, each


def test_an_id_tells_the_time() -> None:
    """Lobby messages have no other. A time that is told goes first: the made-up sample of a message is seconds off."""
    data = webhook("game_direct_message_create_example.jsonc")["event"]["data"]
    assert discord.made_at(data["id"], "id") == instant(data["timestamp"])
    edited = webhook("lobby_message_update_example.jsonc")["event"]["data"]
    assert discord.made_at(edited["id"], "id") == instant(edited["timestamp"])


@given(st.data())
def test_no_order_and_no_repetition_shows(data: st.DataObject) -> None:
    """A gateway that is resumed sends again what it had sent; a deletion may overtake its message."""
    every = [*samples(), *life(archived=True, locked=True)]
    again = data.draw(st.lists(st.sampled_from(every), max_size=8))
    assert figures(run(data.draw(st.permutations(every + again)))) == figures(run(every))


def test_a_message_that_is_posted_on_is_the_same_message() -> None:
    """The sampled message comes twice with one id, the second time with other flags and text."""
    first, second = sent("message"), sent("crossposted_message")
    assert (first["id"], first["content"] == second["content"]) == (second["id"], False)
    one, other = (told(dispatch("MESSAGE_CREATE", each)) for each in (first, second))
    assert one == other


def test_the_tables_say_what_the_objects_say() -> None:
    """Threads of which only messages are known have rows; nobody waits for an answer to an author who is not known."""
    machine = run(samples())
    found = {row.ticket_id: (row.account_id, row.status) for row in rows(machine, TicketRow)}
    assert found == {
        "41771983423143937": ("acme", "new"),
        "290926798999357250": ("acme", "incomplete"),
        "1405604229820715098": ("globex", "incomplete"),
        "1397729744753266719": ("initech", "incomplete"),
    }
    (opened,) = (row for row in rows(machine, TicketRow) if row.status == "new")
    assert (opened.channel, opened.requester_id) == ("discord", channel()["owner_id"])
    messages = {row.message_id: row for row in rows(machine, TicketMessageRow)}
    assert messages[sent("message")["id"]].author_type == "requester"
    assert messages[sent("message")["id"]].sent_at == instant(sent("message")["timestamp"])
    assert [row.ticket_id for row in rows(machine, TicketNextReplyRow)] == ["290926798999357250"]
    assert {row.author_type for row in messages.values()} == {"requester", "unknown"}


def test_a_deleted_message_keeps_its_row() -> None:
    """The sampled deletion, of the message that it quotes: the text is gone, what was said in time stays said."""
    deletion = webhook("game_direct_message_delete_example.jsonc")
    quoted = told(dispatch("MESSAGE_CREATE", deletion["event"]["data"]), deletion)
    (row,) = rows(run(quoted[::-1]), TicketMessageRow)
    assert (row.is_redacted, row.is_public, row.message_id) == (True, True, deletion["event"]["data"]["id"])


@given(st.data())
def test_an_archive_is_no_solve_and_a_lock_is(data: st.DataObject) -> None:
    """A thread that archived itself overnight would leave the backlog without an answer."""
    archived = ticket(run(data.draw(st.permutations(life(archived=True)))))
    assert (archived.status, archived.solves, archived.first_reply_us) == ("new", 0, 4 * HOUR)
    locked = ticket(run(data.draw(st.permutations(life(archived=True, locked=True)))))
    assert (locked.status, locked.solves) == ("solved", 1)
    assert locked.last_solved_at == instant(channel()["thread_metadata"]["archive_timestamp"])
