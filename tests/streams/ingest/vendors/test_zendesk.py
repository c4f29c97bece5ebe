"""Zendesk: each of its events, as its reference has them, and its own SLA as the ground truth for ours."""

from typing import Any

import pytest

from streams.core.rows_sla import SlaInstanceRow
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.zendesk import translate
from tests.support.machine import run
from tests.support.samples import instant
from tests.support.tickets import rows, ticket
from tests.support.vendor_cases import instance
from tests.support.vendors import delivery, own_sample, told

DESK = instance("zendesk")
COMMENT: dict[str, Any] = own_sample("zendesk/comment_added.json")
TARGET: dict[str, Any] = own_sample("zendesk/apply_sla.json")
HOUR = 3_600_000_000
AT = "2026-01-08T10:12:07Z"
Body = dict[str, Any]


def webhook(kind: str, at: str = AT, position: int = 1, detail: Body | None = None, **event: Any) -> Body:
    """A webhook of the sampled ticket."""
    told = {**event, "meta": {"sequence": {"id": at, "position": position}}}
    whole = {**COMMENT["detail"], **(detail or {})}
    named = f"{kind}/{at}/{position}"
    return {**COMMENT, "type": f"zen:event-type:ticket.{kind}", "id": named, "time": at, "detail": whole, "event": told}


def fields(body: Body, desk: Any = DESK) -> Body:
    """The event of a delivery: its type, and its fields but those of the envelope."""
    (event,) = translate(delivery(body), desk).events
    envelope = ("event_id", "account_id", "occurred_at", "source", "entity_version", "is_test", "ticket_id")
    return {"type": event.type, **{name: value for name, value in event.fields.items() if name not in envelope}}


def comment(at: str, *, staff: bool, number: int) -> Body:
    author = {"id": 76872 if staff else 20978392, "is_staff": staff, "name": "Anna"}
    return webhook("comment_added", at, comment={"id": number, "is_public": True, "author": author})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (COMMENT, {"type": "message_added", "message_id": "9876543210", "author_type": "AGENT", "author_id": "76872"}),
        (webhook("comment_made_private", comment={"id": 5}), {"type": "message_changed", "is_public": False}),
        (webhook("comment_redacted", comment={"id": 5}), {"type": "message_changed", "is_redacted": True}),
        (
            webhook(
                "status_changed", previous="OPEN", current="PENDING", detail={"status": "PENDING", "custom_status": 9}
            ),
            {"from_status": "OPEN", "to_status": "PENDING", "custom_status": "9"},
        ),
        (
            webhook("custom_status_changed", previous="8", current="9", detail={"status": "HOLD"}),
            {"type": "ticket_status_changed", "to_status": "HOLD", "custom_status": "9"},
        ),
        (
            webhook("agent_assignment_changed", previous="7", current="8"),
            {"type": "ticket_assigned", "from_assignee_id": "7", "assignee_id": "8"},
        ),
        (webhook("agent_assignment_changed", previous="7", current=None), {"assignee_id": None}),
        (webhook("group_assignment_changed", current="3"), {"assignee_id": "76872", "group_id": "3"}),
        (
            webhook("priority_changed", previous="LOW", current="URGENT"),
            {"type": "ticket_priority_changed", "from_priority": "low", "priority": "urgent"},
        ),
        (webhook("merged", target_ticket_id="77"), {"type": "ticket_merged", "target_ticket_id": "77"}),
        (webhook("merged", target_ticket={"id": 77}), {"target_ticket_id": "77"}),
        (webhook("soft_deleted"), {"type": "ticket_deleted"}),
        (webhook("permanently_deleted"), {"type": "ticket_deleted"}),
        (webhook("undeleted"), {"type": "ticket_restored"}),
        (webhook("marked_as_spam"), {"type": "ticket_marked_spam"}),
        (webhook("csat_requested"), {"type": "ticket_csat_offered"}),
        (
            webhook("csat_received", satisfaction_score={"score": "GOOD", "comment": "Anna was kind"}),
            {
                "type": "ticket_csat_rated",
                "score": 1.0,
                "positive_from": 1.0,
                "has_comment": True,
                "assignee_id": "76872",
            },
        ),
        (
            webhook("created", detail={"submitter_id": "76872"}, current={"status": "Open"}),
            {
                "type": "ticket_opened",
                "channel": "zendesk_web",
                "status": "OPEN",
                "created_by_agent": True,
                "group_id": None,
            },
        ),
    ],
)
def test_each_event_of_the_reference(body: Body, expected: Body) -> None:
    """What is said here is what the page of this vendor promises."""
    found = fields(body)
    assert {name: found[name] for name in expected} == expected


def test_the_version_is_the_time_and_the_position() -> None:
    """Digits below a microsecond are cut off; parts of one update stay apart all the same."""
    (event,) = translate(delivery(COMMENT), DESK).events
    at = instant("2026-01-08T14:25:30.123456Z")
    assert (event.fields["occurred_at"], event.fields["entity_version"]) == (at, at + 1)


def test_options_say_who_is_what() -> None:
    """Who is a bot, what a channel is called, and which tickets are tests."""
    desk = instance("zendesk", bots=["76872"], channels={"web": "portal"}, test_tags=["vip"])
    assert fields(COMMENT, desk)["author_type"] == "BOT"
    assert fields(webhook("created", current={"status": "NEW"}), desk)["channel"] == "portal"
    assert translate(delivery(COMMENT), desk).events[0].fields["is_test"] is True
    assert translate(delivery(COMMENT), DESK).events[0].fields["is_test"] is False


