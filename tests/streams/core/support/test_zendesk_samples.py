"""What Zendesk sends: webhooks without promise of order, several of one update, and records of its incremental export.

The samples are not part of this repository. Those there are tell of an opening, offers of ratings and a comment; what
else happens to a ticket is told here in the envelope of the sampled webhook.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.rows_ticket import TicketMessageRow, TicketNextReplyRow, TicketRow
from streams.ingest.vendors import zendesk
from streams.ingest.vendors.model import AccountRules, Instance
from tests.support import vendors
from tests.support.machine import figures, run
from tests.support.samples import instant, json_sample, sample
from tests.support.tickets import rows, ticket

pytestmark = pytest.mark.real_data
SOURCE = "zendesk:main"
LATER = vendors.RECEIVED
HOUR = 3_600_000_000
ACCOUNTS = {"10001": "acme", "10002": "globex", "10003": "initech"}
TICKETS = {"35436": "10002", "1": "10001", "146": "10001", "158": "10003", "161": "10003"}
"""Organizations of tickets, as a look-up at the source would give them: the samples name none."""
DESK = Instance("zendesk", "main", AccountRules(organizations=ACCOUNTS), {"tickets": TICKETS})
Body = dict[str, Any]


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
            "event": {**told, "meta": {"sequence": {"id": f"{hours}", "position": position}}},
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
    return vendors.told(zendesk.translate, DESK, *bodies)


def unmapped(body: Body) -> tuple[str, ...]:
    return zendesk.translate(vendors.delivery(body), DESK).unmapped


def samples() -> list[RecordedEvent]:
    return told([created(), *lines()])


def test_everything_is_taken_in() -> None:
    """A contract that a real source cannot keep would be found out by its dead letters only."""
    every = [*samples(), *told(life())]
    assert len(every) == 14
    for recorded in every:
        assert check(recorded.event, recorded.event.account_id.encode(), LATER) is None, recorded


def test_the_help_desk_is_no_account() -> None:
    """Its own number is in every webhook, by the name that the contract has for a customer."""
    tenant = str(created()["account_id"])
    assert all(recorded.event.account_id in ACCOUNTS.values() for recorded in samples())
    assert not any(tenant in vendors.words(recorded.event) for recorded in samples())


def test_what_no_one_maps_is_counted_by_name() -> None:
    """A user event has a detail, an id and a time like any other; clocks that the source keeps are counted here."""
    assert unmapped(json_sample("zendesk/webhook_user_active_changed.json")) == ("user.active_changed",)
    assert [name for line in lines() for name in unmapped(line)] == [
        "ticket_metric_events/fulfill/agent_work_time",
        "ticket_metric_events/update_status/requester_wait_time",
        "ticket_metric_events/fulfill/periodic_update_time",
    ]


def test_a_ticket_of_no_organization_waits_under_who_asked() -> None:
    """Whose it is, somebody may say later: until then it is in the totals, and listed."""
    nobody = {**created()["detail"], "id": "99", "organization_id": "0"}
    asked = {**nobody, "requester_id": "20978392"}
    keys = [recorded.event.account_id for recorded in told([{**created(), "detail": each} for each in (nobody, asked)])]
    assert keys == ["zendesk:ticket/99", "zendesk:user/20978392"]


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
    pending["event"]["meta"], solved["event"]["meta"] = solved["event"]["meta"], pending["event"]["meta"]
    assert ticket(run(data.draw(st.permutations(told(bodies))))).status == "pending"


def test_a_ticket_says_what_its_webhooks_say() -> None:
    """The reply that was hidden later is none: the next one is the first."""
    machine = run(told(life()))
    row = ticket(machine)
    detail = created()["detail"]
    assert (row.account_id, row.channel, row.source) == ("globex", "zendesk_web", SOURCE)
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
    recorded_events = told(records)
    row = ticket(run(data.draw(st.permutations(recorded_events))))
    assert (row.csat_score, row.csat_scale_max, row.csat_positive_from) == (0.0, 1.0, 1.0)
    assert row.csat_rated_at == instant("2023-06-19T20:15:40Z")
    assert all(check(recorded.event, row.account_id.encode(), LATER) is None for recorded in recorded_events)
    assert row.csat_offered_at == instant(offered["data"]["updated_at"])
