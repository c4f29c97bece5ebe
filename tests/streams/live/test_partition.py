"""A partition is where money meets bytes: what it refuses, what it keeps, and that nothing changes before commit."""

from typing import Any

import pytest

from streams.core.limits import NEVER
from streams.core.rows import TABLES
from streams.core.rules import Policy, Rules
from streams.live.errors import EngineStopped
from streams.live.fold.partition import EPOCH_KEY, FORMAT, FORMAT_KEY, Batch, Partition
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC, NOW_MS, Record, event, record, submitted, uid

HOUR = 3_600_000_000
NOW = NOW_MS * 1000
DAY = 86_400_000_000
TYPES = frozenset(
    {
        "survey_defined", "response_submitted", "response_corrected", "response_deleted", "response_tagged",
        "followup_logged", "invitation_sent", "invitation_delivered",
    }
)  # fmt: skip


def opened(store: MemoryStore | None = None, rules: Rules | None = None) -> Partition:
    store = MemoryStore() if store is None else store
    return Partition("survey", 0, store, codec=CODEC, rules=rules or Rules(), types=TYPES)


def take(partition: Partition, *records: Record) -> Batch:
    batch = partition.process(records)
    partition.commit(batch)
    return batch


def ticked(partition: Partition, now: int) -> Batch:
    """Let the partition commit what it plans to do, and return the batch that does it."""
    batch = partition.tick(now)
    while not batch.rows:
        partition.commit(batch)
        batch = partition.tick(now)
    return batch


def named(batch: Batch, table: str) -> list[dict[str, Any]]:
    """Rows of one table as dicts, with version and is_deleted."""
    fields = (*TABLES[table].__struct_fields__, "version", "is_deleted")
    return [dict(zip(fields, row, strict=True)) for row in batch.rows[table]]


def reasons(batch: Batch) -> list[str]:
    assert [row["reason"] for row in named(batch, "dead_letter")] == [letter.reason for letter in batch.dead]
    return [letter.reason for letter in batch.dead]


def test_a_response_becomes_a_response_row_and_an_answer_row() -> None:
    """The smallest useful thing that the pipeline does."""
    batch = take(opened(), record(7, "response_submitted", submitted(1, nps=9)))
    (response,), (answer,) = named(batch, "response"), named(batch, "answer")
    assert (response["status"], response["nps"], response["is_deleted"]) == ("submitted", 9.0, 0)
    assert (answer["kind"], answer["number"], answer["submitted_at"]) == ("NPS", 9.0, NOW)
    assert batch.next_offset == 8


def test_a_batch_that_is_not_committed_leaves_no_trace() -> None:
    """A transaction may fail after the rows were computed: the records come again and must count once."""
    partition = opened()
    first = partition.process([record(0, "response_submitted", submitted(1))])
    again = partition.process([record(0, "response_submitted", submitted(1))])
    assert (first.rows, first.changes) == (again.rows, again.changes)
    assert again.duplicates == 0


def test_duplicates_are_dropped_and_counted_within_and_across_batches() -> None:
    """Redelivery comes a second or a year later: both times the event counts once."""
    partition = opened()
    same = submitted(1)
    batch = take(partition, record(0, "response_submitted", same), record(1, "response_submitted", same))
    later = take(partition, record(2, "response_submitted", same))
    assert (batch.duplicates, len(batch.rows["response"])) == (1, 1)
    assert (later.duplicates, later.rows, later.next_offset) == (1, {}, 3)


@pytest.mark.parametrize("other", [{"nps": 3}, {"response_id": "r2"}, {"account_id": "globex"}])
def test_an_event_id_with_other_content_is_a_dead_letter(other: dict[str, Any]) -> None:
    """An id that means two things is never overwritten: the first stands, the second is put aside with its reason."""
    partition = opened()
    take(partition, record(0, "response_submitted", submitted(1)))
    assert reasons(take(partition, record(1, "response_submitted", submitted(1, **other)))) == ["conflicting_duplicate"]
    pair = [record(0, "response_submitted", submitted(1)), record(1, "response_submitted", submitted(1, **other))]
    assert reasons(opened().process(pair)) == ["conflicting_duplicate"]


def test_a_correction_rewrites_the_answer_and_leaves_a_restatement() -> None:
    """A figure that was published changes only together with the row that says why."""
    partition = opened()
    take(partition, record(0, "response_submitted", submitted(1, nps=3)))
    fixed = event(2, response_id="r1", answers=[{"question_id": "q1", "kind": "NPS", "number": 9.0}], reason="typo")
    batch = take(partition, record(1, "response_corrected", fixed))
    case, restated = named(batch, "metric_change")
    assert (case["metric"], case["denominator_micros"]) == ("closed_loop_rate", -1_000_000)
    assert (restated["old_value"], restated["new_value"], restated["event_id"]) == (3.0, 9.0, uid(2))
    assert (restated["reason"], restated["window_at"]) == ("typo", NOW)
    assert [row["number"] for row in named(batch, "answer")] == [9.0]
    assert [row["state"] for row in named(batch, "followup_case")] == ["voided"]


