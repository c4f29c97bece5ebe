import msgspec
import pytest

from infra import topics, wiring
from infra.settings import Settings
from schemas.declarations import Ledger
from schemas.topics import load_topics


def test_account_keyed_topics_take_the_deployments_partition_count() -> None:
    """Joining by partition number needs one count for everything that is keyed by account; settings are no accounts."""
    counts = {topic.name: topic.partitions for topic in topics.wanted(Settings(partitions=12, topic_prefix="p."))}
    assert {name for name, count in counts.items() if count == 12} >= {
        "p.survey", "p.reference", "p.signals", "p.survey-changelog", "p.reference-changelog",
    }  # fmt: skip
    assert counts["p.config"] == counts["p.config-changelog"] == load_topics()["config"].partitions


def test_every_topic_is_kept_for_ever() -> None:
    """The log of record must not fade: neither by time nor by size."""
    for topic in topics.wanted(Settings()):
        assert (topic.configs["retention.ms"], topic.configs["retention.bytes"]) == ("-1", "-1")


def test_the_stage_has_a_changelog_beside_its_siblings_once_it_has_a_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that is promoted takes the stage's along where there is one, and wants no topic where there is none."""
    here = Settings(partitions=12, topic_prefix="p.")
    made = {topic.name: topic.partitions for topic in topics.wanted(here)}
    assert made["p.account-changelog"] == 12
    declared = load_topics()
    for stage in ({}, {"warmth": Ledger("z", "support.warmth")}):
        one = {"account-changelog": msgspec.structs.replace(declared["account-changelog"], stage=stage)}
        monkeypatch.setattr(topics, "load_topics", lambda one=one: {**declared, **one})
        named = {topic.name for topic in topics.changelogs(here, "g2")}
        assert "p.survey-changelog-g2" in named
        assert ("p.account-changelog-g2" in named) == bool(stage)


@pytest.mark.servers
def test_missing_topics_are_created_once_as_their_records_say(here: Settings) -> None:
    """Topics made by hand drift from what the code takes for granted, so they are made from the records alone."""
    admin = wiring.admin(here)
    try:
        names = sorted(topic.name for topic in topics.wanted(here))
        assert topics.ensure(admin, here) == topics.Report(names, [])
        assert topics.ensure(admin, here) == topics.Report([], names)
        assert topics.differences(admin, topics.wanted(here)) == []
    finally:
        admin.close()


@pytest.mark.servers
def test_a_topic_that_differs_stops_everything(here: Settings) -> None:
    """Partitions that do not match break every join by account; that is for a person to decide about."""
    admin = wiring.admin(here)
    survey = f"{here.topic_prefix}survey"
    try:
        admin.create_topics({survey: {"num_partitions": 3, "replication_factor": 1}}, wait_for_metadata=True)
        with pytest.raises(topics.TopicDriftError) as caught:
            topics.ensure(admin, here)
        problems = " ".join(caught.value.problems)
        assert f"{survey} has 3 partitions instead of 4." in problems
        assert "message.timestamp.type CreateTime instead of LogAppendTime" in problems
        made = topics.partition_counts(admin)
        assert [name for name in made if name.startswith(here.topic_prefix)] == [survey]
    finally:
        admin.close()


@pytest.mark.servers
def test_a_broker_that_is_not_there_is_one_sentence(here: Settings) -> None:
    """The first thing that goes wrong in any deployment is the address."""
    wrong = msgspec.structs.replace(here, kafka_bootstrap="127.0.0.1:1")
    with pytest.raises(wiring.Unreachable, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        wiring.admin(wrong)
