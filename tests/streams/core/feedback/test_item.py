"""Items through their states, and what is odd about them; who asked and who was told."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import (
    Event,
    FeedbackItemLinked,
    FeedbackItemMerged,
    FeedbackItemOpened,
    FeedbackItemStateChanged,
    ReporterNotified,
)
from streams.core.feedback.item import in_time
from streams.core.rows_feedback import FeedbackItemRow, FeedbackItemStateRow, FeedbackLinkRow, FeedbackNoticeRow
from tests.support.histories_feedback import feedback_histories
from tests.support.machine import Machine, run

DAY = 86_400_000_000
START = 1_790_000_000_000_000 // DAY * DAY


def at(kind: type[Event], day: int, /, number: int = 0, **fields: Any) -> RecordedEvent:
    """An event of item W, that many days after its start."""
    of = {"item_id": "W"} if "item_id" in kind.__struct_fields__ else {}
    event = kind(
        event_id=f"00000000-0000-4000-8000-{day * 100 + number + len(kind.EVENT_TYPE) * 10_000:012d}",
        account_id=fields.pop("account_id", "office"), occurred_at=START + day * DAY, source="board:main",
        **{**of, **fields},
    )  # fmt: skip
    return RecordedEvent(event, event.occurred_at)


def opened(day: int = 0, title: str = "Export") -> RecordedEvent:
    return at(FeedbackItemOpened, day, title=title, topic_id="api")


def moved(day: int, state: str, number: int = 0) -> RecordedEvent:
    return at(FeedbackItemStateChanged, day, number, state=state)


def merged(day: int, into: str = "V") -> RecordedEvent:
    return at(FeedbackItemMerged, day, target_item_id=into)


def item(*recorded_events: RecordedEvent) -> FeedbackItemRow:
    (found,) = (row for row in run(list(recorded_events)).tables.values() if isinstance(row, FeedbackItemRow))
    return found


def stays(*recorded_events: RecordedEvent) -> list[tuple[str, int, int | None]]:
    """State, first day and first day after of each stay."""
    rows = [row for row in run(list(recorded_events)).tables.values() if isinstance(row, FeedbackItemStateRow)]
    return [
        (row.state, (row.from_at - START) // DAY, None if row.until_at is None else (row.until_at - START) // DAY)
        for row in sorted(rows, key=lambda row: row.ordinal)
    ]


def day(moment: int | None) -> int | None:
    return None if moment is None else (moment - START) // DAY


def test_an_item_goes_through_its_states() -> None:
    """How long items lie in which state is what those who steer by them ask for."""
    events = (opened(), moved(2, "TRIAGED"), moved(5, "PLANNED"), moved(9, "SHIPPED"))
    assert stays(*events) == [("new", 0, 2), ("triaged", 2, 5), ("planned", 5, 9), ("shipped", 9, None)]
    row = item(*events)
    assert (row.state, day(row.opened_at), day(row.shipped_at), row.declined_at, row.flags) == (
        "shipped",
        0,
        9,
        None,
        (),
    )


def test_a_state_that_is_told_again_is_one_stay() -> None:
    """Sources repeat a state at every change of an item: its age must not begin anew."""
    assert stays(opened(), moved(1, "PLANNED"), moved(4, "PLANNED")) == [("new", 0, 1), ("planned", 1, None)]


def test_a_state_that_goes_back_is_flagged_and_what_it_left_stands_no_more() -> None:
    """An item that was shipped and is not counts as open; who was told of it then has to be told again."""
    row = item(opened(), moved(3, "SHIPPED"), moved(5, "IN_PROGRESS"))
    assert (row.state, row.shipped_at, row.times_back, row.flags) == ("in_progress", None, 1, ("state_went_back",))
    again = item(opened(), moved(3, "SHIPPED"), moved(5, "IN_PROGRESS"), moved(8, "SHIPPED"))
    assert (day(again.shipped_at), again.times_back) == (8, 1)


def test_from_shipped_to_declined_is_no_way_back() -> None:
    """Both are outcomes; only the one that stands has a time."""
    row = item(opened(), moved(3, "SHIPPED"), moved(5, "DECLINED"))
    assert (row.shipped_at, day(row.declined_at), row.flags) == (None, 5, ())


def test_an_item_of_which_only_states_are_told_waits_for_its_opening() -> None:
    """Sources are read in parts: what came before is not known, so no age is made up."""
    row = item(moved(3, "PLANNED"))
    assert (row.opened_at, row.title, row.flags) == (None, "", ("not_opened",))
    known = item(moved(3, "PLANNED"), opened(1))
    assert (day(known.opened_at), known.state, known.flags) == (1, "planned", ())
    late = item(moved(3, "PLANNED"), opened(4))
    assert (day(late.opened_at), late.state) == (4, "planned")


def test_a_second_opening_renames_the_item() -> None:
    """Titles get better; since when it is asked for stays."""
    row = item(opened(), opened(4, "CSV export"))
    assert (row.title, day(row.opened_at)) == ("CSV export", 0)


def test_a_merge_after_shipping_and_a_state_after_the_merge_are_flagged() -> None:
    """Both happen where two boards are put together; figures go by the item that took the other in."""
    assert item(opened(), moved(2, "SHIPPED"), merged(3)).flags == ("merged_after_shipped",)
    row = item(opened(), merged(3), moved(4, "PLANNED"))
    assert (row.merged_into, day(row.merged_at), row.flags) == ("V", 3, ("state_after_merge",))


def test_a_merge_that_is_taken_back_leaves_nothing() -> None:
    """Merges are reversible: the item stands for itself again, as if it had never been merged."""
    events = (opened(), moved(2, "PLANNED"))
    mistaken = merged(3)
    back = msgspec.structs.replace(
        mistaken.event, event_id="ffffffff-ffff-4fff-8fff-ffffffffffff", occurred_at=START + 9 * DAY,
        corrects_event_id=mistaken.event.event_id, is_retraction=True,
    )  # fmt: skip
    assert item(*events, mistaken, RecordedEvent(back, START + 9 * DAY)) == item(*events)


def test_a_request_may_move_to_another_item() -> None:
    """One request alone can be taken out of an item: unlike a merge that is taken back, the others stay."""
    asked = {"account_id": "acme", "link_id": "k1", "response_id": "r1", "has_quote": True}
    first = at(FeedbackItemLinked, 1, **asked, asked_at=START)
    second = at(FeedbackItemLinked, 2, **asked, item_id="X")
    (row,) = (row for row in run([second, first]).tables.values() if isinstance(row, FeedbackLinkRow))
    assert (row.item_id, row.response_id, row.ticket_id, row.has_quote) == ("X", "r1", "", True)
    assert (day(row.asked_at), day(row.linked_at)) == (2, 2)


def test_a_request_without_a_time_was_made_when_it_was_told() -> None:
    """A time that the source does not have is not guessed at."""
    (row,) = run([at(FeedbackItemLinked, 3, link_id="k1", account_id="acme")]).tables.values()
    assert isinstance(row, FeedbackLinkRow)
    assert (row.asked_at, row.linked_at) == (START + 3 * DAY,) * 2


def test_a_notice_says_who_was_told_what() -> None:
    """Told is told at a state: that somebody works on it is no news that it shipped."""
    (row,) = run(
        [at(ReporterNotified, 3, account_id="acme", notice_id="n1", state="IN_PROGRESS", channel="email")]
    ).tables.values()
    assert isinstance(row, FeedbackNoticeRow)
    assert (row.account_id, row.item_id, row.state, row.channel, day(row.at)) == (
        "acme",
        "W",
        "in_progress",
        "email",
        3,
    )


@given(feedback_histories())
def test_stays_follow_each_other_without_gap(recorded_events: list[RecordedEvent]) -> None:
    """Ages by state add up to the age of the item only if no time is counted twice or left out."""
    machine = run(recorded_events)
    for row in (row for row in machine.tables.values() if isinstance(row, FeedbackItemRow)):
        own = _stays_of(machine, row.item_id)
        assert [stay.ordinal for stay in own] == list(range(1, len(own) + 1))
        assert [stay.until_at for stay in own] == [*(stay.from_at for stay in own[1:]), *([None] if own else [])]
        assert (row.state, row.state_since) == ((own[-1].state, own[-1].from_at) if own else ("", None))
        assert all(stay.until_at is None or stay.from_at <= stay.until_at for stay in own)


def _stays_of(machine: Machine, item_id: str) -> list[FeedbackItemStateRow]:
    rows = (row for row in machine.tables.values() if isinstance(row, FeedbackItemStateRow) and row.item_id == item_id)
    return sorted(rows, key=lambda row: row.ordinal)


def test_what_happens_at_one_moment_has_one_order() -> None:
    """Boards close and open at once; versions of the source decide, then ids."""
    early, late = moved(3, "SHIPPED", 1), moved(3, "PLANNED", 2)
    assert in_time(early) < in_time(late)
    assert stays(opened(), late, early) == [("new", 0, 3), ("shipped", 3, 3), ("planned", 3, None)]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (moved(1, "UNKNOWN"), "state must be"),
        (at(ReporterNotified, 1, notice_id="n1", state="UNKNOWN"), "state must be"),
        (at(ReporterNotified, 1, notice_id="n1", state="SHIPPED", channel="a\nb"), "channel must be printable"),
        (merged(1, "W"), "into itself"),
        (opened(1, "Export\x1b[2J"), "title must be printable"),
        (at(FeedbackItemLinked, 1, link_id="k1", asked_at=START + 3 * DAY), "more than a day after"),
        (at(FeedbackItemLinked, 1, link_id="k1", asked_at=0), "before the year 2000"),
        (at(FeedbackItemLinked, 1, link_id=""), "link_id must be 1 to"),
        (at(FeedbackItemLinked, 1, link_id="k1", response_id=""), "response_id must be 1 to"),
    ],
)
def test_what_one_event_says_wrongly_is_refused(event: RecordedEvent, said: str) -> None:
    """A refusal names what is wrong; what two events say of each other is taken in."""
    refusal = check(event.event, event.event.account_id.encode(), event.ingested_at)
    assert refusal is not None
    assert said in refusal[1]
