"""A reason says what is wrong, and repeats nothing that a customer wrote."""

from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.admission import check
from streams.core.events import AccountUpserted
from streams.core.limits import EARLIEST
from streams.live.fold.redacted_reasons import unquoted
from tests.streams.core.test_admission import SHARED

MARK = "\u00a7secret\u00a7"
WORDS = st.text(st.sampled_from("ab '\"\\\n-§"), max_size=12).map(lambda text: f"{text}{MARK}{text}")


class Shape(msgspec.Struct):
    kind: Literal["A", "B"] = "A"
    number: int = 0


@pytest.mark.intrusion("S10")
@given(WORDS)
def test_nothing_quoted_is_left(text: str) -> None:
    """However it was written: quotes within quotes, line ends, backslashes."""
    for detail in (
        f"{text!r} is no day",
        f"key {text.encode()!r} is not the account_id {text!r}",
        f"x names {text!r} twice",
    ):
        assert MARK not in unquoted(detail)
        assert MARK.encode().decode("latin-1") not in unquoted(detail)
        assert "\\xa7secret" not in unquoted(detail)


@pytest.mark.intrusion("S10")
@given(WORDS)
def test_no_error_of_types_repeats_a_value(text: str) -> None:
    """The library that reads events quotes what it does not know."""
    for fields in ({"kind": text}, {"number": text}):
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.convert(fields, Shape)
        assert MARK not in unquoted(str(caught.value))


@pytest.mark.intrusion("S10")
@pytest.mark.parametrize(
    ("field", "value"),
    [("event_id", MARK), ("account_id", MARK), ("source", f"{MARK}\n"), ("name", f"{MARK}\n")],
)
def test_no_refusal_repeats_a_value(field: str, value: str) -> None:
    """As a worker writes it into the letter."""
    fields: dict[str, Any] = {**SHARED, "name": "Acme", field: value}
    refusal = check(AccountUpserted(**fields), b"acme", EARLIEST)
    assert refusal is not None
    assert MARK not in unquoted(refusal[1])


@pytest.mark.parametrize(
    "detail",
    [
        "the record has no key; it must be the event's account_id",
        "the broker's time and the writer's time",
        "Expected `str`, got `int` - at `$.answers[0].number`",
        "1000 bytes, the limit is 900",
    ],
)
def test_what_quotes_nothing_stays(detail: str) -> None:
    """An apostrophe is no quote."""
    assert unquoted(detail) == detail
