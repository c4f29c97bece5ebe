"""What Discord sends: a thread is a ticket, what is written in it are its messages, and only a lock is a solve.

The samples are not part of this repository. They come from the vendor's reference, and each tells of a channel of its
own: every one of them is taken for a thread here.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import Event, MessageAdded, MessageChanged, TicketOpened
from streams.core.rows_ticket import TicketMessageRow, TicketNextReplyRow, TicketRow
from tests.support.machine import figures, run
from tests.support.samples import event, instant, json_sample
from tests.support.tickets import rows, ticket

pytestmark = pytest.mark.real_data
SOURCE = "discord:main"
LATER = 1_800_000_000_000_000
HOUR = 3_600_000_000
_FIRST_MS = 1_420_070_400_000
"""Midnight of 2015-01-01 in UTC, where Discord's ids begin to count milliseconds."""
OWNER, WRITER, STAFF, MACHINE = "41771983423143937", "53908099506183680", "80351110224678912", "1234567765431056709"
ROLES = {OWNER: "REQUESTER", WRITER: "REQUESTER", STAFF: "AGENT", MACHINE: "BOT"}
"""Who somebody is to us is not Discord's to tell: users are linked to contacts and agents beforehand."""
ACCOUNTS = {
    "41771983423143937": "acme",
    "290926798999357250": "acme",
    "1405604229820715098": "globex",
    "1404960877324533784": "globex",
    "1397729744753266719": "initech",
    "1402389638311841883": "initech",
}
"""The account of each thread, which is that of who began it, whoever writes in it."""
Body = dict[str, Any]


def made_at(snowflake: str) -> int:
    """When a thing with this id was made, in microseconds."""
    return ((int(snowflake) >> 22) + _FIRST_MS) * 1_000


def thread(channel: Body) -> Iterator[Event]:
    """What the state of a thread tells. An archive alone is no solve: threads archive themselves when nobody writes."""
    held = channel["thread_metadata"]
    common = {"account_id": ACCOUNTS[channel["id"]], "ticket_id": channel["id"]}
    opened = {"channel": "discord", "requester_id": channel["owner_id"], "occurred_at": made_at(channel["id"])}
    yield event("ticket_opened", SOURCE, channel["id"], **common, **opened)
    if held["locked"]:
        named = f"{channel['id']}/{held['archive_timestamp']}"
        yield event("ticket_solved", SOURCE, named, **common, occurred_at=instant(held["archive_timestamp"]))


def message(data: Body) -> Iterator[Event]:
    """A message, from whichever object tells of it: it is dated by its own time, or by its id where it has none."""
    account = ACCOUNTS.get(data.get("channel_id", ""))
    if account is None:
        return
    at = instant(data["timestamp"]) if "timestamp" in data else made_at(data["id"])
    author = data["author"].get("id")
    # Without leave to read messages their content is empty: only an attachment alone is surely without text.
    facts = {"author_type": ROLES.get(author, "UNKNOWN"), "author_id": author, "has_text": not _is_bare(data)}
    common = {"account_id": account, "ticket_id": data["channel_id"], "occurred_at": at}
    yield event("message_added", SOURCE, data["id"], **common, message_id=data["id"], **facts)


def _is_bare(data: Body) -> bool:
    return not data["content"] and bool(data.get("attachments"))


def happened(body: Body) -> Iterator[Event]:
    """What a webhook event tells of a message. What is edited keeps its place: the contract holds no text."""
    what, data = body["event"]["type"], body["event"]["data"]
    if what.endswith("MESSAGE_CREATE"):
        yield from message(data)
    elif what.endswith("MESSAGE_DELETE") and data.get("channel_id") in ACCOUNTS:
        common = {"account_id": ACCOUNTS[data["channel_id"]], "ticket_id": data["channel_id"]}
        gone = {"message_id": data["id"], "is_redacted": True, "occurred_at": instant(body["event"]["timestamp"])}
        yield event("message_changed", SOURCE, data["id"], **common, **gone)


def channel(**held: Any) -> Body:
    """The sampled thread, with other metadata if asked for."""
    found = json_sample("discord/channel__example_thread_channel.json")
    return {**found, "thread_metadata": {**found["thread_metadata"], **held}}


