"""Open outputs of an invitation: its row, and its part in the response rate."""

from operator import attrgetter

from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import InvitationEvent
from streams.core.outputs import Outputs, Scope
from streams.core.survey.invitation import Invitation, apply, invitation_row
from streams.core.survey.measures import invitation_measures


def project(invitation: Invitation, _scope: Scope, outputs: Outputs) -> None:
    """List the row of an invitation that any active event names."""
    if invitation.invitation_id:
        outputs.rows.append(invitation_row(invitation))
        outputs.measures.update(invitation_measures(invitation))


INVITATION = Reducer(
    kind="invitation",
    prefix=PREFIXES["invitation"],
    events=InvitationEvent,
    identify=attrgetter("invitation_id"),
    accumulator=Invitation,
    apply=apply,
    project=project,
)