@pytest.mark.parametrize(("said", "kind"), [((), "late"), ((("load", b"1"),), "first"), ((("load", b"0"),), "late")])
def test_what_is_loaded_is_not_late(said: tuple[tuple[str, bytes], ...], kind: str) -> None:
    """An import tells of years at once: nobody has seen a figure without it. What it corrects is a correction."""
    old = submitted(1, submitted_at=NOW - 400 * DAY, occurred_at=NOW - 400 * DAY)
    partition = opened()
    told = named(take(partition, record(0, "response_submitted", old, said=said)), "metric_change")
    assert {(row["kind"], row["reason"]) for row in told} == {(kind, "late" if kind == "late" else "")}
    fixed = event(2, response_id="r1", answers=[{"question_id": "q1", "kind": "NPS", "number": 3.0}])
    batch = take(partition, record(1, "response_corrected", fixed, said=said))
    assert {row["kind"] for row in named(batch, "metric_change")} == {"correction"}


def test_a_deleted_response_takes_its_answers_away() -> None:
    """Withdrawn answers must leave every figure: their rows are hidden by a higher version."""
    partition = opened()
    before = take(partition, record(0, "response_submitted", submitted(1, nps=10)))
    batch = take(partition, record(1, "response_deleted", event(2, response_id="r1")))
    (answer,) = named(batch, "answer")
    assert answer["is_deleted"] == 1
    assert answer["version"] > named(before, "answer")[0]["version"]
    assert {(row["kind"], row["new_value"]) for row in named(batch, "metric_change")} == {("retraction", None)}


def test_a_detractor_waits_is_signalled_and_becomes_overdue_at_the_deadlines_own_time() -> None:
    """Closing the loop within 48 hours is what account managers are measured on."""
    partition = opened()
    batch = take(partition, record(0, "response_submitted", submitted(1, nps=2)))
    assert [signal.kind for signal in batch.signals] == ["detractor_waiting"]
    due = NOW + 48 * HOUR
    assert partition.next_deadline() == due
    assert partition.tick(due - 1).changes == {}
    overdue = ticked(partition, due + 500 * HOUR)
    partition.commit(overdue)
    assert [row["missed_at"] for row in named(overdue, "followup_case")] == [due]
    assert [(signal.kind, signal.at) for signal in overdue.signals] == [("detractor_overdue", due)]
    assert partition.next_deadline() == NEVER


def test_contact_in_time_stops_the_clock() -> None:
    """A manager who called must not be called late."""
    partition = opened()
    take(partition, record(0, "response_submitted", submitted(1, nps=2)))
    call = event(2, response_id="r1", followup_id="f1", kind="call", closed=True, occurred_at=NOW + HOUR)
    batch = take(partition, record(1, "followup_logged", call))
    (case,) = named(batch, "followup_case")
    assert (case["state"], case["first_contact_at"], case["missed_at"]) == ("closed", NOW + HOUR, None)
    assert partition.next_deadline() == NEVER


def test_contact_after_the_deadline_is_contact_that_came_too_late() -> None:
    """A call on the third day does not become timely because no clock ran in between."""
    partition = opened()
    call = event(2, response_id="r1", followup_id="f1", kind="call", occurred_at=NOW + 49 * HOUR)
    early = record(0, "followup_logged", call, at_ms=NOW_MS + 50 * 3_600_000)
    batch = take(partition, early, record(1, "response_submitted", submitted(1, nps=2)))
    (case,) = named(batch, "followup_case")
    assert (case["state"], case["missed_at"]) == ("contacted", NOW + 48 * HOUR)


def test_a_reopened_partition_goes_on_where_it_was_with_a_higher_epoch() -> None:
    """State survives the worker, and rows of a former owner that is still writing must lose."""
    store = MemoryStore()
    first = take(opened(store), record(0, "response_submitted", submitted(1, nps=2)))
    reopened = opened(store)
    assert reopened.next_deadline() == NOW + 48 * HOUR
    assert take(reopened, record(1, "response_submitted", submitted(1, nps=2))).duplicates == 1
    second = take(reopened, record(2, "response_deleted", event(2, response_id="r1")))
    assert named(second, "response")[0]["version"] > named(first, "response")[0]["version"] + 2**39


def test_a_new_follow_up_target_settles_what_the_old_one_decided() -> None:
    """Whether a policy arrives before or after the responses that it governs must not show in the rows."""
    store = MemoryStore()
    partition = opened(store)
    take(partition, record(0, "response_submitted", submitted(1, nps=2)))
    rules = Rules((Policy(0, "default", 172_800), Policy(1, "strict", 3_600)))
    partition.use(rules)
    assert partition.next_deadline() == 0
    batch = ticked(partition, NOW)
    assert [row["due_at"] for row in named(batch, "followup_case")] == [NOW + HOUR]
    reopened = opened(store, rules)  # the batch was never committed: the restart must settle again
    assert reopened.next_deadline() == 0
    settled = ticked(reopened, NOW)
    reopened.commit(settled)
    assert settled.rows["followup_case"][0][6] == NOW + HOUR
    assert reopened.next_deadline() == NOW + HOUR
    assert opened(store, rules).next_deadline() == NOW + HOUR


