"""Open outputs of an invitation: its row, and its part in the response rate."""

from streams.core.outputs import Outputs, Scope
from streams.core.survey.invitation import Invitation, invitation_row
from streams.core.survey.measures import invitation_measures


def project(invitation: Invitation, _scope: Scope, outputs: Outputs) -> None:
    """List the row of an invitation that any active event names."""
    if invitation.invitation_id:
        outputs.rows.append(invitation_row(invitation))
        outputs.measures.update(invitation_measures(invitation))