@pytest.mark.parametrize(
    ("body", "unmapped"),
    [
        (webhook("tags_changed"), "ticket.tags_changed"),
        (webhook("status_changed", previous="OPEN", current="DELETED"), "ticket.status_changed"),
        ({**COMMENT, "type": "zen:event-type:article.published", "detail": None}, "article.published"),
        ({"stream": "tickets", "data": {"id": 5}}, "tickets"),
        ({**TARGET, "data": {**TARGET["data"], "type": "breach"}}, "ticket_metric_events/breach/reply_time"),
    ],
)
def test_what_no_one_maps_is_counted_by_name(body: Body, unmapped: str) -> None:
    """A kind of event that Zendesk adds stops nothing, and somebody sees it."""
    found = translate(delivery(body), DESK)
    assert (found.events, found.unmapped) == ((), (unmapped,))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (webhook("status_changed", current="WAITING_FOR_ANNA"), "unknown_status"),
        (webhook("status_changed", current=None), "invalid_field"),
        (webhook("comment_added"), "missing_field"),
        (webhook("merged"), "missing_field"),
        (webhook("merged", target_ticket_id="5158"), "invalid_field"),
        (webhook("soft_deleted", position=10**9), "invalid_field"),
        (webhook("soft_deleted", at="2026-01-08T10:12:07"), "invalid_time"),
        (webhook("soft_deleted", at="2099-01-08T10:12:07Z"), "occurred_in_future"),
        ({**COMMENT, "id": None}, "invalid_field"),
        ({**TARGET, "ticket": {"id": 1}}, "invalid_field"),
        ({"ticket": {"id": 1}}, "invalid_field"),
    ],
)
def test_what_does_not_fit_is_not_understood(body: Body, reason: str) -> None:
    """It waits with its reason until the mapping or the desk is mended."""
    with pytest.raises(NotUnderstoodError) as caught:
        translate(delivery(body), DESK)
    assert caught.value.reason == reason
    assert "ANNA" not in caught.value.detail


def target(metric: str, number: int, hours: int, at: str = AT, **more: Any) -> Body:
    sla = {"target": hours * 60, "target_in_seconds": None, "business_hours": False, "policy": {"id": 3}}
    data = {"id": f"{metric}{number}", "metric": metric, "instance_id": number, "time": at, "sla": sla, **more}
    return {**TARGET, "data": {**TARGET["data"], **data}}


def test_clocks_agree_with_those_of_the_desk() -> None:
    """The desk's own metric events are the ground truth: when each clock was fulfilled or breached.

    By its reference: first reply due in 3 hours, given after 4: `breach` at 13:12:07, `fulfill` at 14:12:07. The next
    reply, its second instance of `reply_time`, due in 2 hours and given after one. Waiting for the requester, while
    pending, counts for nobody: the requester has waited 4 hours, then 1, then 1 more till the solve.
    """
    bodies = [
        webhook("created", AT, current={"status": "OPEN"}),
        target("reply_time", 1, 3),
        target("requester_wait_time", 1, 8),
        target("agent_work_time", 1, 5),
        comment("2026-01-08T14:12:07Z", staff=True, number=1),
        webhook("status_changed", "2026-01-08T14:12:07Z", 2, previous="OPEN", current="PENDING"),
        comment("2026-01-08T16:12:07Z", staff=False, number=2),
        webhook("status_changed", "2026-01-08T16:12:07Z", 2, previous="PENDING", current="OPEN"),
        target("reply_time", 2, 2, "2026-01-08T16:12:07Z"),
        comment("2026-01-08T17:12:07Z", staff=True, number=3),
        webhook("status_changed", "2026-01-08T18:12:07Z", 1, previous="OPEN", current="SOLVED"),
    ]
    opened = instant(AT)
    found = {row.metric: row for row in rows(run(told(translate, DESK, *bodies)), SlaInstanceRow)}
    first, following = found["first_reply"], found["next_reply"]
    assert (first.breached_at, first.fulfilled_at, first.policy_id) == (opened + 3 * HOUR, opened + 4 * HOUR, "3")
    assert (following.instance_no, following.breached_at, following.fulfilled_at) == (1, None, opened + 7 * HOUR)
    waited = found["requester_wait"]
    assert (waited.state, waited.elapsed_us, waited.fulfilled_at) == ("fulfilled", 6 * HOUR, opened + 8 * HOUR)
    worked = found["agent_work"]
    assert (worked.state, worked.breached_at, worked.elapsed_us) == ("breached", opened + 7 * HOUR, 6 * HOUR)


def test_a_target_that_the_desk_takes_back_is_none() -> None:
    """Its export says of a metric event that it was deleted."""
    given, gone = target("reply_time", 1, 3), target("reply_time", 1, 3, deleted=True)
    opened = webhook("created", AT, current={"status": "OPEN"})
    for order in ((opened, given, gone), (gone, given, opened)):
        assert rows(run(told(translate, DESK, *order)), SlaInstanceRow) == []


def test_minutes_and_seconds_are_one_target() -> None:
    """Older desks give minutes alone."""
    seconds = fields({**TARGET, "data": {**TARGET["data"], "sla": {**TARGET["data"]["sla"], "target": None}}})
    minutes = fields(
        {**TARGET, "data": {**TARGET["data"], "sla": {**TARGET["data"]["sla"], "target_in_seconds": None}}}
    )
    assert seconds["target_s"] == minutes["target_s"] == 18_000


def test_all_of_a_ticket_goes_to_one_account() -> None:
    """Webhooks and exported records of one ticket must meet, or neither says how it was handled."""
    machine = run(told(translate, DESK, webhook("created", AT, current={"status": "NEW"}), TARGET, COMMENT))
    row = ticket(machine)
    assert (row.account_id, row.ticket_id, row.first_reply_us) == ("acme", "5158", 15_203_123_456)
