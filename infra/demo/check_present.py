"""Ask for the demonstration's day: statements whose rows have the oracle's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.demo.oracle_present import RULES

if TYPE_CHECKING:
    import datetime as dt

_OURS = "startsWith(account_id, 'demo-')"
_KNOWN = ", ".join(f"'{rule}'" for rule in RULES)
AT_RISK = """
SELECT account_id, rule_id, severity, days_open, mrr
FROM risk_open
ORDER BY is_worst DESC, severity = 'high' DESC, mrr DESC, account_id, rule_id
"""
"""List accounts at risk, for people to read; first each account's worst."""


def questions(day: dt.date) -> tuple[str, ...]:
    """Return the statements about a day; what is open is asked for as it is now, so ask on the day or the next one."""
    key = f"'day', '{day}'"
    at_risk = (
        f"SELECT 'risk_open', {key}, 'account', account_id, rule_id,"  # noqa: S608 - own names
        f" dateDiff('microsecond', opened_at, toDateTime64('{day}', 6, 'UTC')) / 86400e6, toFloat64(mrr),"
        " indexOf(['low', 'medium', 'high'], severity)"
        f" FROM risk_open WHERE rule_id IN ({_KNOWN}) AND {_OURS}"
    )
    overridden = (
        f"SELECT 'override', {key}, 'account', account_id, concat(model_id, ' ', override), 1, 1, 1"  # noqa: S608
        f" FROM health_now WHERE override != '' AND {_OURS}"
    )
    due = (
        f"SELECT 'renewals_due', {key}, dimension, dimension_value,"  # noqa: S608 - own names
        " concat(toString(horizon_days), ' ', currency), toFloat64(value), toFloat64(value), n FROM renewals_due"
        f" WHERE grain = 'day' AND window_start = '{day}' AND dimension IN ('all', 'account', 'segment')"
    )
    return at_risk, overridden, due
