"""A batch leaves no work to the search for cycles: that search visited each of its objects several times an event."""

import gc
import weakref

from streams.core import segments
from streams.core.machine import Machine
from streams.core.rules import Rules
from tests.streams.core.test_machine import LEDGER, TOY, plus


def test_a_batch_that_is_dropped_is_freed_at_once() -> None:
    """Logs that knew their machine made cycles of a whole batch, which held its memory until somebody searched."""
    machine = Machine({}.get, Rules(), {"T": TOY}, {"L": LEDGER})
    for number in range(3 * segments.SEGMENT):
        machine.take(TOY, plus(number), bytes([number]) * 24)
    machine.save()
    gc.collect()
    gc.disable()
    try:
        dropped = weakref.ref(machine)
        del machine
        assert dropped() is None
    finally:
        gc.enable()


def test_logs_are_left_out_of_the_search() -> None:
    """One log of each entity lives as long as the batch: tracked, they made the search dearer with every entity."""
    machine = Machine({}.get, Rules(), {"T": TOY}, {"L": LEDGER})
    machine.take(TOY, plus(1), bytes(24))
    (key,) = machine.changed_entities()
    log = machine.entity(key)
    assert not gc.is_tracked(log)
    assert not gc.is_tracked(log.head)
