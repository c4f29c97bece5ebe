"""Merges of an account and their ends, and its names in other systems."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given

from streams.core.admission import check
from streams.core.algebra import RecordedEvent
from streams.core.events import AccountLinked, AccountMerged, AccountUnlinked, AccountUnmerged, Event
from streams.core.rows_identity import AccountMergeRow, AccountReferenceRow
from tests.support.histories_identity import identity_histories
from tests.support.machine import run

DAY = 86_400_000_000
START = 1_790_000_000_000_000 // DAY * DAY


def at(kind: type[Event], day: int, **fields: Any) -> RecordedEvent:
    event = kind(
        event_id=f"00000000-0000-4000-8000-{day + len(kind.EVENT_TYPE) * 10_000:012d}",
        account_id="acme", occurred_at=START + day * DAY, source="crm:main", **fields,
    )  # fmt: skip
    return RecordedEvent(event, event.occurred_at)


def day(moment: int | None) -> int | None:
    return None if moment is None else (moment - START) // DAY


def merged(day: int, survivor: str = "birch") -> RecordedEvent:
    return at(AccountMerged, day, survivor_id=survivor)


def unmerged(day: int, survivor: str = "birch") -> RecordedEvent:
    return at(AccountUnmerged, day, survivor_id=survivor)


def merges(*recorded_events: RecordedEvent) -> list[tuple[str, int, int | None, tuple[str, ...]]]:
    """Survivor, first day, first day after and flags of each merge."""
    rows = [row for row in run(list(recorded_events)).tables.values() if isinstance(row, AccountMergeRow)]
    ordered = sorted(rows, key=lambda row: row.ordinal)
    return [(row.survivor_id, (row.from_at - START) // DAY, day(row.until_at), row.flags) for row in ordered]


def test_a_merge_lasts_until_it_is_taken_apart() -> None:
    """Figures as of any day need to know what counted as what then."""
    assert merges(merged(1)) == [("birch", 1, None, ())]
    assert merges(merged(1), unmerged(5)) == [("birch", 1, 5, ())]
    assert merges(merged(1), unmerged(5), merged(8)) == [("birch", 1, 5, ()), ("birch", 8, None, ())]


def test_what_is_told_again_changes_nothing() -> None:
    """Whoever is not sure whether a command went through sends it again."""
    assert merges(merged(1), merged(2)) == merges(merged(1))
    assert merges(merged(1), unmerged(5), unmerged(6)) == merges(merged(1), unmerged(5))


def test_a_merge_into_another_account_takes_the_place_of_the_first() -> None:
    """An account counts as one other at a time; that the first was not taken apart is flagged."""
    assert merges(merged(1), merged(4, "cedar")) == [("birch", 1, 4, ("merged_elsewhere",)), ("cedar", 4, None, ())]


def test_an_end_without_its_merge_is_kept_and_flagged() -> None:
    """It ends nothing: neither a merge into another account nor one that nobody told of."""
    unfounded = ("birch", 5, 5, ("unmerged_without_merge",))
    assert merges(unmerged(5)) == [unfounded]
    assert sorted(merges(merged(1, "cedar"), unmerged(5)), key=lambda row: row[1]) == [
        ("cedar", 1, None, ()),
        unfounded,
    ]


def test_a_merge_that_is_taken_back_was_never_there() -> None:
    """Taking back is not taking apart: with it, figures of the days between change too."""
    mistaken = merged(1)
    back = msgspec.structs.replace(
        mistaken.event, event_id="ffffffff-ffff-4fff-8fff-ffffffffffff", occurred_at=START + 9 * DAY,
        corrects_event_id=mistaken.event.event_id, is_retraction=True,
    )  # fmt: skip
    assert merges(mistaken, RecordedEvent(back, START + 9 * DAY)) == []


def names(*recorded_events: RecordedEvent) -> list[tuple[str, int | None, int | None]]:
    """External id, day of the link and day of its end."""
    rows = [row for row in run(list(recorded_events)).tables.values() if isinstance(row, AccountReferenceRow)]
    return sorted((row.external_name, day(row.linked_at), day(row.unlinked_at)) for row in rows)


def test_a_name_is_the_accounts_from_its_link_until_it_is_unlinked() -> None:
    """One name is taken out of an account without touching its merges or other names."""
    ref = {"system": "crm:main", "external_id": "7"}
    linked, unlinked = at(AccountLinked, 1, **ref), at(AccountUnlinked, 4, **ref)
    other = at(AccountLinked, 2, system="crm:main", external_id="8")
    assert names(linked, other) == [("7", 1, None), ("8", 2, None)]
    assert names(linked, other, unlinked) == [("7", 1, 4), ("8", 2, None)]
    assert names(linked, unlinked, at(AccountLinked, 6, **ref)) == [("7", 6, None)]
    assert names(unlinked) == [("7", None, 4)]


def test_systems_tell_equal_names_apart() -> None:
    """Account 7 of one system is not account 7 of another; the mark stands for both parts."""
    machine = run(
        [at(AccountLinked, 1, system="a", external_id="bc"), at(AccountLinked, 2, system="ab", external_id="c")]
    )
    assert len(machine.tables) == 2


@given(identity_histories())
def test_an_account_counts_as_one_other_at_a_time(recorded_events: list[RecordedEvent]) -> None:
    """Whose figures its facts go to must never be two accounts at once."""
    rows = [row for row in run(recorded_events).tables.values() if isinstance(row, AccountMergeRow)]
    held = sorted(
        (row for row in rows if not row.flags or row.flags == ("merged_elsewhere",)), key=lambda row: row.ordinal
    )
    for one, next_one in pairwise(held):
        assert one.until_at is not None
        assert one.from_at <= one.until_at <= next_one.from_at


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (merged(1, "acme"), "into itself"),
        (unmerged(1, "acme"), "into itself"),
        (at(AccountLinked, 1, system="", external_id="7"), "system must not be empty"),
        (at(AccountUnlinked, 1, system="a\x1b", external_id="7"), "system must be printable"),
        (at(AccountLinked, 1, system="a", external_id=""), "external_id must be 1 to"),
    ],
)
def test_what_one_event_says_wrongly_is_refused(event: RecordedEvent, said: str) -> None:
    """A merge of an account into itself is refused with its reason, and never folded."""
    refusal = check(event.event, event.event.account_id.encode(), event.ingested_at)
    assert refusal is not None
    assert said in refusal[1]
