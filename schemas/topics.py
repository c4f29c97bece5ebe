"""Topics as data: one YAML record per topic says what it carries and how the broker keeps it."""

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from schemas.declarations import Entity, EventType, Ledger, contradictions

TOPICS_DIR = Path(__file__).parent / "topics"

_DAY_MS = 86_400_000
CleanupPolicy = Literal["delete", "compact"]
TimestampType = Literal["CreateTime", "LogAppendTime"]


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic; `name` has no prefix, which is the deployment's setting.

    `partitions` is the default count. Topics that name another in `co_partitioned_with` must have that one's
    count, whatever a deployment makes of it. `entities` and `ledgers` are the kinds that its events fold into;
    `event_types` says of each type to which of them it belongs. `stage` are the ledgers of the account stage, which
    members of several topics feed: they stand in the record of its changelog, for it has no topic of events.

    With ``per: vendor`` there is such a topic for each vendor that a deployment has sources of, named after it:
    `raw.stripe`. `raw_days` is the deployment's setting.
    """

    name: str
    owner: str
    purpose: str
    key: str
    partitions: int
    co_partitioned_with: str | None
    retention: Literal["forever", "raw_days"]
    cleanup: CleanupPolicy
    timestamps: TimestampType
    max_message_bytes: int
    event_types: dict[str, EventType]
    per: Literal["", "vendor"] = ""
    entities: dict[str, Entity] = {}
    ledgers: dict[str, Ledger] = {}
    stage: dict[str, Ledger] = {}

    def broker_config(self, raw_days: int) -> dict[str, str]:
        """Return the topic's configuration under the broker's own names."""
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": "-1" if self.retention == "forever" else str(raw_days * _DAY_MS),
            "retention.bytes": "-1",
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": self.timestamps,
        }


@cache
def load_topics() -> dict[str, Topic]:
    """Read all topics by name.

    Raises msgspec.ValidationError where a record has a missing, an unknown or a wrongly typed field, and ValueError
    where records contradict one another.
    """
    files = sorted(TOPICS_DIR.glob("*.yaml"))
    topics = [msgspec.yaml.decode(path.read_bytes(), type=Topic) for path in files]
    if found := list(contradictions(topics)):
        raise ValueError("schemas/topics: " + "; ".join(found))
    return {topic.name: topic for topic in topics}
