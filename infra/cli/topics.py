"""cx topics: the topics as their records say, and as the broker has them."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import topics as topology
from infra import wiring
from infra.cli import output
from infra.cli.context import located, sentences


def topics(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is missing or differs.")] = False,
    form: output.RowFormat = output.Format.TABLE,
) -> None:
    """Create the topics that are missing, from the records in schemas/topics, and list them all.

    An existing topic is never changed: where one differs from its record, nothing is created and the exit status is 1.
    """
    with sentences():
        settings = located()
        admin = wiring.admin(settings)
        try:
            made = set() if dry_run else set(topology.ensure(admin, settings).created)
            counts = topology.partition_counts(admin)
            problems = topology.differences(admin, topology.wanted(settings))
        finally:
            admin.close()
        found = [
            (topic.name, topic.partitions, _state(topic.name, made, counts), topic.purpose)
            for topic in topology.wanted(settings)
        ]
        output.rows(form, ("topic", "partitions", "state", "purpose"), found)
        if problems:
            raise topology.TopicDriftError(problems)


def _state(name: str, made: set[str], counts: dict[str, int]) -> str:
    if name in made:
        return "created"
    return "exists" if name in counts else "missing"
