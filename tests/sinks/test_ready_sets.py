"""Views for those who sell to customers, speak to them, run the pipeline or decide what is built."""

from collections.abc import Callable
from typing import Any

import pytest
from clickhouse_driver import Client

from sinks import dictionary, views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row

DAY = 86_400_000_000
PAYING = ("fine", "owes", "asks", "grew", "torn", "idle", "old", "mute", "full")


def _answer(account: str, person: str, score: float, at: int) -> Any:
    named = {"account_id": account, "response_id": f"{person}-{at}", "contact_id": person}
    return row("response", **named, nps=score, submitted_at=at)


def _rows(now: int) -> dict[str, list[Any]]:
    def ago(days: int) -> int:
        return now - days * DAY

    since = {"valid_from": ago(400), "rate_at": ago(400), "mrr_micros": 7_000_000}
    answers = [_answer(account, "x", 9.0, ago(10)) for account in PAYING if account not in ("old", "mute")]
    answers += [_answer("torn", "y", 6.0, ago(89)), _answer("torn", "y", 10.0, ago(300))]
    answers += [
        _answer("old", "x", 9.0, ago(90)),
        _answer("old", "z", 10.0, ago(365)),
        _answer("old", "w", 8.0, ago(90)),
    ]
    answers += [
        _answer("left", "x", 10.0, ago(1)),
        _answer("fine", "p", 7.0, ago(1)),
        _answer("fine", "x", 3.0, ago(50)),
    ]
    grown = {"subscription_id": "s", "kind": "expansion", "amount_micros": 5}
    return {
        "mrr_item": [row("mrr_item", account_id=each, subscription_id="s", item_id="i", **since) for each in PAYING],
        "response": answers,
        "account_history": [
            row("account_history", account_id=each, event_id="e", valid_from=ago(400), segment=segment)
            for each, segment in (("fine", "big"), ("torn", "big"), ("old", "small"))
        ],
        "manager_assignment": [
            row("manager_assignment", account_id="fine", event_id="m", manager_id="ann", valid_from=ago(300))
        ],
        "receivable_entry": [
            row("receivable_entry", account_id="owes", invoice_id="i", kind="issued", at=ago(60), amount_micros=5)
        ],
        "ticket": [
            row("ticket", account_id="asks", ticket_id="t", status="open", opened_at=ago(3), escalations=1),
            row("ticket", account_id="fine", ticket_id="t", status="solved", opened_at=ago(3), escalations=1),
        ],
        "mrr_movement": [
            row("mrr_movement", account_id="grew", at=ago(179), event_id="v", **grown),
            row("mrr_movement", account_id="fine", at=ago(181), event_id="v", **grown),
        ],
        "usage_report": [
            row("usage_report", account_id="idle", meter="seats", measured_at=ago(2), value=7.0, most=10.0),
            row("usage_report", account_id="full", meter="seats", measured_at=ago(2), value=8.0, most=10.0),
            row("usage_report", account_id="full", meter="calls", measured_at=ago(2), value=1.0, most=10.0),
        ],
    }


