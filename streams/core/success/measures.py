"""What renewals and onboardings add to the sums behind their metrics, whatever time has passed.

No row of the log is written when time passes. What counts from a moment on has that moment in its item, and views count
it once the moment is there.
"""

from collections.abc import Iterator

from streams.core.changes import FROM, ONE, Key, Measure, Measures
from streams.core.rows_success import RenewalRow
from streams.core.success.onboarding_fold import HORIZONS, Onboarding

DAY = 24 * 3_600_000_000
_OPEN = frozenset({"open", "overdue", "unknown"})


def renewal_measures(renewal: RenewalRow) -> Measures:
    """Return what a renewal, as told without regard to time, adds by each policy to what was due and what was kept.

    One that renews itself unless somebody decides is kept from the end of its notice on. One whose value is told in
    another currency than before adds nothing.
    """
    target, final, closed_at = renewal.target_micros, renewal.final_micros, renewal.decided_at
    waits = ""
    if renewal.status == "open" and renewal.auto_renew:
        final, closed_at, waits = target, renewal.notice_at, f"{FROM}{renewal.notice_at}"
    elif renewal.status not in _OPEN and final is None:
        return {}
    found: dict[Key, Measure] = {}
    for metric, after in (
        ("renewal_rate_gross", None if final is None else min(final, target)),
        ("renewal_rate_net", final),
    ):
        _add(found, metric, _item(renewal, "closed_date"), renewal.due_at, 0, target)
        if after is not None and closed_at is not None:
            for policy, at in (("due_date", renewal.due_at), ("first_due_date", renewal.first_due_at)):
                _add(found, metric, _item(renewal, policy) + waits, at, after, target)
            _add(found, metric, _item(renewal, "closed_date") + waits, closed_at, after, 0)
    return found


def _item(renewal: RenewalRow, policy: str) -> str:
    return f"{renewal.currency}/{policy}/{renewal.term_no}"


def _add(found: dict[Key, Measure], metric: str, item: str, at: int, after: int, before: int) -> None:
    if not (after or before):
        return
    key = (metric, item, at, "")
    one, other, _ = found.get(key, (0, 0, None))
    found[key] = (one + after, other + before, (one + after) / ONE)


def onboarding_measures(onboarding: Onboarding, *, is_complete: bool) -> Iterator[tuple[Key, Measure]]:
    """Yield what an onboarding adds to its cohort: completion, time to value, and value within 30, 60 and 90 days.

    It counts in a horizon once so many days on the clock are over, also where the value came before that.
    """
    plan, first = onboarding.plan, onboarding.first_value
    if plan is None:
        return
    since = plan.starts_at
    yield ("onboarding_completion", "", since, ""), (ONE if is_complete else 0, ONE, None)
    spent = None if first is None else first.spent
    if spent is not None:
        yield ("time_to_value", "", since, ""), (spent, ONE, spent / DAY)
    for days, over_at in zip(HORIZONS, onboarding.horizons, strict=True):
        if onboarding.runs_to(over_at):
            reached = spent is not None and spent <= days * DAY
            yield ("value_reached_share", f"{days}{FROM}{over_at}", since, ""), (ONE if reached else 0, ONE, None)
