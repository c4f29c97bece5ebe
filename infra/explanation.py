"""The whole answer to `cx explain`: a figure with its facts, events, corrections and omissions, or an entity."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from clickhouse_driver.errors import ServerException

from infra import explained_health, wiring
from infra.explaining import known_at
from schemas.writer import EPOCH, MICROSECOND
from sinks import figures
from sinks.explain import Explainer, ExplainError, require_window, shown
from sinks.metric import Metric
from sinks.stock import Stock
from streams.core.billing.choices import PROFILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.figures import Found
    from sinks.period import Period

_FIGURES = ("value", "numerator", "denominator", "n", "ci_low", "ci_high")
ALL = "all"
"""Name that stands for every policy of recurring revenue."""
_ACCESS_DENIED = 497  # unnamed in the driver


class Explanation:
    """Answers as the user who reads views. Close it after use."""

    def __init__(self, settings: Settings, *, limit: int, texts: bool, policy: str = "") -> None:
        self._settings, self._limit, self._texts, self._policy = settings, limit, texts, policy
        self._client: Client = wiring.reader(settings, typed=True)
        self.warehouse = figures.deployed(self._client, wiring.warehouse(settings))
        self._explainer = Explainer(self._client, self.warehouse)

    def close(self) -> None:
        self._client.disconnect()

    def entity(self, kind: str, identity: str, account: str) -> dict[str, Any]:
        """Return an entity's events and the rows that they left. Raises ExplainError."""
        self._explainer.require_account(account)
        try:
            rows = self._explainer.rows(account, kind, identity, texts=self._texts)
        except ServerException as error:
            raise self._denied(error) from error
        events = rows.pop("event")
        return {"entity": f"{kind}:{identity}", "account_id": account, "events": events, "rows": rows}

    def health(self, account: str, then: int | None) -> dict[str, Any]:
        """Return what the account's health adds up to; `then` (microseconds) asks what it was known to be at a moment.

        Raises ExplainError, LogError or Unreachable.
        """
        self._explainer.require_account(account)
        rows = self._explainer.health(account)
        if then is not None:
            rows = explained_health.rows_of(known_at(self._settings, self._explainer, account, then).tables, then)
        models = explained_health.by_model(rows)
        if not models:
            raise ExplainError(f"nothing is known of the health of account {shown(account)}")
        events = self._explainer.told_by(account, explained_health.evidence_of(models))
        return {
            "account_id": account,
            "known_at": None if then is None else _at(then),
            "models": models,
            "events": list(events.values()),
        }

    def figure(self, metric: Metric | Stock, account: str, asked: Period, then: int | None) -> dict[str, Any]:
        """Return why the figure is what it is; `then` (microseconds) asks what was known at a moment.

        Raises ExplainError, LogError or Unreachable.
        """
        require_window(metric, asked)
        self._explainer.require_account(account)
        served = figures.Served(self._client, self.warehouse)
        facts = self._of_policy(metric, served.facts(metric, account, asked))
        known = None if then is None else self._known(metric, account, asked, then, facts)
        excluded = self._explainer.excluded(metric, account, asked)
        restated = self._explainer.restatements(metric, account, asked)
        listed, left_out, corrected = facts[: self._limit], excluded[: self._limit], restated[-self._limit :]
        changed = known["changes"] if known else []
        entities = {entity for each in (*listed, *left_out, *_sides(changed)) for entity in each["entities"]}
        events = self._explainer.events(account, entities)
        by_id = self._explainer.told_by(account, [each["event_id"] for each in corrected])
        for change in changed:
            change["events"] = [e for e in _events(events, _sides([change])) if e["ingested_at"] > _at(then)]
        return {
            **_described(metric, account, asked, self.warehouse.time_zone),
            "figures": self._of_policy(metric, served.figures(metric, account, asked)),
            "known_at": known,
            "facts_in_all": len(facts),
            "facts": [_alone(metric, fact) | {"events": _events(events, [fact])} for fact in listed],
            "excluded_in_all": len(excluded),
            "excluded": [each | {"events": _events(events, [each])} for each in left_out],
            "restatements_in_all": len(restated),
            "restatements": [each | {"event": by_id.get(each["event_id"])} for each in corrected],
            "refused": self._explainer.refused(account),
            **({"texts": self._written(account, entities)} if self._texts else {}),
        }

    def _known(self, metric: Metric | Stock, account: str, asked: Period, then: int, facts: Found) -> dict[str, Any]:
        known = known_at(self._settings, self._explainer, account, then)
        given = figures.Given(self._client, self.warehouse, known.tables, then)
        changes = _changes(self._of_policy(metric, given.facts(metric, account, asked)), facts)
        return {
            "at": _at(then),
            "events": known.events,
            "refused_today": known.refused,
            "figures": self._of_policy(metric, given.figures(metric, account, asked)),
            "changes_in_all": len(changes),
            "changes": changes[: self._limit],
        }

    def _of_policy(self, metric: Metric | Stock, rows: Found) -> Found:
        """Return the rows of the policy that is asked for, or of the metric's own; all where there are no policies."""
        wanted = self._policy or (metric.basis.policy if isinstance(metric, Stock) else PROFILES[0])
        return [row for row in rows if wanted in (ALL, row.get("policy", wanted))]

    def _written(self, account: str, entities: set[str]) -> Found:
        try:
            return self._explainer.texts(account, entities)
        except ServerException as error:
            raise self._denied(error) from error

    def _denied(self, error: ServerException) -> ServerException | ExplainError:
        if error.code != _ACCESS_DENIED:
            return error
        user = self._settings.bi_user
        return ExplainError(
            f"user {user} may not read what people wrote: set CX_BI_USER to one who may, or leave out --texts"
        )


