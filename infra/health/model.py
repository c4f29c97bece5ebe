"""One look at a deployment, as values; what could not be looked at is None, with the reason beside it."""

from __future__ import annotations

from typing import Literal

import msgspec

PATIENCE_S = 10.0
"""Longest wait for a server that takes a connection and says nothing."""

Verdict = Literal["ok", "warn", "fail"]


class Check(msgspec.Struct, frozen=True):
    """One question and its answer: ``said`` in one sentence, ``remedy`` what to do, ``runbook`` a file's name."""

    name: str
    verdict: Verdict
    said: str
    remedy: str = ""
    runbook: str = ""


class Place(msgspec.Struct, frozen=True):
    """One partition of a source topic; offsets, and ``seconds`` as the age of the oldest record not taken in.

    ``waiting`` counts what a reader of committed records would still get; ``hidden`` is what an open transaction
    keeps from it.
    """

    topic: str
    partition: int
    stored: int
    taken: int
    waiting: int
    hidden: int = 0
    seconds: float | None = None


class OpenTransaction(msgspec.Struct, frozen=True):
    """A transaction that holds back a partition; ``seconds`` since its producer last wrote there."""

    topic: str
    partition: int
    producer: str
    offset: int
    seconds: float


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what Kafka says. ``rate`` in records per second, ``last_commit_at`` in seconds since 1970, None for never.

    ``members`` are the hosts of the group's workers. Those of the data directory that have ended are left out: the
    group counts them in until their sessions have timed out. ``layout`` says which topics have other
    partition counts than they must.
    """

    version: str
    places: list[Place]
    rate: float
    last_commit_at: float | None
    members: list[str]
    transactions: list[OpenTransaction]
    layout: list[str] = []


class Disk(msgspec.Struct, frozen=True):
    """Space in bytes."""

    name: str
    path: str
    free: int
    total: int


class DeadLetters(msgspec.Struct, frozen=True):
    """Open ones: ``recent`` of the last ``looked_at`` records, ``hour`` of the ``hour_of`` of the last hour.

    Redriven and discarded ones are counted as well where ``told_apart`` is false: each number is an upper bound then.
    ``hour_of`` is None where counting the events of the last hour took too long. ``worst`` names the sender
    and the reason of most of the hour's.
    """

    open: int
    recent: int
    looked_at: int
    hour: int
    hour_of: int | None
    told_apart: bool = True
    worst: str = ""


class ReplayState(msgspec.Struct, frozen=True):
    """A replay that runs, or that ran and was cut short (``alive`` is false then)."""

    generation: str
    kind: str
    actor: str
    records: int
    total: int
    alive: bool


class Waiting(msgspec.Struct, frozen=True):
    """Accounts that nobody has told of, and the events that stand under their keys."""

    accounts: int
    events: int


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what ClickHouse says; ``broken`` counts contradictions by invariant, None where counting took too long.

    ``unresolved`` is None as well where that took too long, or an earlier version made the views.
    """

    version: str
    generation: str | None
    dead_letters: DeadLetters | None
    broken: dict[str, int] | None
    unresolved: Waiting | None = None
    disks: list[Disk]
    replays: list[ReplayState]


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a worker's web endpoints say; ``trouble`` says why one is silent.

    ``last_commit_at`` in seconds since 1970, 0 for never; ``clock_ahead`` in seconds, against the broker's clock.
    ``url`` is empty for one that should run and does not. It ended ``ended`` times of late, the last time for this
    ``reason``; it is started again ``again_at``, not at all where that is ``over``.
    """

    name: str
    url: str
    healthy: bool = False
    state: str = ""
    last_commit_at: float = 0.0
    restore_remaining: int = 0
    entries: int = 0
    records: int = 0
    dead_letters: int = 0
    clock_ahead: float = 0.0
    trouble: str = ""
    ended: int = 0
    reason: str = ""
    again_at: float = 0.0
    over: bool = False


class Taking(msgspec.Struct, frozen=True):
    """A process that takes webhooks in on the data directory: `cx receive` or `cx translate`.

    Of one that runs, ``said`` is where it listens, if it does; of one that does not, what it logged last.
    """

    name: str
    runs: bool
    said: str
    log: str


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``at`` in seconds since 1970; ``down`` says of each server that did not answer why.

    ``wanted`` is how many workers there should be, 0 where nobody said; ``watched`` tells whether a process lives that
    starts those of the data directory again.
    """

    at: float
    version: str
    kafka: str
    clickhouse: str
    broker: Broker | None
    tables: Tables | None
    workers: list[Worker]
    wanted: int
    watched: bool
    paused: bool
    data_disk: Disk | None
    down: dict[str, str]
    webhooks: list[Taking] = []
