import itertools
from collections import Counter

from bench import mixed, mixed_billing
from schemas.codec import Codec
from streams.core.admission import check
from streams.core.events import parse

START = 1_750_000_000_000_000
RECORDS = list(itertools.islice(mixed_billing.records(190_000, START), 100_000, 190_000))
CODEC = Codec()


def test_there_are_three_billing_events_to_a_survey_event() -> None:
    """The ratio is what is measured: another one would be another benchmark."""
    topics = Counter(topic for topic, _, _ in RECORDS)
    assert set(topics) == {"survey", "billing"}
    assert 2.9 < topics["billing"] / topics["survey"] < 3.1


def test_what_is_measured_are_events_that_are_taken_in() -> None:
    """Dead letters would be measured instead, unseen; so would duplicates."""
    seen = set()
    now = START + 10**16
    for _, key, value in RECORDS:
        event = parse(*CODEC.decode_array(value))
        assert check(event, key, now) is None
        seen.add(event.event_id)
    assert len(seen) == len(RECORDS)


def test_an_account_gets_its_events_in_the_order_in_which_they_happened() -> None:
    """A ledger in which nearly all entries come late, as in no stream, would be measured as if it were live traffic."""
    newest: dict[bytes, int] = {}
    late = 0
    for _, account, value in RECORDS:
        at = CODEC.decode(value)[1]["occurred_at"]
        late += at < newest.get(account, 0)
        newest[account] = max(at, newest.get(account, 0))
    assert late == 0


def test_all_has_happened_by_now() -> None:
    """A time ahead of the clock is refused, and one two weeks behind it leaves restatements."""
    now = 1_800_000_000_000_000
    count = 60_000
    start = mixed_billing.beginning(count, now)
    last = [CODEC.decode(value)[1]["occurred_at"] for _, _, value in mixed_billing.records(count, start)]
    assert max(last) < now
    assert min(last) > now - 14 * 86_400 * 10**6


def test_the_survey_mix_is_what_it_was() -> None:
    """Published rates of the rebuild are of this stream."""
    kinds = Counter(topic for topic, _, _ in mixed.records(35_000, START))
    assert kinds == {"reference": 20_000, "survey": 15_000}
