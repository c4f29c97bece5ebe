"""Health and risks of two data sets joined by a made-up map, against a recount from tickets, clocks and invoices."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra import proof
from infra.proofs import joined, recount, recount_risk
from streams.core.health.shipped import SHIPPED_VARIANTS
from streams.core.risk.choices import SHIPPED
from streams.ingest.contract import require_fit
from streams.ingest.mapping import Mapping, load
from streams.ingest.translate import Event
from tests.support.imports import imported
from tests.support.joined import DAY, differences, folded, told

BEGIN = 15_000 * DAY
MILLISECOND = 1_000
"""The broker tells nothing finer apart."""
SAMPLE = {"helpdesk-Value 107", "helpdesk-Value 51", "helpdesk-Value 300", "ibm-9117-LYRCE"}
"""Two accounts with tickets and invoices, one with tickets alone, one with invoices alone."""
TICKETS, INVOICES = (
    next(data for data in proof.load() if data.name == name) for name in ("helpdesk_italian", "receivables_ibm")
)


def real(data: proof.DataSet) -> Path:
    file = Path(os.environ.get("CX_REAL_DATA", "")) / data.file
    if not file.is_file():
        pytest.skip(f"no {data.file} under CX_REAL_DATA; to be had from {data.where_to_get}")
    return file


def only(file: Path, column: str, names: set[str], folder: Path) -> Path:
    """The rows of a file whose column has one of the names."""
    with gzip.open(file, "rt", newline="") as opened:
        head, *rows = csv.reader(opened)
    place, target = head.index(column), folder / f"{file.name}.csv"
    with target.open("w", newline="") as written:
        csv.writer(written).writerows([head, *(row for row in rows if row[place] in names)])
    return target


def sent(mapping: Mapping, file: Path) -> list[Event]:
    """The events of a file's rows; settings go the way of rules."""
    summary, events = imported(mapping, file, None)
    assert not summary.rejected
    return [each for each in events if not each.type.endswith("_set")]


def passed(events: Iterable[Event]) -> int:
    """A moment at which nothing is to be expected any more."""
    return max(int(each.fields["occurred_at"]) for each in events) + recount.LOOKED * DAY


def test_the_map_joins_as_many_accounts_as_it_names() -> None:
    """An id on one of the two lists alone would be rejected with its rows, or stand apart unseen."""
    mapping = load(joined.RECEIVABLES)
    require_fit(mapping)
    raw: Any = msgspec.yaml.decode(joined.RECEIVABLES.read_bytes())
    first = raw["rows"][0]
    accounts = first["fields"]["account_id"]["map"]
    assert set(accounts) == set(first["where"][0]["only"])
    assert len(set(accounts.values())) == len(accounts) == 20


def test_what_is_shipped_is_what_was_written_down_once_more() -> None:
    """The recount has the shipped model and rules as figures of its own; a change of theirs has to be told to it."""
    variant = SHIPPED_VARIANTS[1]
    assert [(each.name, each.signal, each.weight) for each in variant.components] == [
        (each.name, each.signal, each.weight) for each in recount.SHIPPED.components
    ]
    for rule in recount_risk.SHIPPED:
        (shipped,) = (each for each in SHIPPED if each.rule_id == rule.rule_id)
        (condition,) = shipped.conditions
        assert (condition.signal, condition.days, condition.enter, condition.exit) == (
            rule.signal,
            rule.days,
            float(rule.enter),
            float(rule.exit),
        )


gaps = st.sampled_from([0, MILLISECOND, DAY // 3, DAY, 6 * DAY, 14 * DAY, 31 * DAY, 90 * DAY])
starts = st.sampled_from([0, 0, DAY // 2, 3 * DAY, 29 * DAY, 95 * DAY, 160 * DAY])


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Draw tickets that are escalated, solved and opened again, and invoices that are paid late or never."""
    found: list[Event] = []
    for number in range(draw(st.integers(1, 12))):
        at, ticket = BEGIN + draw(starts) + draw(st.integers(0, 3)) * DAY, {"ticket_id": f"T{number}"}
        found.append(told("ticket_opened", 100 * number, at, channel="web", **ticket))
        for step in range(draw(st.integers(0, 4))):
            at += draw(gaps)
            kind, fields = draw(
                st.sampled_from(
                    [
                        ("ticket_solved", {"actor": "AGENT"}),
                        ("ticket_status_changed", {"actor": "AGENT", "to_status": "OPEN"}),
                        ("ticket_escalated", {"actor": "AGENT", "kind": "FUNCTIONAL"}),
                    ]
                )
            )
            found.append(told(kind, 100 * number + step + 1, at, **ticket, **fields))
    money = {"currency": "EUR", "exponent": 2}
    for number in range(draw(st.integers(0, 4))):
        at, invoice = BEGIN + draw(starts), {"invoice_id": f"I{number}"}
        due, amount = at + draw(gaps), draw(st.sampled_from([100, 1_000]))
        issue = {"issued_at": at, "due_at": due, "total": amount, "collection_method": "SEND_INVOICE"}
        found.append(told("invoice_issued", 5_000 + 10 * number, at, **invoice, **issue, **money))
        if draw(st.booleans()):
            paid = max(at, due + draw(st.sampled_from([-DAY, 0, 9 * DAY, 40 * DAY])))
            payment = {"payment_id": f"P{number}", "amount": amount, "paid_at": paid}
            found.append(told("invoice_paid", 5_001 + 10 * number, paid, **invoice, **payment, **money))
    return found


@settings(deadline=None, max_examples=20)
@given(stories())
def test_every_score_and_every_episode_is_recounted(story: list[Event]) -> None:
    """A fold that looks at few days has to find what someone finds who counts all rows anew on every day."""
    until = max(int(each.fields["occurred_at"]) for each in story) + 130 * DAY
    assert not differences(folded(story, until), until)


@pytest.mark.real_data
def test_a_sample_of_real_accounts_is_recounted(tmp_path: Path) -> None:
    """Real histories have what nobody draws: years of silence, hundreds of tickets, payments at midnight."""
    tickets, invoices = real(TICKETS), real(INVOICES)
    customers = {each.removeprefix("helpdesk-") for each in SAMPLE}
    raw: Any = msgspec.yaml.decode(joined.RECEIVABLES.read_bytes())
    accounts = raw["rows"][0]["fields"]["account_id"]["map"]
    payers = {payer for payer, account in accounts.items() if account in SAMPLE} | {"9117-LYRCE"}
    events = sent(load(joined.HELP_DESK), only(tickets, "customer", customers, tmp_path))
    events += sent(load(joined.RECEIVABLES), only(invoices, "customerID", payers, tmp_path))
    until = passed(events)
    rows = folded(events, until)
    assert {row["account_id"] for row in rows["account_health"]} == SAMPLE
    assert {"health_drop", "score_low", "overdue", "sla_breaches", "ticket_surge"} <= Counter(
        row["rule_id"] for row in rows["risk_episode"]
    ).keys()
    assert not differences(rows, until)


@pytest.mark.real_data
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_real_accounts_are_recounted() -> None:
    """As it was and as it was known, for 474 accounts; `cx proof` holds the same against the tables."""
    events = sent(load(joined.HELP_DESK), real(TICKETS)) + sent(load(joined.RECEIVABLES), real(INVOICES))
    until = passed(events)
    rows = folded(events, until)
    assert not differences(rows, until)
    wanted = joined.recounted(rows, until)
    assert (len(wanted.health), len(wanted.episodes)) == (joined.HEALTH_ROWS, joined.EPISODE_ROWS)
    assert len({row["account_id"] for row in rows["account_health"]}) == 474
