"""The way of facts from an entity to the account stage: among the entries of its outputs."""

from collections.abc import Iterable

from streams.core.health.facts import Fact, handed
from streams.core.outputs import Outputs


def hand_over(facts: Iterable[Fact], outputs: Outputs) -> None:
    """Put facts among the outputs of an entity."""
    outputs.entries.update(map(handed, facts))