def _at(micros: int | None) -> dt.datetime:
    return EPOCH + (micros or 0) * MICROSECOND


def _described(metric: Metric | Stock, account: str, asked: Period, zone: str) -> dict[str, Any]:
    said = metric.catalogue
    return {
        "metric": metric.name,
        "title": said.title,
        "formula": said.formula,
        "unit": said.unit,
        "groups": _groups(metric),
        "columns": list(metric.shown.figures) if isinstance(metric, Stock) else list(_FIGURES),
        "is_alone": isinstance(metric, Stock) and metric.is_alone,
        "account_id": account,
        "window": {"grain": asked.grain, "start": asked.start, "end": asked.end, "time_zone": zone},
    }


def _groups(metric: Metric | Stock) -> list[str]:
    spread = [metric.spread.name] if isinstance(metric, Metric) and metric.spread else []
    return [*metric.groups, *spread]


def _alone(metric: Metric | Stock, fact: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fact without its counts, and these as one value: what each would be of this fact alone."""
    if isinstance(metric, Stock):
        parts = {name: fact[f"part_{name}"] for name in metric.shown.parts}
        return {name: value for name, value in fact.items() if name[:5] != "part_"} | {"alone": parts}
    kept = {name: value for name, value in fact.items() if name not in metric.counts and name != "n_all"}
    return kept | {"alone": {name: fact[name] for name in metric.counts}}


def _changes(before: Found, after: Found) -> list[dict[str, Any]]:
    """Return what differs, each as it was and as it is; one response may hold several facts."""
    ids = list(dict.fromkeys(fact["fact_id"] for fact in (*after, *before)))
    then, now = ({each: [f for f in facts if f["fact_id"] == each] for each in ids} for facts in (before, after))
    return [
        {"fact_id": each, "then": then[each], "now": now[each]}
        for each in ids
        if _content(then[each]) != _content(now[each])
    ]


def _content(facts: Found) -> list[str]:
    return sorted(repr(sorted((k, v) for k, v in fact.items() if k != "entities")) for fact in facts)


def _sides(changes: Found) -> Found:
    return [fact for each in changes for side in ("then", "now") for fact in each[side]]


def _events(events: Mapping[str, Found], facts: Found) -> Found:
    """Return the events of the facts' entities, each once, as Kafka stored them."""
    entities = dict.fromkeys(entity for fact in facts for entity in fact["entities"])
    return [event for entity in entities for event in events.get(entity, [])]
