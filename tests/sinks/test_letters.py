"""Dead letters and what was done with them, on the real engine."""

from collections.abc import Callable

import pytest
from clickhouse_driver import Client

from sinks import generations, letters
from sinks.clickhouse import ClickHouseSink
from sinks.holders import actor
from sinks.letters import At, Chosen, Done
from sinks.migrate import migrate
from sinks.promotion import point
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

pytestmark = pytest.mark.servers
HOUR = 3_600_000_000
T0 = 1_763_769_600_000_000
ODD = """it's; DROP TABLE x -- "q" \\ `b` %s %(x)s \x1b[31m\x00"""


@pytest.fixture
def warehouse(client: Client, empty: Callable[[Warehouse], Migrated]) -> Warehouse:
    made, generation = empty(Warehouse())
    client.execute(f"TRUNCATE TABLE `{made.meta}`.dead_letter_action")
    ClickHouseSink(client, generation, checked=True).insert(
        {
            "dead_letter": [
                _letter("cx.survey", 0, 7, "malformed", "acme", T0),
                _letter("cx.survey", 0, 9, "malformed", ODD, T0 + HOUR),
                _letter("cx.survey", 1, 7, "key_missing", "", T0 + 2 * HOUR),
                _letter("cx.reference", 0, 7, ODD, "acme", T0 + 2 * HOUR + 1),
            ]
        }
    )
    return made


def _letter(topic: str, partition: int, offset: int, reason: str, key: str, at: int) -> tuple[object, ...]:
    place = {"topic": topic, "partition": partition, "offset": offset}
    return row("dead_letter", **place, reason=reason, account_key=key, ingested_at=at, detail="d", size_bytes=3)


def _names(client: Client, warehouse: Warehouse, **chosen: object) -> list[str]:
    return [str(each.at) for each in letters.found(client, warehouse, Chosen(**chosen))]  # type: ignore[arg-type]


def test_letters_are_found_by_what_they_have_in_common(client: Client, warehouse: Warehouse) -> None:
    """Every filter narrows, names are compared to the letter, and nothing in them is taken for SQL."""
    assert len(_names(client, warehouse)) == 4
    assert _names(client, warehouse, reason="malformed") == ["cx.survey-0@7", "cx.survey-0@9"]
    assert _names(client, warehouse, reason="malformed", account=ODD) == ["cx.survey-0@9"]
    assert _names(client, warehouse, reason=ODD) == ["cx.reference-0@7"]
    assert _names(client, warehouse, topic="cx.reference") == ["cx.reference-0@7"]
    assert _names(client, warehouse, since=T0 + HOUR, until=T0 + 2 * HOUR) == ["cx.survey-0@9"]
    assert _names(client, warehouse, at=At("cx.survey", 1, 7)) == ["cx.survey-1@7"]
    assert _names(client, warehouse, account="acm") == []
    assert letters.reasons(client, warehouse) == sorted(["malformed", "key_missing", ODD])


def test_groups_count_what_became_of_their_letters(client: Client, warehouse: Warehouse) -> None:
    """The first look at night: how many, since when, and one to look at."""
    letters.write(client, warehouse, "sending", [Done(At("cx.survey", 0, 7), "malformed", 10)])
    letters.write(client, warehouse, "redriven", [Done(At("cx.survey", 0, 7), "malformed", 12)])
    letters.write(client, warehouse, "sending", [Done(At("cx.survey", 0, 9), "malformed", 13)])
    letters.write(client, warehouse, "discarded", [Done(At("cx.survey", 1, 7), "key_missing")], ODD)
    found = {group.name: group for group in letters.groups(client, warehouse, Chosen(), "reason")}
    malformed = found["malformed"]
    assert (malformed.letters, malformed.open, malformed.redriven, malformed.discarded) == (2, 1, 1, 0)
    assert malformed.newest == At("cx.survey", 0, 9)
    assert (malformed.first_seen[:19], malformed.last_seen[:19]) == ("2025-11-22T00:00:00", "2025-11-22T01:00:00")
    assert found["key_missing"].discarded == 1
    by_hour = letters.groups(client, warehouse, Chosen(), "hour")
    assert [(group.name[:16], group.letters) for group in by_hour] == [
        ("2025-11-22T00:00", 1),
        ("2025-11-22T01:00", 1),
        ("2025-11-22T02:00", 2),
    ]
    assert {g.name for g in letters.groups(client, warehouse, Chosen(), "account")} == {"acme", ODD, ""}
    assert [g.name for g in letters.groups(client, warehouse, Chosen(), "topic")] == ["cx.survey", "cx.reference"]
    opened = client.execute(f"SELECT * FROM {warehouse.database}.dead_letter_open ORDER BY ALL")
    assert [row[:3] for row in opened] == [("cx.reference", 0, 7), ("cx.survey", 0, 9)]
    columns = "topic, partition, offset, account_key, reason, detail, ingested_at, size_bytes"
    columns += ", source, event_type, event_id"
    state = f"SELECT {columns} FROM {warehouse.database}.dead_letter_state WHERE status = 'open' ORDER BY ALL"
    assert opened == client.execute(state), "two ways to ask what is open"


