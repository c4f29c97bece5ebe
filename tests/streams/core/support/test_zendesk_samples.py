"""What Zendesk sends: webhooks without promise of order, several of one update, and records of its incremental export.

The samples are not part of this repository. Those there are tell of an opening, offers of ratings and a comment; what
else happens to a ticket is told here in the envelope of the sampled webhook.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import Event
from streams.core.rows_ticket import TicketMessageRow, TicketNextReplyRow, TicketRow
from tests.support.machine import figures, run
from tests.support.samples import event, instant, json_sample, sample
from tests.support.tickets import rows, ticket

pytestmark = pytest.mark.real_data
SOURCE = "zendesk:main"
LATER = 1_800_000_000_000_000
HOUR = 3_600_000_000
ORGANIZATIONS = {"35436": "10002", "1": "10001", "146": "10001", "158": "10003", "161": "10003"}
"""Of tickets, as a look-up at the source would give them: the samples name none."""
Body = dict[str, Any]


def account(detail: Body) -> str | None:
    """The organization is the account; 0 stands for none. What the payload calls account_id is the help desk itself."""
    named = str(detail.get("organization_id") or ORGANIZATIONS.get(str(detail["id"]), "0"))
    return None if named == "0" else named


def heard(body: Body) -> Iterator[Event]:
    """What a webhook tells of a ticket; nothing of users, nor of a ticket whose account is not known yet.

    Events of one update have one time: their version is that time in microseconds plus their position in it.
    """
    what, detail, told = body["type"].removeprefix("zen:event-type:"), body["detail"], body["event"]
    if not what.startswith("ticket.") or account(detail) is None:
        return
    at = instant(body["time"])
    common: Body = {
        "account_id": account(detail),
        "ticket_id": detail["id"],
        "occurred_at": at,
        "entity_version": at + body.get("sequence", {"position": 0})["position"],
    }
    match what:
        case "ticket.created":
            channel = detail["via"]["channel"]
            state = {"status": told["current"]["status"].upper(), "requester_id": detail.get("requester_id")}
            way = {"channel": "zendesk_web" if channel == "web" else channel}
            yield event("ticket_opened", SOURCE, body["id"], **common, **state, **way)
        case "ticket.comment_added":
            comment = told["comment"]
            author = {"author_type": "AGENT" if comment["author"]["is_staff"] else "REQUESTER"}
            author["author_id"] = comment["author"]["id"]
            facts = {"message_id": comment["id"], "is_public": comment["is_public"], **author}
            yield event("message_added", SOURCE, body["id"], **common, **facts)
        case "ticket.comment_made_private":
            hidden = {"message_id": told["comment"]["id"], "is_public": False}
            yield event("message_changed", SOURCE, body["id"], **common, **hidden)
        case "ticket.status_changed":
            change = {"from_status": told["previous"].upper(), "to_status": told["current"].upper()}
            yield event("ticket_status_changed", SOURCE, body["id"], **common, **change)


def exported(line: Body) -> Iterator[Event]:
    """What a record of the incremental export tells; clocks that the source has kept itself are counted here anew."""
    data = line["data"]
    detail = {"id": data["ticket_id"]}
    named = str(data["id"])
    common: Body = {"account_id": account(detail), "ticket_id": str(data["ticket_id"])}
    match line["stream"]:
        case "satisfaction_ratings":
            at = instant(data["updated_at"])
            common |= {"occurred_at": at, "entity_version": at}
            if data["score"] == "offered":
                yield event("ticket_csat_offered", SOURCE, named, **common)
            else:
                scale = {"scale_min": 0.0, "scale_max": 1.0, "positive_from": 1.0}
                score = {"score": float(data["score"] == "good"), "has_comment": bool(data["comment"])}
                yield event("ticket_csat_rated", SOURCE, f"{named}/{data['updated_at']}", **common, **scale, **score)
        case "ticket_comments":
            at = instant(data["created_at"])
            common |= {"occurred_at": at, "entity_version": at}
            # Whether its author is staff is a matter of another record, which the samples do not have.
            author = {"author_type": "UNKNOWN", "author_id": str(data["author_id"])}
            facts = {"message_id": named, "is_public": data["public"], "channel": data["via"]["channel"], **author}
            yield event("message_added", SOURCE, named, **common, **facts)


def lines() -> list[Body]:
    return [json.loads(line) for line in sample("zendesk/incremental_records.jsonl").splitlines()]


def created() -> Body:
    body: Body = json_sample("zendesk/webhook_ticket_created.json")["body"]
    return body


def update(hours: int, *parts: tuple[str, Body]) -> list[Body]:
    """Webhooks of one update of the sampled ticket, numbered by position."""
    first = created()
    time = f"2024-04-17T{17 + hours}:18:10Z"
    return [
        {
            **first,
            "type": f"zen:event-type:ticket.{what}",
            "id": f"{first['id']}-{hours}-{position}",
            "time": time,
            "sequence": {"id": f"{hours}", "position": position, "total": len(parts)},
            "event": told,
        }
        for position, (what, told) in enumerate(parts, start=1)
    ]


def comment(number: str, *, staff: bool) -> tuple[str, Body]:
    author = {"id": "76872" if staff else "20978392", "is_staff": staff}
    return "comment_added", {"comment": {"id": number, "is_public": True, "author": author}}


def turned(previous: str, current: str) -> tuple[str, Body]:
    return "status_changed", {"previous": previous, "current": current}


def life() -> list[Body]:
    """Asked, answered while waiting, hidden again, answered anew and solved over an intermediate status."""
    return [
        created(),
        *update(1, comment("c1", staff=False)),
        *update(2, comment("c2", staff=True), turned("OPEN", "PENDING")),
        *update(3, ("comment_made_private", {"comment": {"id": "c2"}}), turned("PENDING", "OPEN")),
        *update(5, comment("c3", staff=True), turned("OPEN", "PENDING"), turned("PENDING", "SOLVED")),
    ]


def told(bodies: list[Body]) -> list[RecordedEvent]:
    return [RecordedEvent(each, LATER) for body in bodies for each in heard(body)]


def samples() -> list[RecordedEvent]:
    return [*told([created()]), *(RecordedEvent(each, LATER) for line in lines() for each in exported(line))]


def test_everything_is_taken_in() -> None:
    """A contract that a real source cannot keep would be found out by its dead letters only."""
    every = [*samples(), *told(life())]
    assert len(every) == 14
    for recorded in every:
        assert check(recorded.event, recorded.event.account_id.encode(), LATER) is None, recorded


def test_the_help_desk_is_no_account() -> None:
    """Its own number is in every webhook, by the name that the contract has for a customer."""
    tenant = str(created()["account_id"])
    assert all(recorded.event.account_id in ORGANIZATIONS.values() for recorded in samples())
    assert tenant not in ORGANIZATIONS.values()


def test_what_is_no_ticket_or_of_no_account_is_left_out() -> None:
    """A user event has a detail, an id and a time like any other; a ticket without organization has to wait."""
    assert list(heard(json_sample("zendesk/webhook_user_active_changed.json"))) == []
    nobody = {**created()["detail"], "id": "99", "organization_id": "0"}
    assert list(heard({**created(), "detail": nobody})) == []


@given(st.data())
def test_no_order_and_no_repetition_shows(data: st.DataObject) -> None:
    """Webhooks promise neither, and parts of one update share their time."""
    every = [*samples(), *told(life())[1:]]
    again = data.draw(st.lists(st.sampled_from(every), max_size=8))
    assert figures(run(data.draw(st.permutations(every + again)))) == figures(run(every))


@given(st.data())
def test_parts_of_an_update_are_told_by_their_position(data: st.DataObject) -> None:
    """An update that passes through PENDING ends SOLVED; one whose positions say otherwise ends PENDING."""
    bodies = life()
    assert ticket(run(data.draw(st.permutations(told(bodies))))).status == "solved"
    pending, solved = bodies[-2:]
    pending["sequence"], solved["sequence"] = solved["sequence"], pending["sequence"]
    assert ticket(run(data.draw(st.permutations(told(bodies))))).status == "pending"


def test_a_ticket_says_what_its_webhooks_say() -> None:
    """The reply that was hidden later is none: the next one is the first."""
    machine = run(told(life()))
    row = ticket(machine)
    detail = created()["detail"]
    assert (row.account_id, row.channel, row.source) == ("10002", "zendesk_web", SOURCE)
    assert row.opened_at == instant(detail["created_at"])
    assert (row.first_reply_us, row.first_solved_us, row.public_replies) == (5 * HOUR, 5 * HOUR, 1)
    assert (row.agent_wait_us, row.requester_wait_us, row.solves, row.flags) == (HOUR, 4 * HOUR, 1, ())
    assert [each.waited_us for each in rows(machine, TicketNextReplyRow)] == [4 * HOUR]


def test_the_tables_say_what_the_records_say() -> None:
    """Of tickets whose opening is not among the samples there are rows all the same, and none of them is backlog."""
    machine = run(samples())
    found = {row.ticket_id: row for row in rows(machine, TicketRow)}
    assert {named: row.status for named, row in found.items()} == {
        "35436": "open", "1": "incomplete", "146": "incomplete", "158": "incomplete", "161": "incomplete",
    }  # fmt: skip
    for line in lines():
        if line["stream"] == "satisfaction_ratings":
            assert found[str(line["data"]["ticket_id"])].csat_offered_at == instant(line["data"]["created_at"])
    (said,) = rows(machine, TicketMessageRow)
    assert (said.ticket_id, said.author_type, said.author_id, said.channel) == ("1", "unknown", "360786799676", "web")


@given(st.data())
def test_a_rating_that_is_changed_stands_as_changed(data: st.DataObject) -> None:
    """The export has one record per rating, sent anew whenever it changes: good and bad are a scale of two."""
    offered = next(line for line in lines() if line["stream"] == "satisfaction_ratings")
    states = (("offered", "18:01"), ("good", "19:30"), ("bad", "20:15"))
    records = [
        {**offered, "data": {**offered["data"], "score": score, "updated_at": f"2023-06-19T{time}:40Z"}}
        for score, time in states
    ]
    recorded_events = [RecordedEvent(each, LATER) for record in records for each in exported(record)]
    row = ticket(run(data.draw(st.permutations(recorded_events))))
    assert (row.csat_score, row.csat_scale_max, row.csat_positive_from) == (0.0, 1.0, 1.0)
    assert row.csat_rated_at == instant("2023-06-19T20:15:40Z")
    assert all(check(recorded.event, row.account_id.encode(), LATER) is None for recorded in recorded_events)
    assert row.csat_offered_at == instant(offered["data"]["updated_at"])
