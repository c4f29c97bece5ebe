"""The invitation: sent (and reminded), delivered or bounced, opened. Reminders are the same invitation again."""

from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    InvitationBounced,
    InvitationDelivered,
    InvitationEvent,
    InvitationOpened,
    InvitationSent,
)
from streams.core.outputs import Outputs, Scope
from streams.core.rows_survey import InvitationRow


class Invitation(msgspec.Struct, array_like=True, gc=False):
    """An invitation as its active events say; times in microseconds."""

    is_test: bool = False
    account_id: str = ""
    invitation_id: str = ""
    sent: InvitationSent | None = None
    sent_at: int | None = None
    reminders: int = 0
    delivered_at: int | None = None
    bounced: InvitationBounced | None = None
    opened_at: int | None = None

    @property
    def status(self) -> str:
        if self.bounced is not None:
            return "bounced"
        if self.sent is None:
            return "incomplete"
        if self.opened_at is not None:
            return "opened"
        return "sent" if self.delivered_at is None else "delivered"


def _earliest(known: int | None, at: int) -> int:
    return at if known is None else min(known, at)


def apply(invitation: Invitation, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Let an event say more of the invitation. Nothing is sealed: it has one row."""
    event: InvitationEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    invitation.account_id, invitation.invitation_id = event.account_id, event.invitation_id
    match event:
        case InvitationSent():
            invitation.sent = event
            invitation.reminders = max(invitation.reminders, event.reminder_no)
            invitation.sent_at = _earliest(invitation.sent_at, event.occurred_at)
        case InvitationDelivered():
            invitation.delivered_at = _earliest(invitation.delivered_at, event.occurred_at)
        case InvitationBounced():
            invitation.bounced = event
        case InvitationOpened():
            invitation.opened_at = _earliest(invitation.opened_at, event.occurred_at)
        case _:
            assert_never(event)


def invitation_row(invitation: Invitation) -> InvitationRow:
    sent, bounced = invitation.sent, invitation.bounced
    return InvitationRow(
        invitation.account_id,
        invitation.invitation_id,
        sent.survey_id if sent else "",
        (sent.contact_id or "") if sent else "",
        sent.channel if sent else "",
        (sent.ticket_id or "") if sent else "",
        (sent.project_id or "") if sent else "",
        (sent.contract_id or "") if sent else "",
        invitation.status,
        invitation.sent_at,
        invitation.delivered_at,
        bounced.occurred_at if bounced else None,
        invitation.opened_at,
        sent.expires_at if sent else None,
        invitation.reminders,
        (bounced.reason or "") if bounced else "",
        invitation.is_test,
    )