@pytest.mark.servers
def test_who_could_buy_more_and_what_speaks_against_it(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Whoever is asked to buy with an open escalation or an unpaid invoice is lost: each condition alone is enough."""
    warehouse, generation = empty(Warehouse())
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    ClickHouseSink(client, generation, checked=True).insert(_rows(now))
    found = client.execute(
        "SELECT account_id, is_candidate, blockers, mrr, days_since_expansion, used"
        f" FROM {warehouse.database}.expansion_candidate ORDER BY 1"
    )
    assert [(account, one, blockers) for account, one, blockers, *_ in found] == [
        ("asks", 0, ["escalated"]),
        ("fine", 1, []),
        ("full", 1, []),
        ("grew", 0, ["expanded"]),
        ("idle", 0, ["unused"]),
        ("mute", 0, ["no_promoter"]),
        ("old", 0, ["no_promoter"]),
        ("owes", 0, ["overdue"]),
        ("torn", 0, ["detractor"]),
    ]
    assert {float(mrr) for *_, mrr, _, _ in found} == {7.0}
    assert [(account, days, used) for account, *_, days, used in found if days or used] == [
        ("fine", 181, None),
        ("full", None, 80.0),
        ("grew", 179, None),
        ("idle", None, 70.0),
    ]


@pytest.mark.servers
def test_people_are_promoters_or_lapse_by_their_latest_answer(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """A campaign that thanks people who have turned away, or forgets those who fell silent, does harm."""
    warehouse, generation = empty(Warehouse())
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    ClickHouseSink(client, generation, checked=True).insert(_rows(now))
    people = client.execute(
        "SELECT account_id, person, owner, segment, days, score, score_before, state, is_slipped"
        f" FROM {warehouse.database}.nps_person WHERE account_id IN ('fine', 'torn', 'old') ORDER BY 1, 2"
    )
    assert people == [
        ("fine", "p", "ann", "big", 1, 7.0, None, "passive", 0),
        ("fine", "x", "ann", "big", 10, 9.0, 3.0, "promoter", 0),
        ("old", "w", "", "small", 90, 8.0, None, "silent", 0),
        ("old", "x", "", "small", 90, 9.0, None, "lapsing", 0),
        ("old", "z", "", "small", 365, 10.0, None, "lapsed", 0),
        ("torn", "x", "", "big", 10, 9.0, None, "promoter", 0),
        ("torn", "y", "", "big", 89, 6.0, 10.0, "detractor", 1),
    ]
    segments = client.execute(
        "SELECT segment, people, promoters, passives, detractors, n, nps, lapsing, lapsed, silent, slipped,"
        f" promoter_accounts, promoter_mrr FROM {warehouse.database}.promoter_segment WHERE segment != '' ORDER BY 1"
    )
    assert [(*each[:-1], float(each[-1])) for each in segments] == [
        ("big", 4, 2, 1, 1, 4, 25.0, 0, 0, 0, 1, 1, 7.0),
        ("small", 3, 0, 0, 0, 0, None, 1, 1, 1, 0, 0, 0.0),
    ]


@pytest.mark.servers
def test_what_is_asked_for_is_followed_until_it_ships(client: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Revenue behind a topic stands once for an account, however many items of it the account asked for."""
    warehouse, generation = empty(Warehouse())
    ((now,),) = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")
    given, opened = _rows(now), now - 100 * DAY
    given["feedback_item"] = [
        row("feedback_item", account_id="own", item_id=item, topic_id="export", state=state, state_since=at, **more)
        for item, state, at, more in (
            ("csv", "planned", opened, {"opened_at": opened}),
            ("xls", "planned", opened, {"opened_at": opened}),
            ("pdf", "shipped", opened + 40 * DAY, {"opened_at": opened, "shipped_at": opened + 40 * DAY}),
        )
    ]
    given["feedback_link"] = [
        row("feedback_link", account_id=account, link_id=f"{account}-{item}", item_id=item, asked_at=opened)
        for account, item in (("fine", "csv"), ("fine", "xls"), ("old", "csv"), ("fine", "pdf"), ("owes", "pdf"))
    ]
    told = {"state": "shipped", "at": opened + 41 * DAY}
    given["feedback_notice"] = [row("feedback_notice", account_id="owes", notice_id="n", item_id="pdf", **told)]
    given["response_topic"] = [
        row("response_topic", account_id="fine", response_id=name, topic_id="export", submitted_at=at)
        for name, at in ((f"x-{now - 10 * DAY}", now - 10 * DAY), ("r1", now - 91 * DAY), ("r2", now - 200 * DAY))
    ]
    ClickHouseSink(client, generation, checked=True).insert(given)
    found = client.execute(
        "SELECT topic_id, answers, answers_90d, answers_before, promoters, detractors, n, nps, items, open, shipped,"
        " accounts, open_mrr, shipped_mrr, reporters, told, told_rate, median_days_to_ship"
        f" FROM {warehouse.database}.topic_to_shipped"
    )
    assert [tuple(float(each) if i in (12, 13) else each for i, each in enumerate(one)) for one in found] == [
        ("export", 3, 1, 1, 1, 0, 1, 100.0, 3, 2, 1, 3, 14.0, 14.0, 2, 1, 50.0, 40.0)
    ]


@pytest.mark.servers
def test_the_dictionary_has_every_view_that_the_database_has(
    client: Client, migrated: Callable[[Warehouse], Migrated]
) -> None:
    """Whoever builds on these tables looks here first: what is missing is built a second time, with another meaning."""
    warehouse, _ = migrated(Warehouse())
    missing = (
        "SELECT name FROM system.tables WHERE database = %(database)s AND NOT startsWith(name, '.')"
        f" AND NOT endsWith(name, '_stored') AND name NOT IN (SELECT name FROM {warehouse.database}.data_dictionary)"
    )
    assert client.execute(missing, {"database": warehouse.database}) == []
    told = dict(client.execute(f"SELECT name, kind FROM {warehouse.database}.data_dictionary"))
    assert [told[name] for name in ("event", "personal_renewal", "nps", "nps_score", "data_dictionary")] == [
        "raw",
        "raw",
        "metric",
        "derived",
        "derived",
    ]
    listed = client.execute(
        f"SELECT audience, groupArray(name) FROM {warehouse.database}.ready_set GROUP BY 1 ORDER BY 1"
    )
    assert dict(listed) == dictionary.ready()


def test_ready_sets_name_views_that_readers_may_read() -> None:
    """A set that begins with a refusal is closed at once."""
    known = {view.name for view in dictionary.every()}
    names = [name for listed in dictionary.ready().values() for name in listed]
    assert set(names) <= known
    assert not [name for name in names if name.startswith((views.PERSONAL, views.PAY))]
