"""Names of an account in other systems: linked and unlinked, in order of time, so the newest says which."""

from hashlib import blake2b
from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import AccountLinked, AccountReferenceEvent, AccountUnlinked
from streams.core.feedback.item import in_time
from streams.core.outputs import Outputs, Scope
from streams.core.rows_identity import AccountReferenceRow


class Reference(msgspec.Struct, array_like=True, gc=False):
    """A name as its newest events say; times in microseconds."""

    is_test: bool = False
    newest: AccountReferenceEvent | None = None
    linked_at: int | None = None
    unlinked_at: int | None = None


def mark(event: AccountReferenceEvent) -> str:
    """Return what stands for system and name in keys: names are personal, and keys are not."""
    return blake2b(f"{event.system}\0{event.external_id}".encode(), digest_size=16).hexdigest()


def apply(reference: Reference, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Let an event link the name or take it away; what is told again changes nothing."""
    event: AccountReferenceEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    match event:
        case AccountLinked():
            if reference.linked_at is None or reference.unlinked_at is not None:
                reference.newest, reference.linked_at, reference.unlinked_at = event, event.occurred_at, None
        case AccountUnlinked():
            if reference.unlinked_at is None:
                reference.newest, reference.unlinked_at = event, event.occurred_at
        case _:
            assert_never(event)


def project(reference: Reference, _scope: Scope, outputs: Outputs) -> None:
    """List the name."""
    event = reference.newest
    if event is not None:
        outputs.rows.append(
            AccountReferenceRow(
                event.account_id,
                mark(event),
                event.system,
                event.external_id,
                reference.linked_at,
                reference.unlinked_at,
                event.event_id,
                reference.is_test,
            )
        )


ACCOUNT_REFERENCE = Reducer(
    kind="account_reference",
    prefix=PREFIXES["account_reference"],
    events=AccountReferenceEvent,
    identify=mark,
    accumulator=Reference,
    apply=apply,
    project=project,
    sort_key=in_time,
)
