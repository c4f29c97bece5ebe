from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay.errors import PlanError
from streams.replay.log import Bounds, Place
from streams.replay.plan import Stretch
from streams.replay.ranges import Asked, chosen, moment, stretches, whole

_NOW = 1_763_770_000_000_000
_SURVEY, _OTHER = ("cx.survey", 0), ("cx.survey", 1)
_BOUNDS = {_SURVEY: Bounds(3, 10), _OTHER: Bounds(0, 5), ("cx.reference", 0): Bounds(0, 0)}


class _Log:
    """A log whose record at offset n was stored n seconds after 2025 began."""

    def bounds(self, topics: Sequence[str]) -> dict[Place, Bounds]:
        return {place: held for place, held in _BOUNDS.items() if place[0] in topics}

    def at(self, place: Place, micros: int) -> int | None:
        second = -(-(micros - _stored(0)) // 1_000_000)
        held = _BOUNDS[place]
        return max(second, held.low) if second < held.high else None

    def read(self, place: Place, start: int, end: int) -> Iterator[list[Any]]:
        raise NotImplementedError


def _stored(offset: int) -> int:
    return int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() + offset) * 1_000_000


def _resolved(asked: Asked) -> list[Stretch]:
    return stretches(asked, chosen(asked, _BOUNDS, "cx."), _BOUNDS, _Log(), _NOW)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2025, 1, 1)),  # noqa: DTZ001 - the zone is drawn beside it
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_a_time_means_the_same_in_every_zone(local: datetime, zone: timezone) -> None:
    """People on call paste times from anywhere; the microsecond must survive."""
    said = local.replace(tzinfo=zone)
    micros = moment(said.isoformat(), "--from", _NOW)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) == said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "neither an offset nor an ISO 8601 time"),
        ("-5", "neither an offset nor an ISO 8601 time"),
        ("2025-13-01T00:00:00Z", "neither an offset nor an ISO 8601 time"),
        ("2025-01-01T00:00:00Z'; DROP TABLE x", "neither an offset nor an ISO 8601 time"),
        ("2025-01-01T00:00:00", "names no offset from UTC"),
        ("2025-01-01", "names no offset from UTC"),
        ("1969-12-31T23:59:59Z", "before 1970"),
        ("2999-01-01T00:00:00Z", "lies in the future"),
    ],
)
def test_a_wrong_time_is_refused_with_its_reason(text: str, why: str) -> None:
    """Each of these would otherwise become some offset, and a repair of something else."""
    with pytest.raises(PlanError, match=why):
        moment(text, "--from", _NOW)


@given(st.integers(3, 10), st.integers(3, 10))
def test_offsets_are_taken_as_they_are(start: int, end: int) -> None:
    """What is asked for by offset is read exactly, and an inverted range is refused."""
    asked = Asked(topic="survey", partition=0, start=str(start), end=str(end))
    if start > end:
        with pytest.raises(PlanError, match=f"--from {start} comes after --to {end}"):
            _resolved(asked)
    else:
        assert _resolved(asked) == [Stretch(topic="cx.survey", partition=0, start=start, end=end)]


@given(st.integers(0, 12), st.integers(0, 12))
def test_times_become_the_offsets_stored_between_them(start: int, end: int) -> None:
    """From the first moment on, up to but without the second, in every partition; a time finds no lost records."""
    texts = [datetime.fromtimestamp(_stored(second) / 1e6, UTC).isoformat() for second in (start, end)]
    asked = Asked(topic="survey", start=texts[0], end=texts[1])
    if start > end:
        with pytest.raises(PlanError, match="comes after"):
            _resolved(asked)
        return
    read = {(each.topic, each.partition): set(range(each.start, each.end)) for each in _resolved(asked)}
    for place in (_SURVEY, _OTHER):
        held = range(_BOUNDS[place].low, _BOUNDS[place].high)
        assert read[place] == {offset for offset in held if start <= offset < end}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(topic="surveys"), "'surveys' is no topic of events: there are cx.reference, cx.survey"),
        (Asked(topic="cx.survey`; --"), "is no topic of events"),
        (Asked(partition=0), "--partition needs --topic"),
        (Asked(topic="survey", partition=7), "cx.survey has no partition 7: it has 0 to 1"),
        (Asked(topic="survey", start="4"), "an offset belongs to one partition"),
        (Asked(topic="survey", partition=0, start="2"), "gone from cx.survey-0: retention has cut it, it begins at 3"),
        (Asked(topic="survey", partition=0, start="11"), "--from 11 lies beyond the end of cx.survey-0: it ends at 10"),
        (Asked(topic="survey", partition=0, end="11"), "--to 11 lies beyond the end of cx.survey-0: it ends at 10"),
    ],
)
def test_what_is_not_there_is_refused_with_its_reason(asked: Asked, why: str) -> None:
    """A range that is silently cut to what there is would repair less than was asked for."""
    with pytest.raises(PlanError, match=why):
        _resolved(asked)


def test_a_log_that_has_lost_its_beginning_is_refused() -> None:
    """Computed from what is left, the tables would silently be those of another history."""
    with pytest.raises(PlanError, match=r"cx\.survey-0 begins at offset 3: retention has cut its first events"):
        whole(_BOUNDS)
