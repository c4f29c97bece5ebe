"""Ask for the demonstration's money: statements whose rows have the oracle's keys."""

from __future__ import annotations

FIRST, LAST = "2025-01-01", "2025-06-30"
_SLICES = "arrayJoin([('all', ''), ('account', account_id)]) AS slice"
_KEYS = "slice.1 AS dimension, slice.2 AS part"


def _monthly(metric: str, table: str, at: str, where: str, item: str = "currency", n: str = "count()") -> str:
    """Return the statement that sums a table's amounts by month; rows that come to nothing are left out."""
    return (
        f"SELECT '{metric}', 'month', toString(toStartOfMonth(moment)) AS month, {_KEYS}, {item} AS item,"  # noqa: S608 - own names
        f" sum(amount_micros) / 1e6 AS value, value, {n}"
        f" FROM (SELECT *, assumeNotNull({at}) AS moment, {_SLICES} FROM {table}"
        f" WHERE {at} IS NOT NULL AND NOT is_test AND {where})"
        f" WHERE toDate(moment) BETWEEN '{FIRST}' AND '{LAST}' GROUP BY month, dimension, part, item HAVING value != 0"
    )


_REVENUE = f"""
SELECT 'mrr', grain, toString(window_start), dimension, dimension_value, '', toFloat64(value) AS mrr, mrr, n
FROM mrr
WHERE policy = 'cxledger' AND grain = 'month' AND dimension IN ('all', 'account', 'segment', 'manager')
    AND window_start BETWEEN '{FIRST}' AND '{LAST}' AND value != 0
"""  # noqa: S608 - own names
_RECEIVABLES = f"""
SELECT 'ar_open', grain, toString(window_start), dimension, dimension_value, currency,
    toFloat64(value), toFloat64(overdue), n
FROM ar_open
WHERE window_start BETWEEN '{FIRST}' AND '{LAST}' AND window_start = toLastDayOfMonth(window_start)
"""  # noqa: S608 - own names
_CUSTOMERS = f"""
SELECT 'customer_mrr', 'day', toString(last), 'customer', customer_id, '', toFloat64(mrr) AS value, value, open_invoices
FROM customer_standing
CROSS JOIN (SELECT toLastDayOfMonth(addMonths(toDate('{FIRST}'), arrayJoin(range(6)))) AS last) AS _d
WHERE from_day <= last AND until_day > last AND mrr != 0
"""  # noqa: S608 - own names
QUESTIONS = (
    _monthly(
        "mrr_movement", "mrr_movement", "at", "policy = 'cxledger'", "concat(kind, ' ', currency)",
        "uniqExact((account_id, moment))",
    ),
    _REVENUE,
    _RECEIVABLES,
    _CUSTOMERS,
    _monthly("refunded", "refund", "refunded_at", "status = 'refunded'"),
    _monthly("charged_back", "dispute", "opened_at", "is_chargeback"),
    _monthly("paid", "payment", "paid_at", "1"),
)  # fmt: skip
"""Each returns metric, grain, start of the window, dimension, slice, item, value, numerator and n."""
