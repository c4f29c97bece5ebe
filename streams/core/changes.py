"""Changes of figures: what each event added to metrics or took from them, in the order in which events became known.

An entity's measures are what it adds to the sums behind metrics, as its events say together. The difference that an
event makes to them is its change rows. So the sum of all changes known by a moment is what the metrics' sums were then.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from streams.core.algebra import RecordedEvent
from streams.core.change_causes import DISPLACED, FIRST, LATE, cause_of
from streams.core.rows_change import MetricChangeRow

ONE = 1_000_000
"""Numerators and denominators are whole millionths, so that counts, money and seconds are all exact."""
Key = tuple[str, str, int, str]
"""(metric, item, moment that places it in windows, person): `item` is the part of the entity, empty for the whole;
`person` is whose latest answer alone counts, empty where all do."""
Measure = tuple[int, int, float | None]
"""(numerator, denominator, contribution as people read it)."""
Measures = Mapping[Key, Measure]
NO_MEASURES: Measures = {}
METRICS = frozenset(
    {
        "account_margin",
        "ces",
        "ces_mean",
        "channel_mix",
        "chargeback_rate",
        "closed_loop_rate",
        "collections",
        "completion_rate",
        "csat",
        "csat_mean",
        "drop_off",
        "dunning_outcome",
        "escalation_rate",
        "fcr",
        "first_assignment",
        "first_reply",
        "first_resolution",
        "full_resolution",
        "late_payment_rate",
        "media_variance",
        "mrr",
        "nps",
        "on_time_rate",
        "onboarding_completion",
        "one_touch_rate",
        "payment_failure_rate",
        "receivable",
        "recovery_rate",
        "refund_failure_rate",
        "refund_rate",
        "refund_rate_cohort",
        "refund_turnaround",
        "refunded",
        "renewal_rate_gross",
        "renewal_rate_net",
        "reopen_rate",
        "response_rate",
        "sla_breach_rate",
        "stage_duration",
        "start_rate",
        "ticket_csat",
        "ticket_csat_response_rate",
        "time_to_contact",
        "time_to_value",
        "topic_nps",
        "topic_share",
        "topic_volume",
        "trial_conversion",
        "value_reached_share",
        "verbatim_rate",
    }
)
"""Metrics of the log; readers ask for its rows by these names."""
_MATURING = frozenset(
    {
        "closed_loop_rate",
        "display",
        "dunning_outcome",
        "fcr",
        "late_payment_rate",
        "on_time_rate",
        "onboarding_completion",
        "recovery_rate",
        "refund_rate_cohort",
        "renewal_rate_gross",
        "renewal_rate_net",
        "ticket_csat_response_rate",
        "time_to_value",
        "topic_volume",
        "trial_conversion",
        "value_reached_share",
    }
)
"""Metrics whose outcomes are open for a while: one that comes in does not take the place of anything."""
SLICES = frozenset({"manager", "segment"})
"""What stands in the place of a metric where the owner or the segment of an account changed."""
WHOLE = "payment_whole"
"""Name in the place of a metric where an account knows the whole of a payment: what its own invoices have of it.

Invoices of other accounts may have parts of the same: the view shared_rest_change works out what then waits.
"""
LINKS = frozenset({"display", "invitation", WHOLE})
"""Names there in the part of an entity that counts together with others: their views make metrics of them."""
SETTINGS = frozenset({"fx_rate", "holiday", "policy", "rate_card", "scale", "schedule", "sla_policy"})
"""Names there where a setting did; the item is what was set, an equals sign, and its value or a mark of it."""
RIPENING = frozenset({"renewal_rate_gross", "renewal_rate_net", "value_reached_share"})
"""Metrics of which a part counts from some moment on without any event; its item ends with that."""
FROM = "@"
"""Stands in an item before the moment, in microseconds, from which on it counts: time that passes writes no row."""
_SETTLED = (LATE, DISPLACED)
"""Kinds that do not say of a window still to come that it was published."""
_LIMIT = 2**63 - 1
_NONE: Measure = (0, 0, None)


def change_rows(
    recorded: RecordedEvent, kind: str, entity_id: str, before: Measures, after: Measures
) -> Sequence[MetricChangeRow]:
    """Return a row for each measure that the event changed. `kind` and `entity_id` name its entity."""
    if not before:
        return _added(recorded, kind, entity_id, after) if after else ()
    if before == after:
        return ()
    changed = list(_changed(before, after))
    event, at = recorded.event, recorded.ingested_at
    change, reason = cause_of(recorded, takes=_takes(changed, at))
    rows = []
    for (metric, item, window_at, person), was, now in changed:
        still = window_at > at and change in _SETTLED
        rows.append(
            MetricChangeRow(
                event.account_id,
                metric,
                kind,
                entity_id,
                item,
                window_at,
                person,
                event.event_id,
                event.source,
                FIRST if still else change,
                "" if still else reason,
                _within(now[0] - was[0]),
                _within(now[1] - was[1]),
                was[2],
                now[2],
                event.occurred_at,
                at,
                recorded.is_load,
            )
        )
    return rows


def _added(recorded: RecordedEvent, kind: str, entity_id: str, after: Measures) -> Sequence[MetricChangeRow]:
    """The rows of an entity that added nothing before: most events are the first of theirs, so this is kept short."""
    event, at = recorded.event, recorded.ingested_at
    change, reason = cause_of(recorded, takes=False)
    account_id, event_id, source, occurred_at = event.account_id, event.event_id, event.source, event.occurred_at
    return [
        MetricChangeRow(
            account_id,
            metric,
            kind,
            entity_id,
            item,
            window_at,
            person,
            event_id,
            source,
            FIRST if change is LATE and window_at > at else change,
            "" if change is LATE and window_at > at else reason,
            numerator if -_LIMIT <= numerator <= _LIMIT else _within(numerator),
            denominator,
            None,
            value,
            occurred_at,
            at,
            recorded.is_load,
        )
        for (metric, item, window_at, person), (numerator, denominator, value) in after.items()
    ]


def _changed(before: Measures, after: Measures) -> Iterator[tuple[Key, Measure, Measure]]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key, _NONE), after.get(key, _NONE)
        if was != now:
            yield key, was, now


def _takes(changed: Sequence[tuple[Key, Measure, Measure]], at: int) -> bool:
    """Return whether something in a window that had begun counts no longer as it did; what was open takes no place.

    The rest of a payment is open: invoices take parts of it, and what came in stays the same. So is what came in as a
    whole, where each part is told by itself.
    """
    left: defaultdict[tuple[str, int], int] = defaultdict(int)
    for (metric, item, window_at, _), was, now in changed:
        if window_at > at or metric == WHOLE or (metric in RIPENING and _waits(item, at)):
            continue
        if metric == "collections":
            left[metric, window_at] += now[0] - was[0]
            if item.endswith("/"):
                continue
        if metric in _MATURING or (metric == "refund_rate" and was[1]):
            left[metric, window_at] += now[1] - was[1]
            if was[0] > now[0] or (was[2] is not None and now is _NONE):
                return True
        elif was is not _NONE:
            return True
    return any(lost < 0 for lost in left.values())


def _waits(item: str, at: int) -> bool:
    """Return whether an item counts only from a moment on that is still to come."""
    _, mark, since = item.rpartition(FROM)
    return bool(mark) and since.isdigit() and int(since) > at


def _within(value: int) -> int:
    """A sum as far as a column can hold it."""
    return max(-_LIMIT, min(value, _LIMIT))
