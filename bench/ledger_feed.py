"""A large ledger of movements with the invoices beside it, made inside the server: what views of money are timed over.

Accounts move all through three years: they come with 100 to 160 a month, grow and shrink in small steps, leave and
return. Rows come in order of time, over all accounts, so that parts overlap as those of live workers do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_driver import Client

POLICIES = ("cxledger", "stripe", "chartmogul", "profitwell")
STEPS = 25
"""Movements of an account under each policy."""
FEWEST = 10 * STEPS * len(POLICIES)
"""Movements that a ledger has at least."""
INVOICE_STEPS = 10
"""Invoices of an account: one to ten movements."""
_FIRST = 1_668_000_000
"""2022-11-09, UTC: when the first account comes."""
_BETWEEN = 43 * 86_400
"""Seconds between two movements of an account; accounts are spread evenly over them."""
_BLOCK = 1_000_000
_ACCOUNT = "concat('account-', leftPad(toString(number), 7, '0'))"


def _level(step: str) -> str:
    """Revenue per month after an account's movement number ``step``: every ninth takes all away."""
    return f"toInt64(if({step} < 0 OR {step} % 9 = 8, 0, 100 + ({step} * 37 + number) % 60))"


def _moment(step: str) -> str:
    return f"toDateTime64({_FIRST} + ({step}) * {_BETWEEN} + cityHash64(number) % {_BETWEEN}, 6, 'UTC')"


_EVERY = {
    "account_id": _ACCOUNT,
    "currency": "multiIf(number % 10 < 6, 'USD', number % 10 < 9, 'EUR', 'KRW')",
    "event_id": "lower(hex(sipHash128(number, step)))",
    "ingested_at": _moment("step"),
    "version": "bitShiftLeft(toUInt64(1), 40) + step",
}
_MOVEMENT = {
    **_EVERY,
    "policy": "policy_of",
    "subscription_id": "concat('sub-', toString(number))",
    "plan_id": "concat('plan-', toString(number % 12))",
    "product_line": "concat('line-', toString(number % 3))",
    "at": _moment("step"),
    "kind": "multiIf(step = 0, 'new', after = 0, 'churn', before = 0, 'reactivation',"
    " after > before, 'expansion', 'contraction')",
    "line": "if(step = 0 OR after <= before OR before = 0, '', ['upsell', 'cross_sell'][number % 2 + 1])",
    "amount_micros": "(after - before) * 1000000",
    "fx_base_micros": "before * 1000000",
    "rate_at": _moment("step"),
    "rate_at_before": f"if(step = 0, {_moment('step')}, {_moment('step - 1')})",
    "reason": "if(after = 0, 'VOLUNTARY', '')",
}
_INVOICE = {
    **_EVERY,
    "invoice_id": "concat('in-', toString(number), '-', toString(step))",
    "status": "'paid'",
    "issued_at": _moment("step"),
    "total_micros": "100000000",
    "paid_micros": "100000000",
}
_OWNER = {
    "account_id": _ACCOUNT,
    "manager_id": "concat('m-', toString((number + turn) % 50))",
    "role": "'OWNER'",
    "valid_from": f"toDateTime64({_FIRST} + turn * 31536000, 6, 'UTC')",
    "event_id": "concat('as-', toString(number), '-', toString(turn))",
    "version": "1",
}
_SEGMENT = {
    "account_id": _ACCOUNT,
    "valid_from": f"toDateTime64({_FIRST}, 6, 'UTC')",
    "segment": "['small', 'middle', 'large'][number % 3 + 1]",
    "event_id": "concat('ac-', toString(number))",
    "version": "1",
}
_RATE = {
    "base": "currency",
    "quote": "'USD'",
    "valid_from": "toDateTime64(addMonths(toDate('2022-01-01'), number), 6, 'UTC')",
    "rate_micros": "if(currency = 'EUR', 1100000 + number * 1000, 800 + number)",
    "event_id": "concat('fx-', currency, toString(number))",
    "version": "1",
}


def fill(client: Client, generation: str, movements: int) -> None:
    """Write movements, a tenth as many invoices, owners of whom a tenth change, segments, and monthly rates."""
    accounts = movements // (len(POLICIES) * STEPS)
    for step in range(STEPS):
        for start in range(0, accounts, _BLOCK):
            numbers = f"SELECT number, toInt64({step}) AS step FROM numbers({start}, {min(_BLOCK, accounts - start)})"
            levels = f"{_level('step')} AS after, {_level('(step - 1)')} AS before"
            each = f"SELECT *, {levels}, arrayJoin({list(POLICIES)}) AS policy_of FROM ({numbers})"
            _insert(client, f"{generation}.mrr_movement", _MOVEMENT, each)
            if step < INVOICE_STEPS:
                _insert(client, f"{generation}.invoice", _INVOICE, numbers)
    turns = f"SELECT number, arrayJoin(if(number % 10 = 0, [0, 1], [0])) AS turn FROM numbers({accounts})"
    _insert(client, f"{generation}.manager_assignment", _OWNER, turns)
    _insert(client, f"{generation}.account_history", _SEGMENT, f"SELECT number FROM numbers({accounts})")
    rates = "SELECT number, arrayJoin(['EUR', 'KRW']) AS currency FROM numbers(60)"
    _insert(client, f"{generation}.fx_rate", _RATE, rates)


def _insert(client: Client, table: str, columns: dict[str, str], source: str) -> None:
    client.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM ({source})")
