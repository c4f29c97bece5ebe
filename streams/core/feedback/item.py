"""A feedback item's own life: opened, through its states to shipped or declined, perhaps merged into another one.

It is folded in order of time. Who asked for it stands with the accounts that did, see `link.py`.
"""

from typing import assert_never

import msgspec

from streams.core.algebra import RecordedEvent, SortKey
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import FeedbackItemEvent, FeedbackItemMerged, FeedbackItemOpened, FeedbackItemStateChanged
from streams.core.outputs import Outputs, Scope
from streams.core.rows_feedback import FeedbackItemRow, FeedbackItemStateRow

_RANKS = {"new": 0, "triaged": 1, "planned": 2, "in_progress": 3, "shipped": 4, "declined": 4}


class Item(msgspec.Struct, array_like=True, gc=False):
    """An item as its active events say; times in microseconds."""

    is_test: bool = False
    account_id: str = ""
    item_id: str = ""
    title: str = ""
    topic_id: str = ""
    opened_at: int | None = None
    state: str = ""
    since: int | None = None
    stays: int = 0
    times_back: int = 0
    merged_into: str = ""
    merged_at: int | None = None
    is_merged_late: bool = False
    """True where it was shipped when it was merged."""
    is_moved_late: bool = False
    """True where its state changed after it was merged."""
    event_id: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        found = {
            "merged_after_shipped": self.is_merged_late,
            "not_opened": self.opened_at is None,
            "state_after_merge": self.is_moved_late,
            "state_went_back": self.times_back > 0,
        }
        return tuple(flag for flag, holds in found.items() if holds)


def in_time(recorded: RecordedEvent) -> SortKey:
    """Return the position of an event: when it happened, then the source's version, then its id."""
    event = recorded.event
    version = event.entity_version
    return event.occurred_at, -1 if version is None else version, event.event_id, event.source


def apply(item: Item, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Let an event say more of the item. A stay in a state is sealed when the next one begins."""
    event: FeedbackItemEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    item.account_id, item.item_id, item.event_id = event.account_id, event.item_id, event.event_id
    match event:
        case FeedbackItemOpened():
            item.title, item.topic_id = event.title, event.topic_id or ""
            if item.opened_at is None:
                item.opened_at = event.occurred_at
            if item.state == "":
                _enter(item, "new", event.occurred_at, sealed)
        case FeedbackItemStateChanged():
            _enter(item, event.state.lower(), event.occurred_at, sealed)
        case FeedbackItemMerged():
            item.merged_into, item.merged_at = event.target_item_id, event.occurred_at
            item.is_merged_late = item.state == "shipped"
        case _:
            assert_never(event)


def _enter(item: Item, state: str, at: int, sealed: Outputs | None) -> None:
    if state == item.state:
        return
    if sealed is not None and item.stays:
        sealed.rows.append(_stay(item, at))
    item.times_back += _RANKS[state] < _RANKS.get(item.state, 0)
    item.is_moved_late |= item.merged_at is not None
    item.state, item.since, item.stays = state, at, item.stays + 1


def _stay(item: Item, until: int | None) -> FeedbackItemStateRow:
    assert item.since is not None
    return FeedbackItemStateRow(item.account_id, item.item_id, item.stays, item.state, item.since, until, item.is_test)


def project(item: Item, _scope: Scope, outputs: Outputs) -> None:
    """List the item as it stands, and the stay that lasts."""
    if not item.event_id:
        return
    outputs.rows.append(
        FeedbackItemRow(
            item.account_id,
            item.item_id,
            item.title,
            item.topic_id,
            item.state,
            item.since,
            item.opened_at,
            item.since if item.state == "shipped" else None,
            item.since if item.state == "declined" else None,
            item.merged_into,
            item.merged_at,
            item.times_back,
            item.flags,
            item.event_id,
            item.is_test,
        )
    )
    if item.stays:
        outputs.rows.append(_stay(item, None))


def _item_id(event: FeedbackItemEvent) -> str:
    return event.item_id


FEEDBACK_ITEM = Reducer(
    kind="feedback_item",
    prefix=PREFIXES["feedback_item"],
    events=FeedbackItemEvent,
    identify=_item_id,
    accumulator=Item,
    apply=apply,
    project=project,
    sort_key=in_time,
)
