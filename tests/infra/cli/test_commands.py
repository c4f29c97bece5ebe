import datetime as dt
import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, consistent

from infra import wiring, workers
from infra.embedded.process import ServerProcess
from infra.settings import Settings
from infra.standing import settle
from infra.stillness import members
from schemas.codec import Codec
from streams.emit import Emitter
from streams.live.fold.partitioner import home
from tests.infra.cli.conftest import Cx
from tests.sinks.test_questions import QUESTIONS

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

_ACCOUNT = {"account_id": "acme", "occurred_at": "2025-05-01T00:00:00Z", "name": "Acme", "segment": "growth"}
_RESPONSE = {
    "account_id": "acme",
    "response_id": "r1",
    "survey_id": "s1",
    "survey_version": 1,
    "submitted_at": "2025-05-01T10:00:00+02:00",
    "occurred_at": "2025-05-01T10:00:00+02:00",
    "answers": [{"question_id": "q1", "kind": "NPS", "number": 9.0}],
}
_MAPPING = """
source: shop:main
rows:
  - event: response_submitted
    id: [NO]
    fields:
      account_id: {column: ACCOUNT}
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d"}
      submitted_at: {column: AT, as: time, format: "%Y-%m-%d"}
      response_id: {column: NO}
      survey_id: s2
      survey_version: 1
      answers: [{needs: number, question_id: q, kind: NPS, number: {column: SCORE, as: number}}]
"""


def _caught_up(here: Settings, worker: ServerProcess) -> None:
    def alive() -> None:
        if not worker.alive():
            raise workers.death(worker)

    settle(here, alive)


def _asked(cx: Cx, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cx("sql", query, "--format", "json").stdout)
    return found


def test_topics_and_tables_are_made_by_their_commands(cx: Cx, here: Settings) -> None:
    """A deployment on servers of one's own begins with these two; both may be run at each release."""
    cx("topics", "--dry-run", status=0)
    for _ in range(2):
        cx("topics")
        cx("migrate")
    listed = json.loads(cx("topics", "--format", "json").stdout)
    assert {topic["state"] for topic in listed} == {"exists"}
    assert json.loads(cx("migrate", "--format", "json").stdout)["generation"] == f"{here.database}_g1"