def webhook(name: str) -> Body:
    return json_sample(f"discord/webhook-events__{name}")


def sent(name: str) -> Body:
    return json_sample(f"discord/message__example_{name}.json")


def samples() -> list[Event]:
    """Everything that the samples tell."""
    return [
        *thread(channel()),
        *message(sent("message")),
        *message(sent("crossposted_message")),
        *happened(webhook("game_direct_message_create_example.jsonc")),
        *happened(webhook("game_direct_message_update_example.jsonc")),
        *happened(webhook("game_direct_message_delete_example.jsonc")),
        *happened(webhook("lobby_message_create_example.jsonc")),
        *happened(webhook("lobby_message_update_example.jsonc")),
        *happened(webhook("lobby_message_delete_example.json")),
    ]


def said(author: str, hours: int) -> Iterator[Event]:
    """The sampled message as if written in the sampled thread, so long after its start."""
    at = (made_at(OWNER) + hours * HOUR) // 1_000
    told = {key: value for key, value in sent("message").items() if key != "timestamp"}
    number = str((at - _FIRST_MS) << 22)
    return message({**told, "id": number, "channel_id": channel()["id"], "author": {"id": author}})


def life(**held: Any) -> list[Event]:
    """A thread with a question, a bot, an answer and then the metadata that are asked for."""
    return [*said(OWNER, 1), *said(MACHINE, 2), *said(STAFF, 4), *thread(channel(**held))]


def noted(events: list[Event]) -> list[RecordedEvent]:
    return [RecordedEvent(each, LATER) for each in events]


def test_everything_is_taken_in() -> None:
    """A contract that a real source cannot keep would be found out by its dead letters only."""
    kinds = [type(each) for each in samples()]
    assert kinds == [TicketOpened, MessageAdded, MessageAdded, MessageAdded, MessageChanged, MessageAdded]
    for each in [*samples(), *life(archived=True, locked=True)]:
        assert check(each, each.account_id.encode(), LATER) is None, each


def test_an_id_tells_the_time() -> None:
    """Lobby messages have no other. A time that is told goes first: the made-up sample of a message is seconds off."""
    data = webhook("game_direct_message_create_example.jsonc")["event"]["data"]
    assert made_at(data["id"]) == instant(data["timestamp"])
    edited = webhook("lobby_message_update_example.jsonc")["event"]["data"]
    assert made_at(edited["id"]) == instant(edited["timestamp"])


@given(st.data())
def test_no_order_and_no_repetition_shows(data: st.DataObject) -> None:
    """A gateway that is resumed sends again what it had sent; a deletion may overtake its message."""
    every = noted([*samples(), *life(archived=True, locked=True)])
    again = data.draw(st.lists(st.sampled_from(every), max_size=8))
    assert figures(run(data.draw(st.permutations(every + again)))) == figures(run(every))


def test_a_message_that_is_posted_on_is_the_same_message() -> None:
    """The sampled message comes twice with one id, the second time with other flags and text."""
    first, second = sent("message"), sent("crossposted_message")
    assert (first["id"], first["content"] == second["content"]) == (second["id"], False)
    assert list(message(first)) == list(message(second))


def test_the_tables_say_what_the_objects_say() -> None:
    """Threads of which only messages are known have rows; nobody waits for an answer to an author who is not known."""
    machine = run(noted(samples()))
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
    quoted = [*message(deletion["event"]["data"]), *happened(deletion)]
    (row,) = rows(run(noted(quoted)[::-1]), TicketMessageRow)
    assert (row.is_redacted, row.is_public, row.message_id) == (True, True, deletion["event"]["data"]["id"])


@given(st.data())
def test_an_archive_is_no_solve_and_a_lock_is(data: st.DataObject) -> None:
    """A thread that archived itself overnight would leave the backlog without an answer."""
    archived = ticket(run(data.draw(st.permutations(noted(life(archived=True))))))
    assert (archived.status, archived.solves, archived.first_reply_us) == ("new", 0, 4 * HOUR)
    locked = ticket(run(data.draw(st.permutations(noted(life(archived=True, locked=True))))))
    assert (locked.status, locked.solves) == ("solved", 1)
    assert locked.last_solved_at == instant(channel()["thread_metadata"]["archive_timestamp"])
