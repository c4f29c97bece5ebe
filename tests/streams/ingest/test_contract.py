import pytest

from streams.ingest.contract import require_fit
from streams.ingest.mapping import MappingError, parse

_GOOD = """
source: shop:main
rows:
  - event: response_deleted
    id: [NO]
    fields: {account_id: a, occurred_at: 0, response_id: {column: NO}}
"""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("response_deleted", "response_delete"), "rows[0]: there is no event type 'response_delete'."),
        (("account_id: a", "account_id: a, colour: red"), "rows[0]: response_deleted has no field colour."),
        ((", response_id: {column: NO}", ""), "rows[0]: response_deleted needs response_id."),
    ],
)
def test_what_every_row_would_fail_for_is_said_once(change: tuple[str, str], sentence: str) -> None:
    """A million rejects for one misspelt field would bury the mistake that made them."""
    require_fit(parse(_GOOD))
    with pytest.raises(MappingError) as caught:
        require_fit(parse(_GOOD.replace(*change)))
    assert str(caught.value) == sentence
