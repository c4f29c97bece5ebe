"""The account stage beside replays and known-at: the code that runs live, with the ledgers of the toy."""

import threading
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from infra import explaining, wiring
from infra.replaying import worker
from infra.replaying.running import stage_tasks
from infra.settings import Settings, from_environment
from sinks.port import Rows
from streams.core.rows import TABLES
from streams.core.rules import Rules
from streams.live.engine.crash_points import no_crash
from streams.live.engine.settings import EngineSettings
from streams.live.fold.partition import Partition
from streams.live.fold.parts import PartsCodec
from streams.live.store.rocks import RocksStore
from streams.replay import outbox, wire
from tests.streams.core.test_ledgers_by_time import answered, issued, opened
from tests.streams.live.test_ledger_deadlines import admitted
from tests.streams.replay.test_staging import Warehouse
from tests.support.batches import recorded
from tests.support.records import CODEC, uid
from tests.support.siblings import STAGE, TOPICS, Siblings, figures, kinds_with, topic_of
from tests.support.warmth import DAY, ROWS
from tests.support.warmth_histories import mixed_histories

KINDS = kinds_with(STAGE)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the product fold the toy's ledgers, and tables take their rows."""
    for row in ROWS:
        monkeypatch.setitem(TABLES, row.TABLE, row)
    for module in (explaining, worker):
        monkeypatch.setattr(module, "KINDS", KINDS)
    monkeypatch.setattr(worker, "TABLES", {row.TABLE: row for row in ROWS})
    monkeypatch.setattr(explaining, "Partition", partial(Partition, kinds=KINDS))
    monkeypatch.setattr(explaining, "MemorySink", Held)


@pytest.fixture
def here() -> Settings:
    return from_environment({})


class Held:
    """The sink of known-at, which takes rows of the toy as well."""

    def __init__(self) -> None:
        self._warehouse = Warehouse()

    def insert(self, rows: Rows) -> None:
        self._warehouse.insert(rows)

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        for (table, *_), row in self._warehouse.tables.items():
            if not row[-1]:
                found.setdefault(table, []).append(row)
        return found


def with_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    told = EngineSettings(bootstrap="", stage="account")
    monkeypatch.setattr(wiring, "engine_settings", lambda _settings: told)


def test_each_number_has_a_task_for_its_stage_once_its_members_are_read(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a stage is how far its members have come together: what seeds workers asks for it."""
    until = {(f"cx.{topic}", number): 10 * number + 1 for topic in (*TOPICS, "config") for number in (0, 1)}
    assert stage_tasks(from_environment({"CX_HEALTH": "off"}), until) == []
    with_stage(monkeypatch)
    siblings = tuple(f"cx.{topic}" for topic in TOPICS)
    assert stage_tasks(here, until) == [
        wire.Task(topic="cx.account", partition=number, start=end, end=end, siblings=siblings)
        for number, end in ((0, 4), (1, 44))
    ]


def test_a_worker_of_a_replay_lets_the_stage_take_what_members_have_kept(tmp_path: Path) -> None:
    """The stage has no records to read: what its members have kept on disk is all that it gets."""
    records = recorded([each for each in _history() if admitted(each)])
    live = Siblings(records, Rules())
    codec, parts = PartsCodec(STAGE), []
    take = live.stage.take
    live.stage.take = lambda said: parts.append(said) or take(said)  # type: ignore[method-assign,func-returns-value]
    now = records[-1].at_ms * 1000 + 400 * DAY
    expected = live.finish(now)
    for said in parts:
        with_store(tmp_path / "cx.survey-0", lambda store, said=said: store.put_all(outbox.kept(codec, said)))
    doing = _worker(tmp_path)
    task = wire.Task(topic="cx.account", partition=0, start=9, end=9, siblings=tuple(f"cx.{topic}" for topic in TOPICS))
    assert doing.do(task)
    staged = {row.TABLE for row in ROWS}
    wanted = {key: row for key, row in expected.items() if key[0] in staged}
    sink: Any = doing._sink
    assert wanted
    assert figures(sink.tables) == wanted
    with_store(tmp_path / "cx.survey-0", _empty)
    with_store(tmp_path / "cx.account-0", lambda store: _at(store, 9))


def _history() -> list[Any]:
    events = (answered(1, 0, 8), opened(2, 1), issued(3, 2), answered(4, 9, 10, "2"))
    return [
        msgspec.structs.replace(one, event=msgspec.structs.replace(one.event, event_id=uid(number)))
        for number, one in enumerate(events)
    ]


def _empty(store: RocksStore) -> None:
    assert not list(outbox.names(store))


def _at(store: RocksStore, position: int) -> None:
    assert store.position.changelog == position


def with_store(directory: Path, do: Any) -> None:
    store = RocksStore(directory)
    try:
        do(store)
    finally:
        store.close()


def _worker(directory: Path) -> worker.Worker:
    """A worker of a replay without servers: it has a sink in memory, and no log to read."""
    doing = object.__new__(worker.Worker)
    doing._job = wire.Job(generation="cx_g2", directory=str(directory))
    doing._told = worker.Reporter(BytesIO())
    doing._stopping, doing._crash = threading.Event(), no_crash
    doing._rules, doing._parts, doing._has_stage = Rules(), PartsCodec(STAGE), True
    doing._sink = Warehouse()  # type: ignore[assignment] # a sink
    return doing


@trying(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_was_known_includes_the_stage(here: Settings, data: st.DataObject) -> None:
    """What was known goes by the broker's time over all topics: what a stage said then, and not what it says now."""
    history = [each for each in data.draw(mixed_histories()) if admitted(each)]
    records = recorded(sorted(history, key=lambda each: max(each.ingested_at, each.event.occurred_at)))
    at = data.draw(st.sampled_from(records)).at_ms * 1000 if records else 0
    early = [each for each in records if each.at_ms * 1000 <= at]
    then = Siblings(early, Rules())
    places: dict[Any, list[Any]] = {}
    for each in early:
        places.setdefault((f"cx.{topic_of(each)}", 0), []).append(each)
    known = explaining.folded(here, CODEC, places, at, {topic: 1 for topic, _ in places})
    staged = {row.TABLE for row in ROWS}
    expected = {row for key, row in then.finish(at).items() if key[0] in staged}
    assert {tuple(row[:-2]) for table in staged for row in known.tables.get(table, ())} == expected
