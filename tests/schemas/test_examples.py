from collections import Counter
from typing import get_args

import pytest

from schemas.catalogue import load_schemas
from schemas.codec import Codec, Undecodable
from schemas.errors import UndecodableReason
from schemas.examples import EXAMPLES_DIR, Example, load
from streams.replay.verdict import REASONS

CODEC = Codec()
UNDECODABLE = frozenset(get_args(UndecodableReason))
EACH_EXAMPLE = pytest.mark.parametrize("example", load(), ids=lambda example: example.path.stem)


@EACH_EXAMPLE
def test_an_example_decodes_or_fails_for_its_reason(example: Example) -> None:
    """The corpus is the contract in cases: producers copy from it and every layer is tested with it."""
    assert example.why.endswith(".")
    assert example.reason is None or example.reason in REASONS
    if example.reason in UNDECODABLE:
        with pytest.raises(Undecodable) as caught:
            CODEC.decode(example.value)
        assert caught.value.reason == example.reason
    else:
        event_type, fields = CODEC.decode(example.value)
        assert event_type == example.event_type
        assert example.fields is not None
        assert fields["account_id"] == example.fields["account_id"]


def test_every_schema_has_two_examples_that_pass_and_one_that_fails() -> None:
    """A type without examples is a type without documentation."""
    passing = Counter((e.event_type, e.version) for e in load() if e.passes)
    failing = Counter((e.event_type, e.version) for e in load() if not e.passes)
    assert [key for key in load_schemas() if passing[key] < 2 or failing[key] < 1] == []


def test_every_reason_that_a_sender_can_mend_has_an_example() -> None:
    """A dead letter's reason is looked up here; megabytes, a record's place and our own mistakes do not belong here."""
    elsewhere = {"too_large", "wrong_partition", "internal_error"}
    assert {e.reason for e in load() if e.reason} == REASONS - elsewhere


def test_every_file_is_an_example() -> None:
    """A misspelt file name would take its case out of the corpus unseen."""
    files = {path for path in EXAMPLES_DIR.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert files == {example.path for example in load()}


def test_passing_events_have_ids_of_their_own() -> None:
    """The corpus is replayed as one history, in which a repeated id would be a duplicate."""
    ids = [e.fields["event_id"] for e in load() if e.passes and e.fields and "event_id" in e.fields]
    assert len(ids) == len(set(ids))
