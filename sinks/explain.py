"""Why a figure is what it is: the events behind its facts, what changed it, and what is left out.

All questions go to views that the restricted reading users may read; nothing here reads a verbatim text.
"""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sinks import explain_entity, stock, views
from sinks import metric as records
from sinks.figures import Found, ask, in_window, values
from sinks.period import EVER, GRAINS
from sinks.stock import Stock
from streams.core.routes import SHARED_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from clickhouse_driver import Client

    from sinks.metric import Metric
    from sinks.period import Period
    from sinks.settings import Warehouse

_PLACE = "topic, partition, offset"
_EVENT = f"entity, {_PLACE}, event_id, event_type, source, occurred_at, ingested_at, corrects_event_id, is_test"
_SHOWN = 60
_SINCE = "{start:Date}"


class ExplainError(Exception):
    """The question cannot be answered; the message is one sentence."""


def metric_named(name: str) -> Metric | Stock:
    """Return the metric's record. Raises ExplainError for a name that is none, with the nearest one."""
    every: list[Metric | Stock] = [*records.load(), *stock.load()]
    known = {record.name: record for record in every}
    if name in known:
        return known[name]
    raise ExplainError(f"there is no metric {shown(name)}{nearest(name, known)}")


def require_window(metric: Metric | Stock, period: Period) -> None:
    """Raise ExplainError where the metric has no window of that length."""
    if isinstance(metric, Stock) and not metric.has_windows:
        if period != EVER:
            raise ExplainError(f"{metric.name} has no windows: leave out --window")
        return
    grains = tuple(metric.windows) if isinstance(metric, Stock) else GRAINS
    if period.grain not in grains:
        raise ExplainError(f"{metric.name} has no window of a {period.grain}: give one of {', '.join(grains)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the rest of a sentence that offers what was perhaps meant, or all there is."""
    names = sorted(known)
    close = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else f": there are {', '.join(names)}"


def shown(text: str) -> str:
    """Quote what somebody typed: short, and with control characters spelled out."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


class Explainer:
    """Asks what stands behind one account's figures. The client must fill parameters in on the server."""

    def __init__(self, client: Client, warehouse: Warehouse) -> None:
        self._client, self._warehouse = client, warehouse

    def require_account(self, account: str) -> None:
        """Raise ExplainError where no event of the account was ever taken in."""
        (found,) = self._ask(
            "SELECT count() AS count FROM ${cx}.event WHERE account_id = {account:String}", account=account
        )
        if not found["count"]:
            raise ExplainError(
                f"no event of an account {shown(account)} is known; where the tables are older than their event table,"
                " `cx rebuild --promote` fills it"
            )

    def events(self, account: str, entities: Iterable[str]) -> dict[str, Found]:
        """Return the events of entities in the order in which Kafka stored them."""
        wanted = sorted(set(entities))
        if not wanted:
            return {}
        of = f"SELECT {_EVENT} FROM ${{cx}}.event WHERE entity IN {{entities:Array(String)}} AND "  # noqa: S608
        order = f" ORDER BY ingested_at, {_PLACE}"
        found = self._ask(f"{of} account_id = {{account:String}}{order}", account=account, entities=wanted)
        if elsewhere := sorted(set(wanted) - {event["entity"] for event in found}):
            types = f"event_type IN {{types:Array(String)}}{order}"
            found += self._ask(f"{of} {types}", entities=elsewhere, types=sorted(SHARED_TYPES))
        grouped: defaultdict[str, Found] = defaultdict(list)
        for event in found:
            grouped[event["entity"]].append(event)
        return dict(grouped)

    def told_by(self, account: str, event_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return events of the account by their ids: what several entities say together is no entity of any event."""
        wanted = sorted(set(event_ids))
        if not wanted:
            return {}
        found = self._ask(
            f"SELECT {_EVENT} FROM ${{cx}}.event WHERE account_id = {{account:String}}"  # noqa: S608 - names are our own
            f" AND event_id IN {{events:Array(String)}} ORDER BY ingested_at, {_PLACE}",
            account=account,
            events=wanted,
        )
        return {event["event_id"]: event for event in found}

    def known_by(self, account: str, until: str) -> Found:
        """Return where the events stand that Kafka had stored by a time, the account's and those that all depend on."""
        place = f"SELECT {_PLACE}, ingested_at FROM ${{cx}}.event WHERE"  # noqa: S608 - names are our own
        return self._ask(
            f"SELECT DISTINCT {_PLACE} FROM ({place} account_id = {{account:String}}"  # noqa: S608
            f" UNION ALL {place} event_type IN {{types:Array(String)}})"
            f" WHERE ingested_at <= {{until:DateTime64(6, 'UTC')}} ORDER BY {_PLACE}",
            account=account,
            types=sorted(SHARED_TYPES),
            until=until,
        )

    def health(self, account: str) -> Found:
        """Return the last two things that each model said of the account's health, as corrected."""
        return self._ask(
            "SELECT * FROM ${cx}.account_health"
            " WHERE account_id = {account:String} AND is_known = 0 AND at <= ${now}"
            " ORDER BY at DESC LIMIT 2 BY model_id",
            account=account,
        )

    def restatements(self, metric: Metric | Stock, account: str, period: Period) -> Found:
        """Return what corrections changed in the metric's window, oldest first."""
        restated, since = (
            (metric.basis.restated, metric.basis.since) if isinstance(metric, Stock) else (metric.restated, _SINCE)
        )
        if not restated:
            return []
        return self._ask(
            "SELECT entity_kind, entity_id, item, day, kind, numerator, denominator, old_value, new_value, reason,"  # noqa: S608 - our own record
            " event_id, occurred_at, ingested_at FROM ${cx}.restatement_log"
            " WHERE metric = {metric:String} AND account_id = {account:String} AND grain IN ('', {grain:String})"
            f" AND dimension = '' AND day >= {since} AND day < {{end:Date}} AND from_day < {{end:Date}}"
            " ORDER BY ingested_at, entity_id, item, old_value, new_value",
            metric=restated,
            **values(account, period),
        )

    def excluded(self, metric: Metric | Stock, account: str, period: Period) -> Found:
        """Return what the window's facts leave out and why, newest first."""
        if isinstance(metric, Stock):
            facts, within, where = metric.basis.leaves_out, in_window(since=metric.basis.since), ""
        else:
            facts, within, where = metric.facts, in_window(), f" AND ({metric.excluded})" if metric.excluded else ""
        return self._ask(
            "SELECT moment, fact_id, kind, reason, entities FROM ${cx}.excluded_fact"  # noqa: S608 - our own record
            f" WHERE facts = {{facts:String}} AND {within}{where} ORDER BY moment DESC, fact_id, kind",
            facts=facts,
            **values(account, period),
        )

    def rows(self, account: str, kind: str, identity: str, *, texts: bool) -> dict[str, Found]:
        """Return the rows that an entity's events leave behind, by table. Raises ExplainError for an unknown entity."""
        events = self.events(account, [f"{kind}:{identity}"]).get(f"{kind}:{identity}")
        if events is None:
            raise ExplainError(f"account {shown(account)} has no {kind.replace('_', ' ')} {shown(identity)}")
        given = explain_entity.parameters(account, identity, events)
        asked = explain_entity.queries(kind, texts=texts)
        return {"event": events} | {table: rows for table, query in asked if (rows := self._ask(query, **given))}

    def texts(self, account: str, entities: Iterable[str]) -> Found:
        """Return what people wrote in responses; raises the server's refusal for a user who may not read it."""
        responses = [name.removeprefix("response:") for name in sorted(entities) if name.startswith("response:")]
        return self._ask(
            "SELECT response_id, question_id, text FROM ${cx}.verbatim WHERE account_id = {account:String}"
            " AND response_id IN {responses:Array(String)} ORDER BY ALL",
            account=account,
            responses=responses,
        )

    def refused(self, account: str) -> Found:
        """Return how many records under the account's key were refused, by reason."""
        return self._ask(
            "SELECT reason, count() AS records, max(ingested_at) AS newest FROM ${cx}.dead_letter"
            " WHERE account_key = {account:String} GROUP BY reason ORDER BY reason",
            account=account,
        )

    def _ask(self, query: str, **given: Any) -> Found:
        return ask(self._client, views.filled(query, self._warehouse), given)
