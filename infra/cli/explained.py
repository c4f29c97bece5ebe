"""What `cx explain` prints for people: an answer in lines, the newest facts first, each with its events below it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from infra.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_FIGURES = ("value", "numerator", "denominator", "n", "ci_low", "ci_high")
_TOLD_APART = ("account_id", "moment", "fact_id", "entities", "counted", "n", "n_all", "alone", "events")


def tell(answer: Mapping[str, Any]) -> None:
    """Print the explanation of a figure."""
    window, known = answer["window"], answer["known_at"]
    days = f"{window['start']} to {window['end'] - dt.timedelta(days=1)}"
    _line(f"{answer['title']} of {answer['account']}, {window['grain']} {days} ({window['time_zone']})")
    _line(f"{answer['formula']}; in {answer['unit']}")
    if known:
        told = f"; {known['refused_today']} of them would be refused today" if known["refused_today"] else ""
        _line(f"then: {_time(known['at'])}, by the {known['events']} events that were stored by that time{told}")
    _figures(answer, [("now", answer["figures"]), *([("then", known["figures"])] if known else [])])
    if known:
        _part("facts that are not what they were then", known["changes"], known["changes_in_all"], _change)
    _part("facts", answer["facts"], answer["facts_in_all"], _fact)
    _part("left out", answer["excluded"], answer["excluded_in_all"], _excluded)
    _part("changed after it had counted", answer["restatements"], answer["restatements_in_all"], _restatement)
    for each in answer["refused"]:
        newest = f"the last one {_time(each['newest'])}"
        _line(f"refused under this account's key: {each['records']} records, {each['reason']}, {newest}")
    for row in answer.get("texts", ()):
        _line(f"text of {row['response_id']}, {row['question_id']}: {row['text']}")


def tell_entity(answer: Mapping[str, Any]) -> None:
    """Print what is known of an entity."""
    _line(f"{answer['entity']} of {answer['account']}")
    for event in answer["events"]:
        _event(event, "  ")
    for table, rows in answer["rows"].items():
        for row in rows:
            _line(f"{table}: {_pairs(row, ('account_id',))}")


def _figures(answer: Mapping[str, Any], sides: Sequence[tuple[str, Any]]) -> None:
    groups = answer["groups"]
    rows = [(side, *(f[g] for g in groups), *(f[name] for name in _FIGURES)) for side, found in sides for f in found]
    if rows:
        output.out.print(output.grid("", ("", *groups, *_FIGURES), rows))
    for side, found in sides:
        if not found:
            _line(f"{side}: nothing counts in this window")


def _part(title: str, items: Sequence[Any], count: int, show: Callable[[Any], None]) -> None:
    if items:
        _line(f"{title}: {count}" + (f", {len(items)} of them here (--limit)" if len(items) < count else ""))
    for each in items:
        show(each)


def _fact(fact: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{name} {_value(count)}" for name, count in fact["alone"].items() if count)
    counted = (
        f"counts as {counts or 'nothing'}" if fact["counted"] else "does not count: a later answer of the person does"
    )
    _line(f"  {fact['fact_id']}  {_time(fact['moment'])}  {_pairs(fact, _TOLD_APART)}  {counted}")
    _events(fact["events"])


def _excluded(each: Mapping[str, Any]) -> None:
    kind = f"{each['kind']} " if each["kind"] else ""
    _line(f"  {each['fact_id']}  {_time(each['moment'])}  {kind}{each['reason'].replace('_', ' ')}")
    _events(each["events"])


def _restatement(each: Mapping[str, Any]) -> None:
    old, new = ("nothing" if v is None else f"{v:g}" for v in (each["old_value"], each["new_value"]))
    what = " ".join(filter(None, (each["entity_kind"], each["entity_id"], each["item"])))
    _line(f"  {what}  {old} -> {new}, {each['kind']}: {each['reason']}, by {each['event_id']}")
    _events([each["event"]] if each["event"] else [])


def _change(each: Mapping[str, Any]) -> None:
    then, now = ("; ".join(_pairs(f, _TOLD_APART) for f in each[side]) or "not there" for side in ("then", "now"))
    _line(f"  {each['fact_id']}  {then} -> {now}")
    _events(each["events"])


def _events(events: Iterable[Mapping[str, Any]]) -> None:
    for event in events:
        _event(event, "      ")


def _event(event: Mapping[str, Any], indent: str) -> None:
    corrects = f"  corrects {event['corrects_event_id']}" if event["corrects_event_id"] else ""
    _line(
        f"{indent}{event['topic']}-{event['partition']} offset {event['offset']}  {event['event_type']}"
        f" {event['event_id']}  happened {_time(event['occurred_at'])}  stored {_time(event['ingested_at'])}"
        f"  from {event['source']}{corrects}{'  test' if event['is_test'] else ''}"
    )


def _pairs(row: Mapping[str, Any], without: Sequence[str]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in row.items() if name not in without)


def _value(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return _time(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _time(at: dt.datetime) -> str:
    return at.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")


def _line(text: str) -> None:
    """Print one line; what a terminal would obey is spelled out."""
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    output.out.print(safe, markup=False, highlight=False)
