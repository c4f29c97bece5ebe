import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.mapping import Mapping, parse
from streams.ingest.translate import Filtered, Outcome, Rejected, Translated, Translator, once

_HEADER = ["NO", "AT", "SCORE", "KIND", "NOTE"]
_MAPPING = """
source: shop:main
where: [{column: KIND, never: [staff]}]
once:
  - event: survey_defined
    id: [area]
    each: [{area: A}, {area: B}]
    fields: {account_id: {template: "shop-{area}"}, occurred_at: 0, survey_id: s1}
rows:
  - event: response_submitted
    id: [NO]
    fields:
      account_id: {template: "shop-{KIND}"}
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d %H:%M", zone: America/New_York}
      finished: true
      language: {column: KIND, map: {"1": en, "2": null}, absent: [""], default: und}
      answers:
        - {needs: number, question_id: nps, number: {column: SCORE, as: number, absent: ["", "11"]}}
        - {needs: text, question_id: why, text: {column: NOTE}}
  - event: followup_logged
    id: [NO]
    where: [{column: NOTE, only: [called]}]
    fields: {account_id: x, occurred_at: 1, closed: {column: KIND, as: boolean}}
"""
_TRANSLATOR = Translator(parse(_MAPPING), _HEADER)
_CELLS = st.lists(st.text(alphabet="0123456789-: .eE+naif{}x,", max_size=18), min_size=3, max_size=7)


def _row(*cells: str, mapping: Mapping | None = None) -> Outcome:
    translator = Translator(mapping, _HEADER) if mapping else _TRANSLATOR
    return translator.row(2, list(cells))


def _fields(outcome: Outcome) -> dict[str, object]:
    assert isinstance(outcome, Translated), outcome
    return outcome.events[0].fields


def _micros(text: str, zone: str) -> int:
    local = dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))
    return round(local.timestamp() * 1_000_000)


def test_a_row_becomes_its_event() -> None:
    """Every feature at once: template, zone, map, constants, computed answers with those left out that are absent."""
    fields = _fields(_row("7", "2026-07-01 09:30", " 9 ", "1", ""))
    del fields["event_id"]
    assert fields == {
        "account_id": "shop-1",
        "occurred_at": _micros("2026-07-01 09:30", "America/New_York"),
        "source": "shop:main",
        "finished": True,
        "language": "en",
        "answers": [{"question_id": "nps", "number": 9.0}],
    }


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("7", "2026-07-01 09:30", "9x", "1", ""), "SCORE: '9x' is not a number"),
        (("7", "2026-07-01 09:30", "1_0", "1", ""), "SCORE: '1_0' is not a number"),
        (("7", "2026-07-01 09:30", "nan", "1", ""), "SCORE: 'nan' is not a number"),
        (("7", "2026-07-01 09:30", "1e999", "1", ""), "SCORE: '1e999' is not a number"),
        (("7", "2026-07-01", "9", "1", ""), "AT: '2026-07-01' is not a time of the form '%Y-%m-%d %H:%M'"),
        (
            ("7", "2026-03-08 02:30", "9", "1", ""),
            "AT: '2026-03-08 02:30' does not exist in America/New_York: the clocks were put forward",
        ),
        (("7", "", "9", "1", ""), "occurred_at: the row gives none"),
        (("", "2026-07-01 09:30", "9", "1", ""), "NO: empty, but the event's id is made from it"),
        (("7", "2026-07-01 09:30", "9", "3", ""), "KIND: '3' is not among the values that the mapping names"),
        (("7", "2026-07-01 09:30", "9", "2", "called"), "KIND: '2' is neither true nor false"),
        (("7", "2026-07-01 09:30"), "2 cells under 5 columns"),
    ],
)
def test_a_bad_row_is_rejected_for_its_reason(cells: tuple[str, ...], reason: str) -> None:
    """The reason is what a person mends the row by; one bad event of a row rejects all of that row."""
    assert _row(*cells) == Rejected(2, reason, cells)


def test_an_hour_that_comes_twice_is_its_first() -> None:
    """An ambiguous local time must mean the same on every machine and import."""
    fields = _fields(_row("7", "2026-11-01 01:30", "", "1", ""))
    assert fields["occurred_at"] == _micros("2026-11-01 01:30", "America/New_York")


def test_filters_leave_out_and_say_so() -> None:
    """Filtered rows are counted, so that rows = events + filtered + rejected can be checked by whoever imports."""
    assert _row("7", "bad", "bad", "staff", "") == Filtered(2)


def test_a_row_may_make_several_events_each_with_its_own_id() -> None:
    """One line of a ledger is often two happenings; their ids differ though their columns are the same."""
    outcome = _row("7", "2026-07-01 09:30", "9", "1", "called")
    assert isinstance(outcome, Translated)
    assert [event.type for event in outcome.events] == ["response_submitted", "followup_logged"]
    assert len({event.fields["event_id"] for event in outcome.events}) == 2


def test_what_is_sent_once_is_the_same_every_time() -> None:
    """Importing a second file of the same survey sends its definition again: it must be the same event."""
    first, second = list(once(parse(_MAPPING))), list(once(parse(_MAPPING)))
    assert first == second
    assert [outcome.events[0].fields["account_id"] for outcome in first] == ["shop-A", "shop-B"]


_TWO_COLUMNS = parse(_MAPPING.replace("id: [NO]", "id: [NO, NOTE]"))


@given(_CELLS)
def test_every_row_has_exactly_one_outcome_and_the_same_one_again(cells: list[str]) -> None:
    """Nothing may be dropped in silence and nothing may crash, whatever a cell holds."""
    outcome = _row(*cells)
    assert outcome == _row(*cells)
    assert isinstance(outcome, Translated | Filtered | Rejected)
    if isinstance(outcome, Rejected):
        assert outcome.reason
        assert outcome.cells == tuple(cells)


@given(st.lists(st.integers(0, 30), unique=True, min_size=2), st.randoms())
def test_ids_depend_on_the_named_columns_alone(numbers: list[int], chance: object) -> None:
    """Importing in another order, or with another cell corrected, must name the same events."""

    def ids(order: list[int], score: str) -> dict[int, object]:
        return {n: _fields(_row(str(n), "2026-07-01 09:30", score, "1", ""))["event_id"] for n in order}

    shuffled = list(numbers)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ids(numbers, "9") == ids(shuffled, "3")
    assert len(set(ids(numbers, "9").values())) == len(numbers)


@given(st.text(alphabet='ab"\\,[] ', min_size=1), st.text(alphabet='ab"\\,[] ', min_size=1))
def test_ids_of_several_columns_do_not_run_together(left: str, right: str) -> None:
    """("ab", "c") and ("a", "bc") are two events; a separator that a cell may hold would make them one."""
    cells = [("x" + left, right + "x"), ("x" + left + right, "x"), ("x", left + right + "x")]
    rows = {tuple(part.strip() for part in pair) for pair in cells}
    ids = {
        _fields(_row(number, "2026-07-01 09:30", "", "1", note, mapping=_TWO_COLUMNS))["event_id"]
        for number, note in cells
    }
    assert len(ids) == len(rows)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (["NO", "AT", "SCORE", "KIND"], "the mapping reads column 'NOTE', which the file does not have"),
        ([*_HEADER, "AT"], "the mapping reads column 'AT', which the file has 2 times"),
    ],
)
def test_a_file_of_another_shape_is_refused_whole(header: list[str], sentence: str) -> None:
    """A missing column would reject every row; one sentence about the header says it better."""
    with pytest.raises(ValueError, match=sentence):
        Translator(parse(_MAPPING), header)
