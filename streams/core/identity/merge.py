"""Merges of one account into others, and their ends, in order of time.

Only what this account was told is known here. Whether its survivor was merged on, and whether merges go in a ring, is
seen where all accounts meet: in the views.
"""

from operator import attrgetter
from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import AccountMerged, AccountMergeEvent, AccountUnmerged
from streams.core.feedback.item import in_time
from streams.core.health.facts import Stated
from streams.core.health.handing import hand_over
from streams.core.outputs import Outputs, Scope
from streams.core.rows_identity import AccountMergeRow


class Merges(msgspec.Struct, array_like=True, gc=False):
    """The merge that lasts, `survivor_id` empty where none does, and how many rows there are; times in microseconds."""

    is_test: bool = False
    account_id: str = ""
    rows: int = 0
    ordinal: int = 0
    survivor_id: str = ""
    since: int = 0
    event_id: str = ""
    left_id: str = ""
    """The account that it was unmerged from last."""
    said: Stated | None = None
    """The last statement about it to the account stage; what its moment said before has no place beside it."""


def apply(merges: Merges, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Let an event begin a merge or end one. The same merge told again is one merge, and so is its end."""
    event: AccountMergeEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    merges.account_id = event.account_id
    match event:
        case AccountMerged():
            if event.survivor_id != merges.survivor_id:
                _end(merges, event, ("merged_elsewhere",), sealed)
                merges.rows += 1
                merges.ordinal, merges.survivor_id = merges.rows, event.survivor_id
                merges.since, merges.event_id = event.occurred_at, event.event_id
                _state(merges, event, event.survivor_id, sealed)
        case AccountUnmerged():
            if event.survivor_id == merges.survivor_id:
                _end(merges, event, (), sealed)
                merges.survivor_id, merges.left_id = "", event.survivor_id
                _state(merges, event, None, sealed)
            elif event.survivor_id != merges.left_id:
                merges.rows += 1
                if sealed is not None:
                    sealed.rows.append(_unfounded(event, merges))
        case _:
            assert_never(event)


def _end(merges: Merges, event: AccountMergeEvent, flags: tuple[str, ...], sealed: Outputs | None) -> None:
    if sealed is not None and merges.survivor_id:
        sealed.rows.append(_row(merges, event.occurred_at, event.event_id, flags))


def _state(merges: Merges, event: AccountMergeEvent, survivor_id: str | None, sealed: Outputs | None) -> None:
    """State to the account stage which account this one counts as; of one moment the last word."""
    said, at = merges.said, event.occurred_at
    if sealed is not None and said is not None and said.at < at and not merges.is_test:
        hand_over((said,), sealed)
    merges.said = Stated(at, "account_merge", event.account_id, "merged", event.event_id, "merged", survivor_id)


def _row(merges: Merges, until: int | None, ended_by: str, flags: tuple[str, ...]) -> AccountMergeRow:
    return AccountMergeRow(
        merges.account_id,
        merges.ordinal,
        merges.survivor_id,
        merges.since,
        until,
        merges.event_id,
        ended_by,
        flags,
        merges.is_test,
    )


def _unfounded(event: AccountUnmerged, merges: Merges) -> AccountMergeRow:
    """Return the row of the end of a merge that nobody told of: it lasted no time."""
    at, by = event.occurred_at, event.event_id
    flags = ("unmerged_without_merge",)
    return AccountMergeRow(event.account_id, merges.rows, event.survivor_id, at, at, by, by, flags, merges.is_test)


def project(merges: Merges, _scope: Scope, outputs: Outputs) -> None:
    """List the merge that lasts."""
    if merges.survivor_id:
        outputs.rows.append(_row(merges, None, "", ()))
    if merges.said is not None and not merges.is_test:
        hand_over((merges.said,), outputs)


ACCOUNT_MERGE = Reducer(
    kind="account_merge",
    prefix=PREFIXES["account_merge"],
    events=AccountMergeEvent,
    identify=attrgetter("account_id"),
    accumulator=Merges,
    apply=apply,
    project=project,
    sort_key=in_time,
)
