"""Logs in memory between batches: taken up only as the store has them, and bounded."""

import pytest

from streams.core import kept as module
from streams.core.kept import Kept, KeptLogs
from streams.core.outputs import Scope
from streams.core.rules import Rules
from streams.core.segments import Head


def log(record: bytes) -> Kept:
    return Kept(record, Head(), None, Scope(Rules(), 0), None, [])


def test_a_log_is_taken_up_only_as_it_was_written() -> None:
    """A batch that was thrown away leaves a log that the store never had: going on with it would lose events."""
    logs = KeptLogs()
    logs.put(b"k", log(b"thrown away"))
    assert logs.take(b"k", b"committed") is None
    assert logs.take(b"k", b"thrown away") is None, "what was not as the store has it is gone"
    logs.put(b"k", log(b"committed"))
    assert logs.take(b"k", b"committed") == log(b"committed")
    assert logs.take(b"k", b"committed") is None, "whoever takes it changes it"


def test_logs_that_were_written_longest_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has millions of accounts, and memory for the busy ones."""
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    logs = KeptLogs()
    for key in (b"a", b"b", b"a", b"c"):
        logs.put(key, log(b"12345"))
    assert [logs.take(key, b"12345") is not None for key in (b"a", b"b", b"c")] == [True, False, True]
    logs.put(b"d", log(b"more than all of it"))
    assert logs.take(b"d", b"more than all of it") is None
