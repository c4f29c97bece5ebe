import itertools
from collections import Counter, defaultdict
from typing import Any

from bench import mixed_support
from bench.record import Made
from schemas.codec import Codec
from schemas.topics import load_topics
from streams.core.admission import check
from streams.core.events import parse
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rows_ticket import TicketMessageRow, TicketRow
from streams.core.rules import rules_from
from streams.core.settings import Ruling
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore

START = 1_750_000_000_000_000
WINDOW, BATCH = 29_700, 10_000
RECORDS = list(mixed_support.records(185_000, START))
STEADY = RECORDS[-2 * WINDOW :]
CODEC = Codec()


def test_there_are_three_billing_and_ten_support_events_to_a_survey_event() -> None:
    """The ratio is what is measured: another one would be another benchmark."""
    topics = Counter(topic for topic, _, _ in STEADY)
    assert set(topics) == {"survey", "billing", "support"}
    assert 2.9 < topics["billing"] / topics["survey"] < 3.1
    assert 9.7 < topics["support"] / topics["survey"] < 10.3


def test_what_is_measured_are_events_that_are_taken_in() -> None:
    """Dead letters would be measured instead, unseen; so would duplicates."""
    seen = set()
    now = START + 10**16
    for _, key, value in RECORDS:
        event = parse(*CODEC.decode_array(value))
        assert check(event, key, now) is None
        seen.add(event.event_id)
    assert len(seen) == len(RECORDS)


def test_the_same_arguments_give_the_same_records() -> None:
    """Two runs are compared; what a run takes in must not differ between them."""
    assert list(mixed_support.records(60_000, START)) == list(mixed_support.records(60_000, START))


def test_all_has_happened_by_now() -> None:
    """A time ahead of the clock is refused, and one two weeks behind it leaves restatements."""
    now = 1_800_000_000_000_000
    count = 150_000
    start = mixed_support.beginning(count, now)
    told = (CODEC.decode(value) for topic, _, value in mixed_support.records(count, start) if topic != "config")
    times = [fields["occurred_at"] for _, fields in told]
    assert max(times) < now
    assert min(times) > now - 14 * 86_400 * 10**6


def test_two_updates_of_a_ticket_do_not_share_a_batch() -> None:
    """Tickets are folded once per batch: with a whole life in one of them, next to nothing would be measured."""
    places = defaultdict(list)
    for place, (topic, _, value) in enumerate(STEADY):
        if topic == "support":
            places[CODEC.decode(value)[1]["ticket_id"]].append(place)
    gaps = [later - former for each in places.values() for former, later in itertools.pairwise(each)]
    assert sum(gap > BATCH for gap in gaps) > len(places)
    assert not [gap for gap in gaps if BATCH / 2 < gap <= BATCH]


def test_tickets_live_as_described() -> None:
    """Clocks, waits and reopenings are what tickets cost: a mix without them would look cheap."""
    rows = _rows()
    assert len(rows["sla_instance"]) > len(rows["ticket"]) / 2
    assert {row["state"] for row in rows["sla_instance"]} >= {"fulfilled", "breached"}
    assert all(row["out_of_hours"] is not None for row in rows["ticket_message"])
    closed = [row for row in rows["ticket"] if row["closed_at"] is not None]
    assert all(row["agent_wait_us"] > 0 and row["first_reply_business_us"] is not None for row in closed)
    assert 0.08 < sum(row["reopens"] for row in closed) / len(closed) < 0.18
    assert 0.15 < sum(row["csat_score"] is not None for row in closed) / len(closed) < 0.35
    assert len(closed) > len(rows["ticket"]) / 10


def _rows() -> dict[str, list[dict[str, Any]]]:
    """The rows that tickets of a few accounts leave in the end, by table."""
    settings = [parse(*CODEC.decode_array(value)) for topic, _, value in RECORDS if topic == "config"]
    rules = rules_from([each for each in settings if isinstance(each, Ruling)])
    support = [(key, value) for topic, key, value in RECORDS if topic == "support" and key < b"acc-00800"]
    taken = [Made(number, *each, START // 1_000 + 20 * 86_400_000) for number, each in enumerate(support)]
    types = frozenset(load_topics()["support"].event_types)
    batch = Partition("support", 0, MemoryStore(), codec=CODEC, rules=rules, types=types).process(taken)
    assert not batch.dead
    assert batch.records == len(taken)
    return {
        each.TABLE: [dict(zip(each.__struct_fields__, row, strict=False)) for row in batch.rows[each.TABLE]]
        for each in (TicketRow, TicketMessageRow, SlaInstanceRow)
    }
