"""Rows of accounts with some ten facts a year each, filled into the tables inside of the server.

What rows follow from a fact is what the fold makes of it: an issued invoice has its posting, its due date and its row
as it stands, a ticket its spans, messages and row. Amounts, dates and owners are hashes of the row's number, so
that every run has the same. What is open stays the same share of the last two years, however long the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from clickhouse_driver import Client

MANAGED = 15
"""Accounts for each manager: within the band that a manager should have."""
FACTS_A_YEAR = 10
MERGED = 200
"""One in so many accounts was merged into another."""
_COMPONENTS = "['nps', 'csat', 'usage', 'tickets', 'payments', 'contract', 'touch', 'sentiment']"


class Columns(msgspec.Struct, frozen=True):
    """One insert: table, number of rows, and each column by the row's number."""

    table: str
    rows: int
    columns: dict[str, str]


class History(msgspec.Struct, frozen=True):
    """The size of what is filled in: accounts, and the years that their facts go back."""

    accounts: int
    years: int

    @property
    def start(self) -> str:
        return f"(toDateTime64(today(), 6, 'UTC') - toIntervalDay({365 * self.years}))"

    @property
    def managers(self) -> int:
        return max(10, self.accounts // MANAGED)

    def at(self, salt: int, days: int, key: str = "number") -> str:
        """A moment within so many days from the start."""
        return f"({self.start} + toIntervalSecond(cityHash64({key}, {salt}) % ({days} * 86400)))"

    def any_day(self, salt: int, until: int = 5) -> str:
        """A moment between the start and some days ago."""
        return self.at(salt, 365 * self.years - until)

    def times(self, in_two_years: int) -> int:
        """Return the number of facts of a kind that an account has, from the number in two years."""
        return in_two_years * self.years // 2


def _account(of: int) -> str:
    return f"concat('account-', toString(intDiv(number, {of})))"


def _lately(moment: str) -> str:
    """One in ten of the last two years."""
    return f"(number % 10 = 0 AND {moment} > now() - toIntervalDay(730))"


def tables(of: History) -> list[Columns]:
    """Every insert that fills the tables."""
    return [*_owned(of), *_paying(of), *_owing(of), *_asking(of), *_answering(of), *_renewing(of), *_judged(of)]


def _owned(of: History) -> list[Columns]:
    one, role = _account(1), {"role": "'OWNER'", "lead_id": "concat('lead-', toString(cityHash64(number) % 10))"}
    manager = f"concat('manager-', toString(cityHash64(number, {{}}) % {of.managers}))"
    pod = "concat('pod-', toString(cityHash64(number, {}) % 50))"
    first = {"account_id": one, "valid_from": of.at(2, 200), "event_id": "'m1'"}
    later = {
        "account_id": f"concat('account-', toString(number * 4 % {of.accounts}))",
        "valid_from": f"{of.at(4, 365 * of.years - 220)} + toIntervalDay(210)",
        "event_id": "concat('m', toString(number))",
    }
    merge = {
        "account_id": f"concat('account-', toString(number * {MERGED} + 1))",
        "ordinal": "1",
        "survivor_id": f"concat('account-', toString(number * {MERGED} + 2))",
        "from_at": of.any_day(11, 100),
        "event_id": "'merge'",
    }
    told = {"account_id": one, "valid_from": of.at(1, 100), "event_id": "'e'"}
    return [
        Columns(
            "account_history",
            of.accounts,
            {**told, "segment": "['small', 'middle', 'big'][number % 3 + 1]", "lifecycle": "'customer'"},
        ),
        Columns(
            "manager_assignment",
            of.accounts,
            {**first, "manager_id": manager.format(3), "pod_id": pod.format(3), **role},
        ),
        Columns(
            "manager_assignment",
            of.accounts * of.years // 8,
            {**later, "manager_id": manager.format(5), "pod_id": pod.format(5), **role},
        ),
        Columns("account_merge", of.accounts // MERGED, merge),
        Columns("event", of.accounts * of.years * FACTS_A_YEAR, _event(of)),
    ]


def _event(of: History) -> dict[str, str]:
    return {
        "account_id": _account(of.years * FACTS_A_YEAR),
        "entity": "concat('entity:', toString(number))",
        "topic": "'cx.billing'",
        "partition": "0",
        "offset": "number",
    }


def _paying(of: History) -> list[Columns]:
    terms = of.times(1)
    paid = f"intDiv(number, {terms})"
    since = f"({of.at(6, 300, paid)} + toIntervalDay(730 * (number % {terms})))"
    item = {
        "account_id": _account(2 * terms),
        "policy": "'cxledger'",
        "subscription_id": f"toString({paid})",
        "item_id": "'i'",
        "currency": f"['USD', 'EUR'][{paid} % 2 + 1]",
        "valid_from": since,
        "valid_to": f"if(number % {terms} = {terms - 1}, NULL, toNullable({since} + toIntervalDay(730)))",
        "rate_at": since,
        "mrr_micros": "number % 1000 * 1000000",
    }
    rate = {
        "base": "'EUR'",
        "quote": "'USD'",
        "valid_from": f"{of.start} + toIntervalDay(30 * number)",
        "rate_micros": "1050000 + number * 1000",
        "event_id": "'rate'",
    }
    return [
        Columns("mrr_item", of.accounts * 2 * terms, item),
        Columns("fx_rate", 12 * of.years, rate),
    ]


def _owing(of: History) -> list[Columns]:
    each = of.times(3)
    rows, issued = each * of.accounts, of.any_day(7, 40)
    invoice = {"account_id": _account(each), "invoice_id": "concat('invoice-', toString(number))"}
    posting = {**invoice, "book": "'receivable'", "currency": "['USD', 'EUR'][number % 2 + 1]"}
    due, owed = f"{issued} + toIntervalDay(30)", _lately(issued)
    standing = {
        "currency": posting["currency"],
        "status": f"if({owed}, 'open', 'paid')",
        "issued_at": issued,
        "due_at": due,
        "total_micros": "100000000",
        "open_micros": f"if({owed}, 100000000, 0)",
    }
    return [
        Columns(
            "receivable_entry",
            rows,
            {**posting, "entry": "'issued'", "kind": "'issued'", "at": issued, "amount_micros": "100000000"},
        ),
        Columns(
            "receivable_entry",
            rows,
            {
                **posting,
                "entry": "'paid'",
                "kind": "'paid'",
                "at": f"{issued} + toIntervalDay(35)",
                "amount_micros": f"if({owed}, 0, -100000000)",
            },
        ),
        Columns("invoice_due", rows, {**invoice, "valid_from": issued, "issued_at": issued, "due_at": due}),
        Columns("invoice", rows, {**invoice, **standing}),
    ]


def _asking(of: History) -> list[Columns]:
    each, opened = of.times(3), of.any_day(8)
    rows, waits = each * of.accounts, _lately(opened)
    ticket = {"account_id": _account(each), "ticket_id": "concat('ticket-', toString(number))"}
    solved = f"if({waits}, NULL, toNullable({opened} + toIntervalHour(50)))"
    said = {
        "account_id": _account(2 * each),
        "ticket_id": "concat('ticket-', toString(intDiv(number, 2)))",
        "message_id": "concat('message-', toString(number))",
        "author_type": "['requester', 'agent'][number % 2 + 1]",
        "is_public": "1",
        "channel": "'email'",
        "sent_at": of.at(8, 365 * of.years - 5, "intDiv(number, 2)"),
        "out_of_hours": "number % 7 = 0",
    }
    return [
        Columns(
            "ticket_span",
            rows,
            {
                **ticket,
                "opened_at": opened,
                "from_at": opened,
                "status": "'open'",
                "is_backlog": "1",
                "until_at": solved,
            },
        ),
        Columns("ticket", rows, {**ticket, "opened_at": opened, "status": f"if({waits}, 'open', 'solved')"}),
        Columns("ticket_message", 2 * rows, said),
    ]


def _answering(of: History) -> list[Columns]:
    each = of.times(3)
    answer = {
        "account_id": _account(each),
        "response_id": "concat('response-', toString(number))",
        "status": "'submitted'",
        "submitted_at": of.any_day(9),
        "nps": "number % 11",
        "contact_id": "toString(number % 2)",
    }
    return [Columns("response", each * of.accounts, answer)]


def _renewing(of: History) -> list[Columns]:
    """Terms of a year, the last of them to be decided within the next two hundred days."""
    terms = of.years + 1
    due = f"({of.at(10, 200, f'intDiv(number, {terms})')} + toIntervalDay(365 * (number % {terms})))"
    is_open = f"number % {terms} = {of.years}"
    term = {
        "account_id": _account(terms),
        "contract_id": f"toString(intDiv(number, {terms}))",
        "term_no": f"number % {terms} + 1",
        "status": f"multiIf({is_open}, 'open', number % 13 = 0, 'lost', 'renewed')",
        "currency": f"['USD', 'EUR'][intDiv(number, {terms}) % 2 + 1]",
        "starts_at": f"{due} - toIntervalDay(365)",
        "ends_at": due,
        "due_at": due,
        "first_due_at": due,
        "decided_at": f"if({is_open}, NULL, toNullable({due} - toIntervalDay(10)))",
        "target_micros": "number % 100000 * 1000000",
        "final_micros": f"if({is_open}, NULL, toNullable(toInt64(number % 90000 * 1000000)))",
    }
    return [Columns("renewal", of.accounts * terms, term)]


def _judged(of: History) -> list[Columns]:
    """Health that changed four times in two years, and an episode of risk, open for one account in ten."""
    each, worked = 2 * of.times(4), f"arrayMap(name -> toFloat64(cityHash64(name, number) % 100), {_COMPONENTS})"
    health = {
        "account_id": _account(each),
        "model_id": "'default'",
        "is_known": "number % 2",
        "at": of.any_day(12),
        "variant_id": "'all'",
        "model_version": "'1'",
        "score": "toFloat64(cityHash64(number) % 101)",
        "coverage": "0.9",
        "band": "['red', 'yellow', 'green'][cityHash64(number) % 3 + 1]",
        "event_id": "concat('event-', toString(number))",
        "components": _COMPONENTS,
        "signals": _COMPONENTS,
        "raws": worked,
        "component_values": worked,
        "weights": f"arrayMap(name -> 0.125, {_COMPONENTS})",
        "contributions": f"arrayMap(value -> value / 8, {worked})",
        "evidence": f"arrayMap(name -> [concat('event-', toString(cityHash64(name, number)))], {_COMPONENTS})",
    }
    began = of.any_day(13, 20)
    episodes = 2 * of.times(1)
    is_open = f"intDiv(number, {episodes}) % 10 = 0 AND number % {episodes} >= {episodes - 2}"
    episode = {
        "account_id": _account(episodes),
        "rule_id": "concat('rule-', toString(intDiv(number, 2) % 5))",
        "is_known": "number % 2",
        "since": began,
        "episode_id": "concat('episode-', toString(intDiv(number, 2)))",
        "opened_at": began,
        "noticed_at": f"{began} + toIntervalDay(7)",
        "severity": "['low', 'medium', 'high'][intDiv(number, 2) % 3 + 1]",
        "closed_at": f"if({is_open}, NULL, toNullable({began} + toIntervalDay(15)))",
    }
    return [
        Columns("account_health", of.accounts * each, health),
        Columns("risk_episode", of.accounts * episodes, episode),
    ]


def fill(client: Client, database: str, of: History) -> None:
    """Fill the tables as merges leave them: no key stands twice in a part."""
    for each in tables(of):
        client.execute(
            f"INSERT INTO {database}.{each.table} ({', '.join(each.columns)}, version)"
            f" SELECT {', '.join(each.columns.values())}, 1 FROM numbers({each.rows})",
            settings={"optimize_on_insert": 1},
        )