def test_an_event_emitted_is_a_row_to_query(cx: Cx, here: Settings, worker: ServerProcess, tmp_path: Path) -> None:
    """The shortest way through everything: emit, worker, sql; as JSON, CSV and a table."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(_ACCOUNT))
    cx("emit", "account_upserted", str(file))
    told = json.loads(cx("emit", "response_submitted", "--format", "json", stdin=json.dumps(_RESPONSE)).stdout)
    assert (told["topic"], told["key"]) == (f"{here.topic_prefix}survey", "acme")
    many = "\n".join(json.dumps({"event_type": "account_upserted"} | _ACCOUNT | {"name": name}) for name in "ab")
    assert cx("emit", "-", stdin=many).stdout == f"stored 2 events: 2 on {here.topic_prefix}reference\n"
    _caught_up(here, worker)
    query = "SELECT response_id, nps, submitted_at, source FROM response"
    assert _asked(cx, query) == [
        {"response_id": "r1", "nps": 9.0, "submitted_at": "2025-05-01T08:00:00+00:00", "source": "cx:emit"}
    ]
    assert cx("sql", query, "--format", "csv").stdout.splitlines()[1].startswith("r1,9.0,")
    assert "r1" in cx("sql", "-", stdin=query).stdout
    status = json.loads(cx("status", "--format", "json").stdout)
    survey = {"stored": 1, "taken": 1, "lag": 0, "seconds": None}
    assert status["topics"][f"{here.topic_prefix}survey"] == survey
    assert [worker["name"] for worker in status["workers"]] == ["worker 1"]
    assert status["healthy"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"answers": [{"question_id": "q1", "kind": "NPS", "number": 11.0}]}, "score_out_of_scale"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_in_future"),
        ({"survey_version": "one"}, "survey_version"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_would_become_a_dead_letter_is_refused_at_once(cx: Cx, fields: dict[str, Any], sentence: str) -> None:
    """Whoever emits by hand learns of a mistake in the terminal, not from the dead letters tomorrow."""
    result = cx("emit", "response_submitted", stdin=json.dumps(_RESPONSE | fields), status=1)
    assert sentence in result.stderr
    assert result.stderr.startswith("cx: ")


def test_an_import_repeated_changes_nothing(cx: Cx, here: Settings, worker: ServerProcess, tmp_path: Path) -> None:
    """Rows that break the contract are rejects like unreadable ones; the rest counts once, however often it comes."""
    rules, file, rejects = tmp_path / "m.yaml", tmp_path / "rows.csv", tmp_path / "rejects.csv"
    rules.write_text(_MAPPING)
    file.write_text("NO,ACCOUNT,AT,SCORE\n1,a,2025-05-01,9\n2,a,2025-05-01,11\n3,a,soon,9\n4,b,2025-05-02,3\n")
    arguments = ("import", str(rules), str(file), "--rejects", str(rejects), "--format", "json")
    counts = {"rows": 4, "translated": 2, "filtered": 0, "rejected": 2, "events": 2}
    for flags in ((), (), ("--reverse",)):
        told = json.loads(cx(*arguments, *flags, status=3).stdout)
        assert {name: told[name] for name in counts} == counts
        _caught_up(here, worker)
        assert _asked(cx, "SELECT account_id, nps FROM response ORDER BY response_id") == [
            {"account_id": "a", "nps": 9.0},
            {"account_id": "b", "nps": 3.0},
        ]
    reasons = rejects.read_text("utf-8-sig")
    assert "score_out_of_scale" in reasons
    assert "'soon' is not a time" in reasons


def test_a_rebuild_equals_live_and_takes_its_place(cx: Cx, here: Settings, worker: ServerProcess) -> None:
    """The tables are a function of the log: rebuilt they are the same, and tampering with them shows."""
    cx("emit", "response_submitted", stdin=json.dumps(_RESPONSE))
    cx("emit", "followup_logged", stdin=json.dumps(
        {"account_id": "acme", "response_id": "r1", "followup_id": "f", "kind": "call"}
    ))  # fmt: skip
    _caught_up(here, worker)
    told = json.loads(cx("rebuild", "--format", "json").stdout)
    assert told["equal"]
    assert told["tables"]["response"]["rows"] == told["tables"]["followup"]["rows"] == 1
    refused = cx("rebuild", "--promote", status=1)
    assert "workers run elsewhere" in refused.stderr
    worker.stop(workers.STOP_GRACE_S)
    _idle(here)
    client = wiring.clickhouse(here)
    client.execute(f"ALTER TABLE {here.database}_g1.response UPDATE channel = 'x' WHERE 1 SETTINGS mutations_sync = 1")
    differs = cx("rebuild", "--promote", status=1)
    assert 'response: changed ["acme", "r1"]' in differs.stdout.replace('["acme","r1"]', '["acme", "r1"]')
    promoted = json.loads(cx("rebuild", "--promote", "--accept-differences", "--format", "json").stdout)
    assert _asked(cx, "SELECT channel FROM response") == [{"channel": ""}]
    cx("rebuild", "--drop", f"{here.database}_g1")
    assert "what the views read from" in cx("rebuild", "--drop", promoted["generation"], status=1).stderr
    client.disconnect()


def _idle(here: Settings) -> None:
    """Wait until the broker has noticed that the group's last member is gone."""
    while members(here):
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_the_demonstration_is_right_and_would_notice_if_it_were_not(
    cx: Cx, here: Settings, worker: ServerProcess
) -> None:
    """`cx demo` is what a newcomer judges by: all figures right, and one lost row turns it red."""
    first = cx("demo", "--format", "csv")
    assert "figures are as the generator knows them" in first.stderr
    assert "13 dead letters" in first.stderr
    assert {line.split(",")[0] for line in first.stdout.splitlines()} >= {
        "nps",
        "csat",
        "ces_mean",
        "topic_share price",
    }
    for title, query in QUESTIONS:
        assert _asked(cx, query.replace("cx.", f"{here.database}.")), title
    client = wiring.clickhouse(here)
    client.execute(
        f"ALTER TABLE {here.database}_g1.response DELETE WHERE response_id ="
        f" (SELECT min(response_id) FROM {here.database}_g1.response WHERE submitted_at < '2025-07-01')"
        " SETTINGS mutations_sync = 1"
    )
    client.disconnect()
    again = cx("demo", "--format", "csv", status=1)
    assert "figures differ" in again.stderr
    assert worker.alive()


