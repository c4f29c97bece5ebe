"""Rules for events of account identity beyond their types.

A ring of merges, and an unmerge from an account that was merged on itself, need the events of several accounts: those
are taken in, and `account_identity_gap` names them.
"""

from streams.core.events import AccountMergeEvent, AccountReferenceEvent
from streams.core.limits import Refusal, unprintable

IdentityEvent = AccountMergeEvent | AccountReferenceEvent


def content(event: IdentityEvent) -> Refusal | None:
    """Return why the event cannot be taken, or None."""
    if isinstance(event, AccountMergeEvent):
        if event.survivor_id == event.account_id:
            return "invalid_field", "an account cannot be merged into itself"
        return None
    if not event.system:
        return "invalid_field", "system must not be empty"
    return unprintable(system=event.system)
