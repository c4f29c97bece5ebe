"""Settings of the engine, as one frozen value. The wiring reads them from the environment."""

from __future__ import annotations

from pathlib import Path

import msgspec

from streams.live.fold.dead_letters import DeadLetterLimit


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names, sizes and times of one engine.

    `topics` are short names: prefix + name is the source topic, prefix + name + "-changelog" its changelog, and behind
    that a hyphen and `state` where the deployment's state has a name (ADR 0146). `member` is a stable name of this
    worker: with one, a restart takes its partitions back at once (static membership) and ends its predecessor's open
    transaction. Two live workers of one name stop each other. `client` holds librdkafka's security settings. A table
    with `early_rows` rows or more is inserted before the cycle's last partition is reduced. `stage` is the short name
    of the account stage, which has a changelog like a topic and no events, and `siblings` are the topics that feed it;
    an engine without a stage has an empty name.
    """

    bootstrap: str
    group: str = "cxledger"
    prefix: str = "cx."
    state: str = ""
    topics: tuple[str, ...] = ("survey", "billing", "support", "reference", "config")
    stage: str = ""
    siblings: tuple[str, ...] = ("survey", "billing", "support", "reference")
    signals_topic: str = "signals"
    dead_letters_topic: str = "dead-letters"
    member: str = ""
    client: dict[str, str] = {}
    batch_records: int = 5_000
    batch_seconds: float = 0.1
    early_rows: int = 10_000
    session_seconds: float = 10.0
    poll_seconds: float = 300.0
    transaction_seconds: float = 15.0
    patience_seconds: float = 60.0
    sink_retry_seconds: float = 1.0
    store_age_seconds: float = 12 * 3600.0
    max_message_bytes: int = 12 << 20
    dead_letters: DeadLetterLimit = DeadLetterLimit()

    def topic(self, short: str) -> str:
        return self.prefix + short

    def changelog(self, topic: str) -> str:
        """Name the changelog of a full source topic name."""
        return f"{topic}-changelog-{self.state}" if self.state else f"{topic}-changelog"

    @property
    def sources(self) -> list[str]:
        return [self.topic(short) for short in self.topics]


class HostSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names, addresses and times of the Faust application around an engine.

    `data_dir` is Faust's own directory, `partitions` the partition count of the signals topic, which its tables'
    changelogs share. `webhook_secrets` sign deliveries: several while one is being replaced. Without `webhook_url`
    signals go to the log. `stale_seconds` without a beat of the engine makes it unhealthy. Invariants are looked at
    every `invariant_seconds`, by the one worker that Faust calls its leader. The watchdog ends a worker that has stood
    still for `stall_seconds` or takes more than `shutdown_seconds` to stop; it reports an insert of `insert_seconds`.
    """

    data_dir: Path
    partitions: int = 4
    replication: int = 1
    web_host: str = "127.0.0.1"
    web_port: int = 6066
    webhook_url: str = ""
    webhook_secrets: tuple[bytes, ...] = ()
    delivery_attempts: int = 8
    stale_seconds: float = 30.0
    stall_seconds: float = 60.0
    insert_seconds: float = 30.0
    shutdown_seconds: float = 20.0
    invariant_seconds: float = 60.0