_ACCOUNTS = 40


def _subscribed(account: str) -> dict[str, Any]:
    item = {"item_id": "a", "plan_id": "p-a", "unit_amount": 1000, "interval": "MONTH", "interval_count": 1}
    return {
        "account_id": account,
        "occurred_at": _at("2026-01-01"),
        "subscription_id": "s",
        "status": "ACTIVE",
        "items": [{**item, "quantity": 1, "discounts": []}],
        "currency": "USD",
        "exponent": 2,
        "period_start": _at("2026-01-01"),
        "period_end": _at("2026-02-01"),
        "effective_at": _at("2026-01-01"),
    }


def _ended(account: str, event_id: str) -> dict[str, Any]:
    end = _at("2026-01-20")
    return {
        "event_id": event_id,
        "source": "crm:main",
        "account_id": account,
        "occurred_at": end,
        "subscription_id": "s",
        "effective_at": end,
        "ends_at": end,
        "reason": "VOLUNTARY",
    }


def _at(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T00:00:00+00:00")


def test_a_sender_with_librdkafkas_default_partitioner_is_refused_and_named(
    cx: Cx, here: Settings, worker: ServerProcess
) -> None:
    """Given 40 accounts that subscribe through Emitter and end through a producer with nothing but bootstrap.servers.

    Then each end on another partition than its key's is a dead letter that names the partitioner, and no account stands
    on two partitions; redriven, February has no revenue.
    """
    accounts = [f"acc-{number:04d}" for number in range(42, 42 + _ACCOUNTS)]
    topic, codec = f"{here.topic_prefix}billing", Codec()
    with Emitter(here.kafka_bootstrap, source="shop:main", prefix=here.topic_prefix) as emitter:
        for account in accounts:
            emitter.emit("subscription_started", **_subscribed(account))
    other = Producer({"bootstrap.servers": here.kafka_bootstrap})
    for account in accounts:
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, account))
        other.produce(topic, codec.encode("subscription_ended", _ended(account, event_id)), account)
    assert other.flush(30) == 0
    _caught_up(here, worker)

    places = {each: [hashed(each.encode(), here.partitions) for hashed in (home, consistent)] for each in accounts}
    wrong = [account for account, (right, taken) in places.items() if right != taken]
    assert len(wrong) > _ACCOUNTS / 2
    asked = "SELECT account_key, detail FROM dead_letter_open WHERE reason = 'wrong_partition'"
    refused = _asked(cx, asked)
    assert sorted(each["account_key"] for each in refused) == sorted(wrong)
    assert all("set partitioner=murmur2_random" in each["detail"] for each in refused)
    parted = "SELECT account_id FROM event GROUP BY ALL HAVING uniqExact(topic, partition) > 1"
    assert _asked(cx, parted) == []
    assert "poison-flood" in cx("status", status=1).stdout

    cx("dead-letters", "redrive", "--reason", "wrong_partition", "--yes")
    _caught_up(here, worker)
    left = "SELECT count() AS n FROM mrr_item WHERE policy = 'cxledger' AND valid_to IS NULL"
    assert _asked(cx, left) == [{"n": 0}]
    revenue = (
        "SELECT value FROM mrr WHERE grain = 'month' AND window_start = '2026-02-01' AND dimension = 'all'"
        " AND policy = 'cxledger'"
    )
    assert sum(float(each["value"]) for each in _asked(cx, revenue)) == 0
    assert _asked(cx, "SELECT count() AS n FROM dead_letter_open") == [{"n": 0}]
