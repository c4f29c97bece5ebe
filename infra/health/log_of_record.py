"""Examine Kafka: brokers, topics as declared, what retention has cut, the group, and the clocks."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from kafka.admin import OffsetSpec
from kafka.structs import TopicPartition

from infra import topics, wiring, workers
from infra.health.broker import group_members
from infra.health.model import PATIENCE_S, Check
from infra.health.pages import BROKER, DEPLOY, LAG, REBUILD
from infra.health.text import number
from infra.health.workforce import SKEW_S
from infra.standing import Watch, sources
from streams.live.errors import EngineStopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings

_REBALANCE_S = 30.0
_LOOK_S = 0.5


def examine(here: Settings) -> Iterator[Check]:
    """Yield the checks. Raises what the clients raise where Kafka does not answer."""
    watch = Watch(here, patience_s=PATIENCE_S)
    with closing(watch):
        yield _brokers(watch.admin, here)
        yield from _topics(watch.admin, here)
        yield _partitions(here)
        yield _beginnings(watch, here)
        yield _group(watch, here)
        yield _clocks(watch, here)


def _brokers(admin: Any, here: Settings) -> Check:
    found = [each for each in admin.describe_cluster()["brokers"] if not each["is_fenced"]]
    if len(found) < here.replication:
        said = f"{number(len(found), 'broker')} of {here.replication} that topics are replicated on"
        return Check("brokers", "fail", said, "bring the missing brokers back", BROKER)
    return Check("brokers", "ok", f"{number(len(found), 'broker')} up")


def _topics(admin: Any, here: Settings) -> Iterator[Check]:
    wanted, counts = topics.wanted(here), topics.partition_counts(admin)
    missing = [topic.name for topic in wanted if topic.name not in counts]
    if missing:
        yield Check("topics", "fail", f"missing: {', '.join(missing)}", "run `cx topics`", DEPLOY)
    drift = topics.differences(admin, wanted)
    for sentence in drift:
        remedy = "decide which is right: the record in schemas/topics or the broker"
        yield Check("topic drift", "fail", sentence, remedy, DEPLOY)
    if not missing and not drift:
        yield Check("topics", "ok", f"all {len(wanted)} topics are as declared, changelogs compacted")


def _partitions(here: Settings) -> Check:
    """Look whether each topic has as many partitions as the others, and as when its state was written."""
    try:
        wiring.layout(here, patience_seconds=PATIENCE_S).require()
    except EngineStopped as error:
        return Check("partitions", "fail", str(error), "stop the workers and the senders first", REBUILD)
    return Check("partitions", "ok", "no topic has gained partitions: all of an account is on one of them")


def _beginnings(watch: Watch, here: Settings) -> Check:
    """Look whether the log of record still begins at its beginning, and nothing was cut that was not taken in."""
    ends, taken = watch.ends(), watch.taken()
    found = watch.admin.list_partition_offsets(dict.fromkeys(ends, OffsetSpec.EARLIEST)) if ends else {}
    cut = {place: answer.offset for place, answer in found.items() if answer.offset > 0}
    lost = [place for place, first in cut.items() if taken.get(place, 0) < first]
    if lost:
        said = f"{_name(lost[0])} begins at {cut[lost[0]]}, behind what workers have taken in: records are lost"
        return Check("retention", "fail", said, "emit the lost records again from their source", REBUILD)
    if cut:
        said = f"{_name(min(cut))} no longer begins at 0: a rebuild cannot see what was cut"
        return Check("retention", "warn", said, f"see who deletes from {here.topic_prefix}*", REBUILD)
    return Check("retention", "ok", "every source topic is complete from its first record")


def _name(place: TopicPartition) -> str:
    return f"{place.topic} partition {place.partition}"


def _group(watch: Watch, here: Settings) -> Check:
    """Look who owns the partitions; while workers run that may be about to share them out, look again for a while."""
    deadline = time.monotonic() + _REBALANCE_S
    while (found := _owners(watch, here)).verdict == "fail" and time.monotonic() < deadline:
        if not workers.running(here):
            break
        time.sleep(_LOOK_S)
    return found


def _owners(watch: Watch, here: Settings) -> Check:
    ended = workers.ended(here)  # the group counts these in until their sessions have timed out
    members = [each for each in group_members(watch.admin, here.group) if each["group_instance_id"] not in ended]
    owners = Counter(
        (topic["topic"], part)
        for member in members
        for topic in (member["member_assignment"] or {}).get("assigned_partitions", ())
        for part in topic["partitions"]
    )
    if not members:
        return Check("group", "fail", f"group {here.group} has no members", "start `cx worker`", LAG)
    unowned = [place for place in watch.ends() if owners[place.topic, place.partition] != 1]
    if unowned:
        said = f"{_name(unowned[0])} belongs to {owners[tuple(unowned[0])]} workers"
        return Check("group", "fail", said, "wait for a rebalance to end and look again; else restart the workers", LAG)
    names = sorted(member["group_instance_id"] or member["member_id"] for member in members)
    said = f"{number(len(members), 'worker')} for all {len(owners)} partitions: {', '.join(names)}"
    return Check("group", "ok", said)


def _clocks(watch: Watch, here: Settings) -> Check:
    """Compare this clock with the times that the broker has given to the newest records.

    Nothing is written for it, so only a clock that is ahead of this one shows. Workers tell their own (`cx status`).
    """
    counts = topics.partition_counts(watch.admin)
    asked = {TopicPartition(n, p): OffsetSpec.MAX_TIMESTAMP for n in sources(here) for p in range(counts.get(n, 0))}
    found = watch.admin.list_partition_offsets(asked) if asked else {}
    now = wiring.clock() / 1e6
    ahead = {place: answer.timestamp / 1000 - now for place, answer in found.items()}
    worst = max(ahead, key=lambda place: ahead[place], default=None)
    if worst is not None and ahead[worst] > SKEW_S:
        said = f"the broker's clock is {ahead[worst]:.0f} s ahead of this machine's ({_name(worst)})"
        return Check("broker clock", "fail", said, "let a time service set both clocks", BROKER)
    return Check("broker clock", "ok", "no record is newer than this machine's clock")
