"""Whatever a signed body holds, the translator goes on: it is translated, counted by name, or waits with a reason."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.vendors.registry import TRANSLATORS
from tests.streams.ingest.vendors.test_stripe import STORY
from tests.streams.translating.test_judging import NOW, judging, sealed

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "0", "\0", "\ud7ff", "x" * 300, "NaN", "1e400", "-1"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@given(st.data())
def test_no_value_anywhere_stops_the_translator(data: st.DataObject) -> None:
    """A delivery that raises would be met again after every restart, and stand in the way of all behind it."""
    told = copy.deepcopy(data.draw(st.sampled_from(STORY)))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(told)[1:]))
        holder: Any = told
        for step in path:
            holder = holder[step]
        holder[last] = data.draw(ODD)
    outcome = judging(TRANSLATORS["stripe"]).judge(sealed(json.dumps(told).encode()), NOW)
    assert outcome.refused is None or outcome.refused[0] != "translator_failed", outcome.refused
