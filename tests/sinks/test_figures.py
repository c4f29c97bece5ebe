"""One account's figures from explain's own queries, against the views that everybody reads."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clickhouse_driver import Client

from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.stack import Stack
from sinks import metric, views
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.explain_entity import KINDS, PERSONAL, queries
from sinks.figures import Given, Served, deployed
from sinks.memory import MemorySink
from sinks.period import parse
from sinks.settings import Warehouse
from sinks.tables import NONE, SEVERAL, TABLES
from streams.core.reducers import REDUCERS
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import EPOCH, row

DAY = 86_400_000_000
AT = (dt.datetime(2026, 5, 4, 22, 30, tzinfo=dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)
PERIODS = tuple(map(parse, ("rolling:2026-06-10", "2026-Q2")))
KYIV = Warehouse(time_zone="Europe/Kyiv", low_sample=2)


def _rows() -> dict[str, list[Any]]:
    """A little of everything that metrics count, of two accounts."""
    made: dict[str, list[Any]] = {name: [] for name in TABLES}
    for account in ("a'b", "other"):
        for number, (nps, person) in enumerate([(9, "p"), (3, "p"), (0, "q"), (8, ""), (10, ""), (7, "p")]):
            said = {"account_id": account, "response_id": f"r{number}", "submitted_at": AT + number * DAY}
            asked = {"survey_id": "s", "survey_version": 1}
            made["response"].append(
                row("response", **said, survey_id="s", contact_id=person, nps=float(nps), has_text=number % 2 == 0,
                    invitation_id=f"i{number}" if number < 3 else "", display_id=f"d{number}", finished=number != 1)
            )  # fmt: skip
            made["answer"].append(row("answer", **said, **asked, question_id="q1", kind="CSAT", number=float(number)))
            made["answer"].append(row("answer", **said, **asked, question_id="q2", kind="CES", number=float(number)))
            made["response_topic"].append(
                row("response_topic", **said, topic_id=f"t{number % 2}", nps=float(nps), survey_id="s")
            )
            if nps <= 6:
                made["followup_case"].append(
                    row("followup_case", **said, survey_id="s", contact_id=person, state="contacted", score=float(nps),
                        due_at=AT + 9 * DAY, first_contact_at=AT + (number + 1) * DAY)
                )  # fmt: skip
            made["invitation"].append(
                row("invitation", account_id=account, invitation_id=f"i{number}", survey_id="s", sent_at=AT - DAY)
            )
            made["survey_display"].append(
                row("survey_display", account_id=account, display_id=f"d{number}", survey_id="s", displayed_at=AT)
            )
        for table, rows in _money(account).items():
            made[table] += rows
        for table, rows in _tickets(account).items():
            made[table] += rows
        _revenue(made, account)
        for table, rows in (_requests(account) | _work(account)).items():
            made[table] += rows
        made["renewal"] += _renewals(account)
        made["onboarding"].append(
            row("onboarding", account_id=account, onboarding_id="o", starts_at=AT, first_value_us=40 * DAY, reached=1)
        )
    for question in ("q1", "q2"):
        scale = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}
        made["survey_question"].append(
            row("survey_question", survey_id="s", survey_version=1, account_id="office", question_id=question, **scale)
        )
    return made


def _renewals(account: str) -> list[Any]:
    """One renewal that was kept, one that was lost and one that nobody decided."""
    made = []
    for number, status in enumerate(["downsold", "lost", "overdue"]):
        due = AT + number * DAY
        dates = {"due_at": due, "first_due_at": due, "decided_at": None if status == "overdue" else due - DAY}
        final = {"downsold": 40_000_000, "lost": 0}.get(status)
        of = {"account_id": account, "contract_id": f"k{number}", "term_no": 1, "status": status}
        made.append(row("renewal", **of, **dates, target_micros=50_000_000, final_micros=final))
    return made


def _requests(account: str) -> dict[str, list[Any]]:
    """One item that shipped, of which the account was told, and one that it still waits for as its revenue ends."""
    asked = {"account_id": account, "asked_at": AT, "linked_at": AT}
    shipped, awaited = f"shipped to {account}", f"awaited by {account}"
    item = {"account_id": account, "opened_at": AT - DAY}
    told = {"state": "shipped", "at": AT + 6 * DAY}
    return {
        "feedback_item": [
            row("feedback_item", **item, item_id=shipped, state="shipped", state_since=AT + DAY, shipped_at=AT + DAY),
            row("feedback_item", **item, item_id=awaited, state="planned", state_since=AT),
        ],
        "feedback_link": [
            row("feedback_link", **asked, link_id=f"{number}", item_id=each)
            for number, each in enumerate([shipped, awaited])
        ],
        "feedback_notice": [row("feedback_notice", account_id=account, notice_id="n", item_id=shipped, **told)],
    }


def _work(account: str) -> dict[str, list[Any]]:
    """A task in time and one that was late, a stage that is over, and media that cost more than was planned."""
    task = {"account_id": account, "is_counted": 1, "status": "done", "first_due_at": AT + DAY}
    stage = {"account_id": account, "project_id": "p", "stage_no": 1, "stage": "draft", "is_counted": 1}
    plan = {"account_id": account, "plan_id": "m"}
    return {
        "task": [
            row("task", **task, task_id=f"{days}", completed_at=AT + days * DAY, project_id="p") for days in (0, 3)
        ],
        "project_stage": [row("project_stage", **stage, from_at=AT, until_at=AT + 3 * DAY)],
        "media_plan": [
            row("media_plan", **plan, channel="search", starts_at=AT, ends_at=AT + DAY, amount_micros=5_000_000)
        ],
        "media_spend": [row("media_spend", **plan, spend_id="s", spent_at=AT, amount_micros=6_000_000)],
    }


def _money(account: str) -> dict[str, list[Any]]:
    """Invoices of which one fails to be paid, payments, refunds and a chargeback of one account."""
    made: dict[str, list[Any]] = {name: [] for name in ("invoice", "payment_attempt", "payment", "refund", "dispute")}
    for number, currency in enumerate(["USD", "USD", "KRW"]):
        of = {"account_id": account, "invoice_id": f"i{number}", "currency": currency}
        at, amount = AT + number * DAY, (number + 1) * 12_340_000
        made["invoice"].append(
            row("invoice", **of, status="paid", issued_at=at, due_at=at + DAY, closed_at=at + 2 * DAY,
                is_recurring=True, total_micros=amount, collection_method="CHARGE_AUTOMATICALLY",
                billing_reason="RENEWAL")
        )  # fmt: skip
        outcome = {"outcome": "failed", "failure_kind": "SOFT"} if number else {"outcome": "succeeded"}
        tried = {"attempt_id": "1", "at": at, "is_first": True, "amount_micros": amount}
        made["payment_attempt"].append(row("payment_attempt", **of, **tried, **outcome))
        paid = {"payment_id": f"p{number}", "paid_at": at + DAY, "amount_micros": amount}
        made["payment"].append(row("payment", **of, **paid))
        refund = {"account_id": account, "refund_id": f"r{number}", "payment_id": f"p{number}", "currency": currency}
        times = {"requested_at": at + DAY, "refunded_at": at + 3 * DAY}
        status = "refunded" if number else "failed"
        made["refund"].append(row("refund", **refund, **times, status=status, amount_micros=1_000_000))
    claim = {"payment_id": "p0", "is_chargeback": True, "opened_at": AT + DAY, "amount_micros": 1_000_000}
    made["dispute"].append(row("dispute", account_id=account, dispute_id="d0", **claim))
    return made


def _tickets(account: str) -> dict[str, list[Any]]:
    """Tickets of one account that are solved, so that none of their clocks runs while figures are compared."""
    made: dict[str, list[Any]] = defaultdict(list)
    for number, channel in enumerate(["email", "phone", "email"]):
        of = {"account_id": account, "ticket_id": f"t{number}"}
        opened, spent = AT + number * DAY, (number + 1) * 3_600_000_000
        solved, again = opened + spent, opened + spent + number * 5 * DAY
        made["ticket"].append(
            row("ticket", **of, channel=channel, topic=f"topic {number % 2}", status="solved", opened_at=opened,
                first_assigned_at=opened + 1, first_reply_at=opened + 2, first_reply_us=spent // 2,
                first_solved_at=solved, first_solved_us=spent, last_solved_at=again, last_solved_us=again - opened,
                requester_wait_us=spent, agent_work_us=spent, public_replies=number + 1, agents=1, solves=2,
                reopens=int(number > 0), escalations=number % 2, csat_offered_at=again,
                csat_rated_at=again + DAY if number else None, csat_score=float(number + 3), csat_positive_from=4.0)
        )  # fmt: skip
        reopened = {"reopened_at": solved + number * 4 * DAY} if number else {}
        made["ticket_solve"].append(row("ticket_solve", **of, ordinal=1, solved_at=solved, **reopened))
        made["ticket_escalation"].append(row("ticket_escalation", **of, event_id="e", kind="functional"))
        for author in ("requester", "agent"):
            sent = {"message_id": author, "author_type": author, "sent_at": opened, "out_of_hours": number == 1}
            made["ticket_message"].append(row("ticket_message", **of, channel=channel, **sent))
        answered = {"asked_at": opened + 3, "answered_at": solved, "waited_us": spent, "ended_by": "reply"}
        made["ticket_next_reply"].append(row("ticket_next_reply", **of, instance_no=1, **answered))
        ended = {"breached_at": solved} if number else {"fulfilled_at": solved}
        state = {"state": "breached" if number else "fulfilled", "activated_at": opened, "due_at": solved}
        made["sla_instance"].append(
            row("sla_instance", **of, metric="resolution", instance_no=1, policy_id="p", **state, **ended)
        )
    return made


def _revenue(made: dict[str, list[Any]], account: str) -> None:
    """Movements of both signs, one of them in a foreign currency, and a trial that converted."""
    for number, (kind, amount, currency) in enumerate(
        [("new", 90, "USD"), ("expansion", 7, "EUR"), ("churn", -30, "USD")]
    ):
        at = AT + number * DAY
        moved = {"kind": kind, "amount_micros": amount, "currency": currency, "reason": "TAX" if amount < 0 else ""}
        made["mrr_movement"].append(row("mrr_movement", account_id=account, at=at, subscription_id="s", **moved))
    ended = {"trial_started_at": AT - DAY, "trial_ended_at": AT, "converted_at": AT}
    made["subscription"].append(row("subscription", account_id=account, subscription_id="s", **ended))


@pytest.fixture(scope="module")
def typed(stack: Stack) -> Iterator[Client]:
    opened = connect(stack.clickhouse_host, stack.clickhouse_port, password=stack.passwords[ADMINISTRATOR], typed=True)
    yield opened
    opened.disconnect()


@pytest.mark.servers
def test_an_explained_figure_is_the_views_own_and_so_is_one_over_given_tables(
    client: Client, typed: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """Three ways to one figure: the view, explain's query, and the same over rows sent along; a fourth is the facts.

    If they parted, the explanation would explain another figure than the one on the dashboard.
    """
    warehouse, generation = empty(KYIV)
    rows, memory = _rows(), MemorySink()
    ClickHouseSink(client, generation, checked=True).insert(rows)
    memory.insert(rows)
    now = client.execute("SELECT toUnixTimestamp64Micro(now64(6))")[0][0]
    given = Given(typed, warehouse, memory.tables(), now)
    assert deployed(client, Warehouse(database=warehouse.database)) == warehouse
    served = Served(typed, warehouse)
    for number, record in enumerate(metric.load()):
        shown, columns = client.execute(
            f"SELECT * EXCEPT (dimension, dimension_value, as_of) FROM {warehouse.database}.{record.name}"
            " WHERE dimension = 'account' AND dimension_value = %(account)s",
            {"account": "a'b"},
            with_column_types=True,
        )
        said = [dict(zip((name for name, _ in columns), r, strict=True)) for r in shown]
        assert said, f"{record.name} counts nothing here, so nothing would be compared"
        for period in PERIODS:
            found = served.figures(record, "a'b", period)
            of = [r for r in said if (r["grain"], r["window_start"]) == (period.grain, period.start)]
            assert sorted(found, key=repr) == sorted(of, key=repr), (record.name, period)
            # One text over other tables: the two kinds of windows take turns.
            if period is PERIODS[number % 2]:
                assert given.figures(record, "a'b", period) == found, (record.name, period)
        facts = served.facts(record, "a'b", period)
        assert given.facts(record, "a'b", period) == facts
        assert all(fact["entities"] for fact in facts)
        if len(found) == 1 and not record.aggregated and not record.spread and not record.groups:
            alone = {name: sum(f[name] for f in facts if f["counted"]) for name in record.counts}
            assert {name: found[0][name] for name in alone} == alone, record.name


@pytest.mark.servers
def test_a_past_moment_is_judged_by_its_own_clock(typed: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """What was still open at the time was said to be maturing then, whatever has become of it since."""
    warehouse, _ = empty(KYIV)
    invitation = row("invitation", account_id="a", invitation_id="i", survey_id="s", sent_at=AT)
    (record,) = (record for record in metric.load() if record.name == "response_rate")
    flags = []
    for now in (AT + DAY, AT + 60 * DAY):
        memory = MemorySink()
        memory.insert({"invitation": [invitation]})
        (found,) = Given(typed, warehouse, memory.tables(), now).figures(record, "a", parse("2026-05"))
        flags.append((found["maturing"], found["is_final"]))
    assert flags == [(1, 0), (0, 1)]


def test_every_table_but_the_records_own_belongs_to_a_kind_of_entity() -> None:
    """A table of no kind would be missing from what `cx explain response R1` shows; an account is no entity."""
    assert {table.name for table in TABLES.values() if table.entity == NONE} == {
        "event",
        "dead_letter",
        "failed_deadline",
        "account_aside",
        "account_health",
        "account_now",
        "risk_episode",
    }
    assert {table.entity for table in TABLES.values()} - {NONE, SEVERAL} == set(KINDS) == set(REDUCERS)
    asked = {table for kind in KINDS for table, _ in queries(kind, texts=True)}
    assert asked == {name for name, table in TABLES.items() if table.entity != NONE}
    assert {"verbatim"} == PERSONAL


def test_every_metric_tells_the_entities_of_its_facts() -> None:
    """Explaining is generic: a facts view without entities would have facts without events."""
    known = {view.name: view for view in views.load()}
    for record in metric.load():
        assert "entities" in [column.name for column in known[record.facts].columns], record.facts
