"""Redriving: each letter is sent once, whatever is killed, and only when that can help."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from infra import wiring
from infra.cli.pipeline import Stopped, until_told
from infra.deployment import environment
from infra.letters import discarding, guard, redriving
from infra.letters.choosing import LetterError
from infra.settings import Settings
from infra.wiring import Unreachable
from sinks import letters, replays
from sinks.letters import At, Chosen, Known
from sinks.locks import LockedError
from sinks.port import RowTuple
from streams.live.engine.crash_points import EXIT_STATUS
from tests.infra.letters.seed import Seeds
from tests.sinks.example_rows import row
from tests.support.records import CODEC, submitted, uid

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]
_CHILD = """
import os, sys
from infra.letters import redriving
from infra.settings import from_environment
from sinks.letters import Chosen
from streams.live.engine.crash_points import crash_at
redriving.perform(
    from_environment(os.environ), Chosen(), everything=True, crash=crash_at(sys.argv[1], redriving.POINTS)
)
"""


@pytest.fixture
def seeds(here: Settings) -> Seeds:
    return Seeds(here)


def sound(number: int, **fields: object) -> bytes:
    return CODEC.encode("response_submitted", submitted(number, f"r{number}", **fields))  # type: ignore[arg-type]


def known(here: Settings) -> dict[str, Known]:
    with wiring.clickhouse(here) as client:
        return {str(each.at): each for each in letters.found(client, wiring.warehouse(here), Chosen())}


def insert(here: Settings, table: str, written: RowTuple) -> None:
    sink = wiring.sink(here)
    sink.insert({table: [written]})
    sink.close()


def answers(did: redriving.Redriven) -> dict[str, str]:
    return {str(each.letter.at): each.verdict.answer for each in did.judged}


def test_only_what_the_present_code_accepts_is_sent_and_only_once(here: Settings, seeds: Seeds) -> None:
    """After a fix one command must do the right thing for a heap of letters of which some are still bad."""
    good = seeds.letter(sound(1), carried=[("trace", b"\x00\xff"), ("trace", None), ("cx-attempt", b"2")])
    broken = seeds.letter(sound(2)[:-3])
    decided = seeds.letter(sound(3), reason="score_out_of_scale")
    did = redriving.perform(here, Chosen(), everything=False)
    assert answers(did) == {str(good): "accepted", str(broken): "refused", str(decided): "undecided"}
    assert did.sent == 1
    assert seeds.sent() == [(str(good), b"acme", sound(1))]
    again = redriving.perform(here, Chosen(), everything=False)
    assert (again.sent, set(answers(again))) == (0, {str(broken), str(decided)})
    assert redriving.perform(here, Chosen(at=good), everything=True).sent == 0
    assert len(seeds.sent()) == 1
    (copy,) = seeds.records(good.topic, decided.offset + 1)
    assert copy.headers()[:2] == [("trace", b"\x00\xff"), ("trace", None)]
    carried = dict(copy.headers())
    assert (carried["cx-attempt"], carried["cx-redriven-from"]) == (b"3", str(good).encode())
    assert int(carried["cx-first-seen"]) == known(here)[str(good)].ingested_at
    assert known(here)[str(good)].redriven_to == copy.offset()


def test_with_all_even_what_would_be_refused_is_sent(here: Settings, seeds: Seeds) -> None:
    """A definition may have been corrected that only the worker knows; bytes stay as they are, absent ones too."""
    places = [
        seeds.letter(None),
        seeds.letter(None, None),
        seeds.letter(b"{}", b"\xff\x06"),
        seeds.letter(b"x" * 5_000_000),
    ]
    assert redriving.perform(here, Chosen(), everything=True).sent == 4
    expected = [(None, b"acme"), (None, None), (b"{}", b"\xff\x06"), (b"x" * 5_000_000, b"acme")]
    assert seeds.sent() == [(str(at), key, value) for at, (value, key) in zip(places, expected, strict=True)]


def test_an_event_that_came_in_otherwise_is_left_alone(here: Settings, seeds: Seeds) -> None:
    """The producer may have sent it again itself; sending it once more could only be a conflict."""
    place = seeds.letter(sound(1))
    insert(here, "event", row("event", account_id="acme", source="ovey:main", event_id=uid(1), topic="t", offset=5))
    did = redriving.perform(here, Chosen(), everything=False)
    assert (answers(did), did.sent) == ({str(place): "there already"}, 0)
    assert "t-0@5" in did.judged[0].verdict.detail


def test_erased_subjects_do_not_come_back(here: Settings, seeds: Seeds) -> None:
    """A letter kept for years is the back door through which an erased customer would return."""
    place = seeds.letter(sound(1))
    with wiring.clickhouse(here) as client:
        client.execute(f"INSERT INTO {here.database}_meta.erased_subject VALUES", [("acme", "", 1)])
    for everything in (False, True):
        did = redriving.perform(here, Chosen(at=place), everything=everything)
        assert (answers(did), did.sent) == ({str(place): "erased"}, 0)


def test_what_retention_has_cut_comes_from_its_copy(here: Settings, seeds: Seeds) -> None:
    """The dead-letter topic holds the bytes for the day when the topic does not."""
    cut, kept = seeds.letter(sound(1), carried=[("trace", b"1")]), seeds.letter(sound(2))
    _cut(here, cut)
    did = redriving.perform(here, Chosen(), everything=False)
    assert did.sent == 2
    assert sorted(seeds.sent(cut.offset + 1)) == sorted([(str(cut), b"acme", sound(1)), (str(kept), b"acme", sound(2))])


def _cut(here: Settings, last: At) -> None:
    admin = AdminClient({"bootstrap.servers": here.kafka_bootstrap})
    for future in admin.delete_records([TopicPartition(last.topic, last.partition, last.offset + 1)]).values():
        future.result(timeout=30)


def test_bytes_that_are_nowhere_are_said_to_be_gone(here: Settings, seeds: Seeds) -> None:
    """Both topics can be cut; that must not end the command for all other letters."""
    lost = seeds.store(sound(1))
    insert(
        here, "dead_letter", row("dead_letter", topic=lost.topic, partition=0, offset=lost.offset, account_key="acme")
    )
    kept = seeds.letter(sound(2))
    _cut(here, lost)
    did = redriving.perform(here, Chosen(), everything=True)
    assert (answers(did), did.sent) == ({str(lost): "gone", str(kept): "accepted"}, 1)


def test_killed_anywhere_the_next_redrive_sends_the_rest_once(here: Settings, seeds: Seeds) -> None:
    """An undecodable record has no event id that would make its double harmless, so there must be none."""
    for round_, point in enumerate(redriving.POINTS):
        bodies = (sound(3 * round_), b"{}", sound(3 * round_ + 1), b"\xc3", sound(3 * round_ + 2))
        places = [seeds.letter(body) for body in bodies]
        command = [sys.executable, "-c", _CHILD, f"{point}:1"]
        assert subprocess.run(command, env=os.environ | environment(here), check=False).returncode == EXIT_STATUS
        did = redriving.perform(here, Chosen(), everything=True)
        assert Counter(whence for whence, *_ in seeds.sent(places[0].offset)) == Counter(map(str, places)), point
        assert {each.status for each in known(here).values()} == {"redriven"}, point
        expected = {"before_confirming": (0, 5), "after_confirming": (0, 0)}.get(point, (5, 0))
        assert (did.sent, did.confirmed) == expected or point == "while_sending"
        assert did.sent + did.confirmed in (0, 5)
        with wiring.clickhouse(here) as client:
            assert letters.unfinished(client, wiring.warehouse(here)) == []
    assert redriving.perform(here, Chosen(), everything=True).sent == 0


def test_what_stood_on_a_wrong_partition_is_sent_to_its_own_once(here: Settings, seeds: Seeds) -> None:
    """Given letters of acme on partition 3 and a redrive that is killed, then the next has each on its own, once."""
    for round_, point in enumerate(("while_sending", "before_confirming")):
        bodies = [sound(3 * round_ + number) for number in range(3)]
        places = [seeds.letter(body, reason="wrong_partition", number=3) for body in bodies]
        command = [sys.executable, "-c", _CHILD, f"{point}:1"]
        assert subprocess.run(command, env=os.environ | environment(here), check=False).returncode == EXIT_STATUS
        did = redriving.perform(here, Chosen(), everything=False)
        assert set(answers(did).values()) <= {"accepted"}
        assert did.sent + did.confirmed == 3
        assert Counter(whence for whence, *_ in seeds.sent())[str(places[0])] == 1
        assert {str(each) for each in places} <= {whence for whence, *_ in seeds.sent()}
    assert len(seeds.sent()) == 6
    assert seeds.sent(number=3) == []


def test_a_dry_run_after_a_kill_knows_what_was_sent(here: Settings, seeds: Seeds) -> None:
    """Otherwise it would announce as due what stands in the log already."""
    seeds.letter(sound(1))
    env = os.environ | environment(here)
    subprocess.run([sys.executable, "-c", _CHILD, "before_confirming:1"], env=env, check=False)
    with wiring.clickhouse(here) as client, wiring.replay_log(here) as log:
        assert redriving.outlook(here, client, log, Chosen(), lambda _: None) == []


def test_ctrl_c_anywhere_leaves_each_letter_sent_once_or_not(here: Settings, seeds: Seeds) -> None:
    """People stop what takes long; what has left by then is known, the rest is still open."""
    assert not issubclass(Stopped, Exception), "nothing that catches Exception may swallow it"
    for round_, point in enumerate(redriving.POINTS):
        places = [seeds.letter(sound(3 * round_ + number)) for number in range(3)]

        def interrupt(now: str, point: str = point) -> None:
            if now == point:
                os.kill(os.getpid(), signal.SIGINT)

        with until_told():
            redriving.perform(here, Chosen(), everything=False, crash=interrupt)
            pytest.fail(f"it was not stopped {point}")
        with wiring.clickhouse(here) as client:
            (ended,) = replays.audited(client, wiring.warehouse(here), action="dead-letters redrive", limit=1)
        assert ended.outcome == "failed"
        redriving.perform(here, Chosen(), everything=False)
        assert Counter(whence for whence, *_ in seeds.sent(places[0].offset)) == Counter(map(str, places)), point


def test_two_operators_do_not_act_at_once(here: Settings, seeds: Seeds) -> None:
    """One may redrive what the other just discards; the second is told who is at it."""
    place = seeds.letter(sound(1))
    holds, ends = threading.Event(), threading.Event()

    def other() -> None:
        with guard.held(here):
            holds.set()
            ends.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    assert holds.wait(60)
    try:
        with pytest.raises(LockedError, match="is under way"):
            redriving.perform(here, Chosen(), everything=True)
        with pytest.raises(LockedError, match="is under way"):
            discarding.perform(here, Chosen(), "no")
    finally:
        ends.set()
        thread.join()
    assert (seeds.sent(), known(here)[str(place)].status) == ([], "open")


def test_so_many_bad_ones_that_the_worker_would_stop_are_refused(here: Settings, seeds: Seeds) -> None:
    """A redrive that causes the outage it should end is worse than none."""
    strict = msgspec.structs.replace(here, dead_run=4)
    for _ in range(3):
        seeds.letter(b"{}")
    with pytest.raises(LetterError, match=r"3 letters of .* may be refused again, and 4 in a row stop its worker"):
        redriving.perform(strict, Chosen(), everything=True)
    assert redriving.perform(strict, Chosen(), everything=False).sent == 0
    assert seeds.sent() == []


def test_a_broker_that_refuses_leaves_the_letter_open(here: Settings, seeds: Seeds) -> None:
    """What Kafka did not confirm is not done, and the reason is passed on."""
    large = seeds.letter(b"x" * 200_000)
    _limit(here, large.topic, 1_000)
    with pytest.raises(Unreachable, match="Kafka did not store 1 of 1 letters"):
        redriving.perform(here, Chosen(), everything=True)
    assert known(here)[str(large)].status == "open"
    _limit(here, large.topic, 8_000_000)
    assert redriving.perform(here, Chosen(), everything=True).sent == 1
    assert [whence for whence, *_ in seeds.sent()] == [str(large)]


def _limit(here: Settings, topic: str, most: int) -> None:
    admin = wiring.admin(here)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(most)})])
    admin.close()


def test_discarding_keeps_the_reason_and_can_be_taken_back_by_name(here: Settings, seeds: Seeds) -> None:
    """A filter never touches what somebody put away; whoever names the letter itself knows better."""
    place, other = seeds.letter(sound(1)), seeds.letter(sound(2))
    assert [each.at for each in discarding.perform(here, Chosen(at=place), "it's a 'test'; DROP")] == [place]
    assert discarding.perform(here, Chosen(at=place), "again") == []
    assert known(here)[str(place)].why == "it's a 'test'; DROP"
    assert set(answers(redriving.perform(here, Chosen(), everything=False))) == {str(other)}
    assert redriving.perform(here, Chosen(at=place), everything=False).sent == 1
    assert {each.status for each in known(here).values()} == {"redriven"}
    with wiring.clickhouse(here) as client:
        rows = replays.audited(client, wiring.warehouse(here))
    assert [(each.action, each.outcome) for each in rows[::-1]][:2] == [
        ("dead-letters discard", "begun"),
        ("dead-letters discard", "done"),
    ]
    assert rows[0].detail == "1 of 1 letters sent"
