"""Whatever the length of segments, and wherever batches end, tables are those of the plain fold: for every kind.

The laws of test_laws hold for histories that fit into one record; here the same histories spread over many.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import members, segments
from tests.streams.core.test_laws import FAR, rows_of_states
from tests.streams.core.test_laws import WORLDS as LAWFUL
from tests.support.levels import LEVELS
from tests.support.machine import Machine, figures
from tests.support.money import money_histories

WORLDS = LAWFUL | {"dense money": money_histories(20)}


@pytest.fixture(params=[1, 2, 3], ids="segments of {}".format)
def short_segments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(segments, "SEGMENT", request.param)
    monkeypatch.setattr(segments, "CHUNK", 2)
    monkeypatch.setattr(members, "MOST", 1)
    size: int = request.param
    return size


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("world", WORLDS)
@given(st.data())
def test_tables_do_not_show_segments(world: str, data: st.DataObject) -> None:
    """An event at depth ten thousand must leave what it would leave in a short history, late and corrected ones too."""
    recorded_events = data.draw(WORLDS[world])
    machine = Machine(rules=LEVELS)
    for recorded in recorded_events:
        machine.feed(recorded)
        if data.draw(st.booleans()):
            machine.save()
        if data.draw(st.integers(0, 9)) == 0:
            machine.tick(recorded.event.occurred_at)
    machine.tick(FAR)
    assert figures(machine) == rows_of_states(machine)
