"""Name the points where a replay may be made to die, so that tests can prove each boundary between two steps safe."""

POINTS = ("before_insert", "after_insert", "after_store", "in_tick", "between_partitions")