CSAT = {"question_id": "q2", "kind": "CSAT", "number": 6.0}
SCALE = {
    "survey_id": "s1", "version": 1,
    "questions": [{"question_id": "q2", "kind": "CSAT", "scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}],
}  # fmt: skip


def test_answers_outside_the_declared_scale_are_refused_once_the_definition_is_known() -> None:
    """A six on a scale of five is a mistake of the source, in a submission as in a correction."""
    partition = opened()
    take(partition, record(0, "survey_defined", event(1, **SCALE)), record(1, "response_submitted", submitted(2)))
    wrong = record(2, "response_submitted", submitted(3, "r2", answers=[CSAT]))
    corrected = record(3, "response_corrected", event(4, response_id="r1", answers=[CSAT]))
    assert reasons(take(partition, wrong, corrected)) == ["score_out_of_scale"] * 2


def _raw(body: bytes | None, key: bytes | None = b"acme") -> Record:
    return Record(0, key, body)


@pytest.mark.parametrize(
    ("reason", "poison"),
    [
        ("empty_value", _raw(None)),
        ("unknown_frame", _raw(b"{}")),
        ("unknown_schema", _raw(b"\xc3\x01" + b"\0" * 9)),
        ("malformed", _raw(CODEC.encode("response_submitted", submitted(9))[:-3])),
        ("trailing_bytes", _raw(CODEC.encode("response_submitted", submitted(9)) + b"!")),
        ("too_large", _raw(b"x" * 5_000_000)),
        ("wrong_topic", _raw(CODEC.encode("account_upserted", event(9, name="Acme")))),
        ("key_missing", Record(0, b"", CODEC.encode("response_submitted", submitted(9)))),
        ("key_missing", Record(0, None, CODEC.encode("response_submitted", submitted(9)))),
        ("key_mismatch", Record(0, b"globex", CODEC.encode("response_submitted", submitted(9)))),
        (
            "key_mismatch",
            Record(0, b"caf\xe9", CODEC.encode("response_submitted", submitted(9, account_id="caf\u00e9"))),
        ),
        ("key_mismatch", Record(0, b"ACME", CODEC.encode("response_submitted", submitted(9)))),
        ("key_mismatch", Record(0, b"acme ", CODEC.encode("response_submitted", submitted(9)))),
        ("invalid_event_id", record(0, "response_submitted", submitted(9, event_id="42"))),
        ("occurred_in_future", record(0, "response_submitted", submitted(9, occurred_at=NOW + 25 * HOUR))),
        ("occurred_in_future", record(0, "response_submitted", submitted(9, submitted_at=NOW + 25 * HOUR))),
        ("occurred_too_early", record(0, "response_submitted", submitted(9, occurred_at=0))),
        ("invalid_field", record(0, "response_submitted", submitted(9, response_id=""))),
        ("invalid_field", record(0, "response_submitted", submitted(9, response_id="a\0b"))),
        ("invalid_field", record(0, "response_submitted", submitted(9, nps=float("nan")))),
        ("score_out_of_scale", record(0, "response_submitted", submitted(9, nps=11))),
        ("score_out_of_scale", record(0, "response_submitted", submitted(9, nps=7.5))),
        ("repeated_item", record(0, "response_submitted", submitted(9, answers=[CSAT, CSAT]))),
        (
            "too_many_items",
            record(0, "response_submitted", submitted(9, answers=[{"question_id": f"{n}"} for n in range(1_001)])),
        ),
    ],
)
def test_poison_is_put_aside_with_its_reason_and_its_neighbours_go_on(reason: str, poison: Record) -> None:
    """One bad record must neither stop the stream, nor vanish, nor take its neighbours with it."""
    batch = opened().process(
        [record(0, "response_submitted", submitted(1)), poison, record(1, "response_submitted", submitted(2, "r2"))]
    )
    assert reasons(batch) == [reason]
    assert batch.dead[0].value == poison.body
    assert [row["response_id"] for row in named(batch, "response")] == ["r1", "r2"]


@pytest.mark.parametrize(
    "written", [None, b"1", b"2", FORMAT + b"0", b""], ids=["none", "1", "2", "ten times", "empty"]
)
def test_state_of_another_format_is_refused_with_what_to_do(written: bytes | None) -> None:
    """A release that read another one's state as its own would write wrong figures under higher versions."""
    store = MemoryStore()
    take(opened(store), record(0, "response_submitted", submitted(1)))
    opened(store)
    assert store.get(FORMAT_KEY) == FORMAT
    store.put_all({FORMAT_KEY: written})
    with pytest.raises(EngineStopped, match=r"state of another format: .*-0: .*build.*beside it: cx runbook upgrade"):
        opened(store)


def test_a_commit_that_says_nothing_does_not_hide_the_epoch() -> None:
    """An idle worker commits to ask for the time: what it writes later must still outrank what came before it."""
    partition = opened()
    partition.commit(partition.tick(0))
    batch = partition.process([record(0, "response_submitted", submitted(1))])
    assert EPOCH_KEY in batch.changes
