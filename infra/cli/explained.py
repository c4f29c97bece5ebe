"""Print the answer of `cx explain` for people: in lines, the newest facts first, each with its events below it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from infra.cli import exact, output
from sinks.period import EVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_NOT_TOLD_APART = ("account_id", "moment", "fact_id", "entities", "counted", "n", "n_all", "alone", "events")
_HANG = "    "
_SHARES = ("value", "weight", "contribution")


def tell(answer: Mapping[str, Any]) -> None:
    """Print the explanation of a figure."""
    window, known = answer["window"], answer["known_at"]
    days = f", {window['grain']} {window['start']} to {window['end'] - dt.timedelta(days=1)} ({window['time_zone']})"
    _line(f"{answer['title']} of {answer['account_id']}{'' if window['grain'] == EVER.grain else days}")
    _line(f"{answer['formula']}; in {answer['unit']}")
    if answer["is_alone"]:
        _line(f"{answer['metric']} has no slice by account: the figure is that of this account alone")
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
    _line(f"{answer['entity']} of {answer['account_id']}")
    for event in answer["events"]:
        _event(event, "  ")
    for table, rows in answer["rows"].items():
        for row in rows:
            _flow("", f"{table}:", *_pairs(row, ("account_id",)))


def tell_health(answer: Mapping[str, Any]) -> None:
    """Print what models say of an account's health, component by component."""
    then = f", as known at {_time(answer['known_at'])}" if answer["known_at"] else ""
    _line(f"health of {answer['account_id']}{then}")
    for model in answer["models"]:
        _model(model)
    if answer["events"]:
        _line("events it rests on")
    for event in answer["events"]:
        _event(event, "  ")


def _model(model: Mapping[str, Any]) -> None:
    score = "no score" if model["score"] is None else exact.text(model["score"])
    variant = (
        f"variant {model['variant_id']}, version {model['model_version']}" if model["variant_id"] else "no variant"
    )
    _flow("", f"{model['model_id']}: {score}, {model['band']}", f"coverage {exact.text(model['coverage'])}", variant)
    told = [f"since {_time(model['at'])}"]
    before = model["before"]
    if before is not None:
        was = "no score" if before["score"] is None else exact.text(before["score"])
        told.append(f"before {was}, {before['band']}, since {_time(before['at'])}")
    told.append(f"by {model['changed_by']} {model['member']}" if model["changed_by"] else "by time or other rules")
    _flow("  ", *told, *(f"{name} {model[name]}" for name in ("override", "disagreement") if model[name]))
    rows = [
        (part["component"], part["signal"], _short(part["raw"]), *(part[name] for name in _SHARES))
        for part in model["components"]
    ]
    if rows:
        exact.show(("component", "reads", "number", "points", "weight", "brings"), rows)
        # Whole hundredths, so that the sum is exact and not that of floating-point numbers.
        brought = sum(round(100 * part["contribution"]) for part in model["components"])
        _line(f"together {exact.text(brought / 100)}")


def _short(raw: float | None) -> float | None:
    """Return what was read with two digits, so that a table fits; the database and JSON have them all."""
    return None if raw is None else round(raw, 2)


def _figures(answer: Mapping[str, Any], sides: Sequence[tuple[str, Any]]) -> None:
    columns = (*answer["groups"], *answer["columns"])
    rows = [(side, *(figure[name] for name in columns)) for side, found in sides for figure in found]
    if rows:
        exact.show(("as of", *columns), rows)
    for side, found in sides:
        if not found:
            _line(f"{side}: nothing counts in this window")


def _part(title: str, items: Sequence[Any], count: int, show: Callable[[Any], None]) -> None:
    if items:
        _line(f"{title}: {count}" + (f", {len(items)} of them here (--limit)" if len(items) < count else ""))
    for each in items:
        show(each)


def _fact(fact: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{name} {exact.text(count)}" for name, count in fact["alone"].items() if count)
    counted = (
        f"counts as {counts or 'nothing'}" if fact["counted"] else "does not count: a later answer of the person does"
    )
    _flow("  ", fact["fact_id"], _time(fact["moment"]), *_pairs(fact, _NOT_TOLD_APART), counted)
    _events(fact["events"])


def _excluded(each: Mapping[str, Any]) -> None:
    kind = f"{each['kind']} " if each["kind"] else ""
    _flow("  ", each["fact_id"], _time(each["moment"]), f"{kind}{each['reason'].replace('_', ' ')}")
    _events(each["events"])


def _restatement(each: Mapping[str, Any]) -> None:
    old, new = ("nothing" if v is None else exact.text(v) for v in (each["old_value"], each["new_value"]))
    what = " ".join(filter(None, (each["entity_kind"], each["entity_id"], each["item"])))
    why = each["kind"] if each["reason"] in ("", each["kind"]) else f"{each['kind']}: {each['reason']}"
    _flow("  ", what, f"{old} -> {new},", f"{why},", f"by {each['event_id']}")
    _events([each["event"]] if each["event"] else [])


def _change(each: Mapping[str, Any]) -> None:
    then, now = ("; ".join(", ".join(_pairs(f, _NOT_TOLD_APART)) for f in each[side]) for side in ("then", "now"))
    _flow("  ", each["fact_id"], f"{then or 'not there'} ->", now or "not there")
    _events(each["events"])


def _events(events: Iterable[Mapping[str, Any]]) -> None:
    for event in events:
        _event(event, "      ")


def _event(event: Mapping[str, Any], indent: str) -> None:
    _flow(
        indent,
        f"{event['topic']}-{event['partition']}@{event['offset']}",  # as `cx dead-letters show` takes it
        f"{event['event_type']} {event['event_id']}",
        f"happened {_time(event['occurred_at'])}",
        f"stored {_time(event['ingested_at'])}",
        f"from {event['source']}",
        *([f"corrects {event['corrects_event_id']}"] if event["corrects_event_id"] else ()),
        *(["test"] if event["is_test"] else ()),
    )


def _pairs(row: Mapping[str, Any], without: Sequence[str]) -> list[str]:
    """Return what a row says, each as name=value; what is empty says nothing."""
    return [
        f"{name}={_value(value)}"
        for name, value in row.items()
        if name not in without and not name.startswith("part_") and value not in ("", None, [])
    ]


def _value(value: Any) -> str:
    return _time(value) if isinstance(value, dt.datetime) else exact.text(value)


def _time(at: dt.datetime) -> str:
    return at.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")


def _flow(indent: str, *words: str) -> None:
    """Print words on one line, or on as many as a terminal takes, the later ones indented further."""
    lines, room = [indent + words[0]], exact.width()
    for word in words[1:]:
        if len(lines[-1]) + 2 + len(word) <= room:
            lines[-1] += f"  {word}"
        else:
            lines.append(f"{indent}{_HANG}{word}")
    for line in lines:
        _line(line)


def _line(text: str) -> None:
    """Print one line; what a terminal would obey is spelled out."""
    output.out.print(exact.visible(text), markup=False, highlight=False)
