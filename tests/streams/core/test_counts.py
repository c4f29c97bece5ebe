"""Counts of events have room for histories of any length."""

from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec
import pytest

from streams.core.rows import TABLES

OF_HISTORIES = [
    ("ticket", "messages"), ("ticket", "requester_messages"), ("ticket", "public_replies"), ("ticket", "agents"),
    ("ticket", "solves"), ("ticket", "reopens"), ("ticket", "escalations"), ("ticket_next_reply", "instance_no"),
    ("sla_instance", "instance_no"), ("invoice", "payments"), ("invoice", "failed_attempts"),
    ("subscription", "corrections"), ("response", "corrections"), ("invitation", "reminders"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), OF_HISTORIES)
def test_a_count_has_room_for_a_million_events(table: str, column: str) -> None:
    """A row that does not fit into its table is refused by the sink, and stops the worker again at every start."""
    hint = get_type_hints(TABLES[table], include_extras=True)[column]
    assert get_origin(hint) is Annotated
    msgspec.convert(1_000_000, Annotated[get_args(hint)[0], *get_args(hint)[1:]])
