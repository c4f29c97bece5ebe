import pytest

from streams.ingest.mapping import MappingError, parse
from streams.ingest.values import Cell

_GOOD = """
source: shop:main
rows:
  - event: response_submitted
    id: [NO]
    fields:
      account_id: {column: ACCOUNT}
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d", zone: Europe/Berlin}
"""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("id: [NO]", "id: []"), "rows[0]: `id` must name the columns that tell one row's event from another's."),
        (("      account_id: {column: ACCOUNT}\n", ""), "rows[0]: every event needs account_id."),
        (("Europe/Berlin", "Mars/Olympus"), "rows[0].occurred_at: 'Mars/Olympus' is no IANA time zone."),
        (('format: "%Y-%m-%d", ', ""), "rows[0].occurred_at: `as: time` and `format` belong together."),
        (("{column: ACCOUNT}", "{column: A, template: B}"), "rows[0].account_id: give either column or template."),
        (("{column: ACCOUNT}", '{template: "{A:>9}"}'), "a template holds texts and {COLUMN} only."),
        (("{column: ACCOUNT}", "{column: A, map: {null: x}}"), "rows[0].account_id: Expected `str`, got `null`"),
        (("{column: ACCOUNT}", "{column: A, colour: red}"), "Object contains unknown field `colour`"),
        (("source: shop:main\n", ""), "Object missing required field `source`"),
        (("rows:", "where: [{column: A}]\nrows:"), "the filter on A needs either only or never."),
        (("rows:", "delimiter: ';;'\nrows:"), "delimiter: one character."),
        (("      account_id", "      event_id: x\n      account_id"), "event_id is made from `id`"),
        (("source:", "source: [\n"), "while parsing"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(change: tuple[str, str], sentence: str) -> None:
    """The author of a mapping is no programmer of this project: each mistake has its own sentence and place."""
    with pytest.raises(MappingError) as caught:
        parse(_GOOD.replace(*change, 1))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_plain_words_stay_words() -> None:
    """Older YAML reads NO, on and 2017-05-01 as something else; in a mapping they are columns and codes."""
    text = _GOOD.replace("{column: ACCOUNT}", "{column: NO, map: {on: yes, 2017-05-01: off}}")
    cell = parse(text).rows[0].fields["account_id"]
    assert cell == Cell(column="NO", map={"on": "yes", "2017-05-01": "off"})


def test_once_events_need_their_values_given() -> None:
    """An event sent before the rows has no row to read from: what it names must stand under `each`."""
    text = (
        _GOOD
        + """
once:
  - event: survey_defined
    id: [area]
    each: [{region: A}]
    fields: {account_id: {template: "sfo-{area}"}, occurred_at: 0}
"""
    )
    with pytest.raises(MappingError, match=r"once\[0\]: `each` gives no area\."):
        parse(text)


def test_the_columns_a_mapping_reads_are_known() -> None:
    """The check against the file's header is only as good as this set: ids, filters and templates count too."""
    text = _GOOD.replace("{column: ACCOUNT}", '{template: "{A}-{B.c}"}')
    assert parse("where: [{column: W, only: [x]}]" + text).columns() == {"NO", "A", "B.c", "AT", "W"}
