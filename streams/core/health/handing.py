"""The way of facts from an entity to the account stage: among the entries of its outputs, once a ledger takes them."""

from collections.abc import Iterable

from streams.core.entities import PREFIXES
from streams.core.health.facts import HEALTH, Fact, handed
from streams.core.outputs import Outputs

is_taken = HEALTH in PREFIXES.values()
"""Whether the topics declare the ledger of health: what nobody takes may not be handed over."""


def hand_over(facts: Iterable[Fact], outputs: Outputs) -> None:
    """Put facts among the outputs of an entity."""
    if is_taken:
        outputs.entries.update(map(handed, facts))