def test_what_was_decided_is_told_with_the_letter(client: Client, warehouse: Warehouse) -> None:
    """Who asks why a letter is gone from the open ones must find a name and a reason."""
    place = At("cx.survey", 1, 7)
    letters.write(client, warehouse, "discarded", [Done(place, "key_missing")], ODD)
    (known,) = letters.found(client, warehouse, Chosen(at=place), "discarded")
    assert (known.status, known.why, known.decided_by, known.redriven_to) == ("discarded", ODD, actor(), None)
    assert known.decided_at
    letters.write(client, warehouse, "redriven", [Done(place, "key_missing", 99)])
    letters.write(client, warehouse, "discarded", [Done(place, "key_missing")], "later")
    (known,) = letters.found(client, warehouse, Chosen(at=place))
    assert (known.status, known.why, known.redriven_to) == ("redriven", "", 99)
    (untouched,) = letters.found(client, warehouse, Chosen(at=At("cx.survey", 0, 7)))
    assert (untouched.status, untouched.decided_at, untouched.decided_by) == ("open", "", "")


def test_what_our_code_failed_on_is_an_alarm_until_it_is_dealt_with(client: Client, warehouse: Warehouse) -> None:
    """A figure lacks these events through no fault of their sender, so nobody else would come and ask."""
    generation = generations.current(client, warehouse)
    assert generation is not None
    letter = _letter("cx.support", 1, 8, "internal_error", "acme", T0)
    ClickHouseSink(client, generation, checked=True).insert({"dead_letter": [letter]})
    asked = f"SELECT * FROM {warehouse.database}.broken_invariant"
    detail = "it is a dead letter, the code failed: d"
    assert client.execute(asked) == [("our_code_folds_every_event", "acme", "cx.support-1@8", detail, [])]
    letters.write(client, warehouse, "redriven", [Done(At("cx.support", 1, 8), "internal_error", 12)])
    assert client.execute(asked) == []


def test_only_what_was_begun_and_not_ended_is_unfinished(client: Client, warehouse: Warehouse) -> None:
    """After a kill the log is searched from the lowest offset at which a copy can stand, not from a later one."""
    one, two = At("cx.survey", 0, 7), At("cx.survey", 0, 9)
    for place, floor in ((one, 10), (two, 11), (two, 15)):
        letters.write(client, warehouse, "sending", [Done(place, "malformed", floor)])
    letters.write(client, warehouse, "redriven", [Done(one, "malformed", 12)])
    (left,) = letters.unfinished(client, warehouse)
    assert (left.at, left.reason, left.floor) == (two, "malformed", 11)
    assert left.begun_at > T0
    letters.write(client, warehouse, "unsent", [Done(two, "malformed")] * 2)
    assert letters.unfinished(client, warehouse) == []


def test_events_that_were_taken_in_are_known_by_account_source_and_id(client: Client, warehouse: Warehouse) -> None:
    """Ids are unique within a source only; another source's event must not hold a letter back."""
    generation = generations.current(client, warehouse)
    assert generation is not None
    event = row("event", account_id=ODD, source=ODD, event_id=ODD, topic="cx.survey", partition=2, offset=5)
    ClickHouseSink(client, generation, checked=True).insert({"event": [event]})
    asked = {(ODD, ODD, ODD), (ODD, "other", ODD), ("acme", ODD, ODD)}
    assert letters.taken_in(client, warehouse, asked) == {(ODD, ODD, ODD): At("cx.survey", 2, 5)}
    assert letters.taken_in(client, warehouse, set()) == {}


def test_what_people_did_survives_another_generation(client: Client, database: str) -> None:
    """A rebuild reads the log, where no operator's decision stands; the letters it leaves must keep theirs."""
    own = Warehouse(database=database)
    first = migrate(client, own)
    place = At("cx.survey", 0, 7)
    letter = _letter(place.topic, place.partition, place.offset, "malformed", "acme", T0)
    ClickHouseSink(client, first, checked=True).insert({"dead_letter": [letter]})
    letters.write(client, own, "discarded", [Done(place, "malformed")], "a test of the producer's")
    second = generations.create(client, own)
    ClickHouseSink(client, second, checked=True).insert({"dead_letter": [letter]})
    point(client, own, second)
    generations.drop(client, own, first)
    (known,) = letters.found(client, own, Chosen())
    assert (known.status, known.why) == ("discarded", "a test of the producer's")
