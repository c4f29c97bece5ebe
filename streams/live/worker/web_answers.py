"""Answers of the worker's web endpoints, as plain functions of its statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from streams.live.engine.stats import EngineStats
    from streams.live.worker.signals import SignalHandler

_CODE_VERSION = version("cxledger")

Value = Callable[["EngineStats", "SignalHandler"], float]

# Every metric of the worker: name, what it says, and where it comes from.
COUNTERS: list[tuple[str, str, Value]] = [
    ("cx_records", "Records consumed and committed.", lambda f, _: f.records),
    ("cx_batches", "Cycles committed.", lambda f, _: f.batches),
    ("cx_ticks", "Times a deadline of a partition was due.", lambda f, _: f.ticks),
    ("cx_rows", "Rows acknowledged by the sink, repeats included.", lambda f, _: f.rows),
    ("cx_signals", "Signals written, tallies of the board included.", lambda f, _: f.signals),
    ("cx_dead_letters", "Records written to the dead-letter topic.", lambda f, _: f.dead_letters),
    (
        "cx_source_floods",
        "Times one source alone passed the dead-letter limit.",
        lambda f, _: f.floods,
    ),
    ("cx_duplicates", "Events that had been taken in before.", lambda f, _: f.duplicates),
    ("cx_sink_retries", "Inserts repeated because the sink was away.", lambda f, _: f.sink_retries),
    ("cx_assignments", "Times the group gave this worker partitions.", lambda f, _: f.assignments),
    ("cx_signals_delivered", "Signals that their receiver took.", lambda _, s: s.delivered),
    ("cx_signals_repeated", "Signals that came again and were not delivered again.", lambda _, s: s.repeated),
    ("cx_signals_failed", "Signals given up after every attempt; the log holds them.", lambda _, s: s.failed),
]
GAUGES: list[tuple[str, str, Value]] = [
    ("cx_started_timestamp_seconds", "When the worker was started.", lambda f, _: f.started_at / 1e6),
    ("cx_beat_timestamp_seconds", "When the engine last turned its loop.", lambda f, _: f.beat_at / 1e6),
    ("cx_commit_timestamp_seconds", "When the engine last committed.", lambda f, _: f.last_commit_at / 1e6),
    (
        "cx_clock_ahead_seconds",
        "By how much this machine's clock was ahead of the broker's at the newest commit; below 0 for behind.",
        lambda f, _: f.clock_ahead / 1e6,
    ),
    ("cx_restore_seconds", "What the newest restore of state took.", lambda f, _: f.restore_seconds),
    (
        "cx_restore_remaining",
        "Changelog records that the restore under way still reads.",
        lambda f, _: f.restore_remaining,
    ),
    (
        "cx_inserting_since_timestamp_seconds",
        "When the insert under way began, its repeats included; 0 while there is none.",
        lambda f, _: f.inserting_since / 1e6,
    ),
]
LAG_RECORDS = ("cx_lag_records", "Records that wait, by source partition.")
LAG_SECONDS = ("cx_lag_seconds", "Age of the last record taken while others wait, by source partition.")
ENTRIES = ("cx_state_entries", "Keys of state, by source partition; an estimate where they are on disk.")
STATE = ("cx_state", "What the engine does: 1 for the state that it is in.")
VERSION = ("cx_version", "Version of the code: always 1.")
LIMIT = (
    "cx_dead_letter_limit",
    "1 for the record at which the worker has stopped at the dead-letter limit; it ends some seconds later.",
)
LABELLED = (LAG_RECORDS, LAG_SECONDS, ENTRIES, STATE, VERSION, LIMIT)
BESIDE = {
    "cx_broken_invariants": "Rows that two looks in a row found to contradict each other; one worker looks.",
    "cx_disk_free_bytes": "Space left where the worker keeps its data.",
    "cx_disk_bytes": "Space there in all.",
}
INSERT_STALLED = "insert stalled"

_SERVING = frozenset({"running", "restoring", "waiting for the sink", INSERT_STALLED})


def state(stats: EngineStats, now: int, insert_seconds: float) -> str:
    """Return what the engine does; an insert of more than `insert_seconds` is a state of its own."""
    since = stats.inserting_since
    return INSERT_STALLED if since and now - since > insert_seconds * 1e6 else stats.state


def health(stats: EngineStats, now: int, stale_seconds: float, insert_seconds: float) -> tuple[int, dict[str, Any]]:
    """Return status 200 while the engine's loop turns, 503 when it stopped or has not turned for too long.

    A stalled insert is not ill: the loop waits for the sink, and a restart would wait for the same.
    """
    silent, doing = (now - stats.beat_at) / 1e6, state(stats, now, insert_seconds)
    well = doing in _SERVING and (silent <= stale_seconds or stats.inserting_since > 0)
    body = {"healthy": well, "state": doing, "seconds_since_beat": round(silent, 3)}
    if doing == INSERT_STALLED:
        body["seconds_inserting"] = round((now - stats.inserting_since) / 1e6, 3)
    return (200 if well else 503), body


def lag(stats: EngineStats) -> dict[str, Any]:
    """Return records and seconds of lag, in total and by partition, the size of state and how far a restore is."""
    partitions = {
        name: {"records": records, "seconds": stats.lag_seconds.get(name, 0.0)}
        for name, records in stats.lag_records.items()
    }
    return {
        "records": sum(stats.lag_records.values()),
        "seconds": max(stats.lag_seconds.values(), default=0.0),
        "last_commit_at": stats.last_commit_at,
        "clock_ahead_seconds": stats.clock_ahead / 1e6,
        "started_at": stats.started_at,
        "consumed": stats.records,
        "owned": stats.owned,
        "undone": stats.undone,
        "dead_letters": stats.dead_letters,
        "entries": sum(stats.entries.values()),
        "restore": {"remaining": stats.restore_remaining, "seconds": stats.restore_seconds},
        "partitions": partitions,
    }


class WorkerMetrics:
    """Collector of one worker; asked anew at every scrape. `beside` returns the values of `BESIDE`."""

    def __init__(
        self,
        stats: Callable[[], EngineStats],
        handler: SignalHandler,
        beside: Callable[[], Mapping[str, float]] = lambda: dict.fromkeys(BESIDE, 0),
    ) -> None:
        self._stats = stats
        self._beside = beside
        self._handler = handler
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def render(self) -> bytes:
        """Return the Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        stats = self._stats()
        for name, says, value in COUNTERS:
            yield CounterMetricFamily(name, says, value=value(stats, self._handler))
        for name, says, value in GAUGES:
            yield GaugeMetricFamily(name, says, value=value(stats, self._handler))
        beside = self._beside()
        for name, says in BESIDE.items():
            yield GaugeMetricFamily(name, says, value=beside[name])
        family = GaugeMetricFamily(*LIMIT, labels=["partition", "offset", "reason"])
        if stats.limit is not None:
            family.add_metric(list(stats.limit), 1)
        yield family
        for (name, says), values in (
            (LAG_RECORDS, stats.lag_records if stats.limit is None else {}),
            (LAG_SECONDS, stats.lag_seconds),
            (ENTRIES, stats.entries),
        ):
            yield _labelled(name, says, "partition", values)
        yield _labelled(*STATE, "state", {stats.state: 1})
        yield _labelled(*VERSION, "version", {_CODE_VERSION: 1})


def _labelled(name: str, says: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
