"""cx explain: which events make a figure, what changed it and when, and what it was said to be before."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from infra import wiring
from infra.cli import explained, output
from infra.cli.context import located, sentences
from infra.explaining import moment
from infra.explanation import ALL, Explanation
from sinks import explain_entity, period
from sinks.explain import ExplainError, metric_named, nearest, require_window, shown
from sinks.metric import Metric
from streams.core.billing.choices import PROFILES

_POLICIES = (*PROFILES, ALL)
_KINDS = ", ".join(explain_entity.KINDS)
HEALTH = "health"


def explain(
    what: Annotated[
        str,
        typer.Argument(metavar="METRIC|health|KIND", help=f"A metric; health; or, before an ID, one of {_KINDS}."),
    ],
    identity: Annotated[str, typer.Argument(metavar="[ID]", help="Explain this entity and not a figure.")] = "",
    account: Annotated[str, typer.Option("--account", help="Account whose figure or entity it is.")] = "",
    window: Annotated[str, typer.Option("--window", help=f"Window of the figure: {period.HOW}.")] = "",
    at: Annotated[str, typer.Option("--known-at", help="Also the figure as known then: ISO 8601 with zone.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Facts listed at most.")] = 20,
    policy: Annotated[
        str, typer.Option("--policy", help=f"Of recurring revenue: {', '.join(_POLICIES)}; cxledger unless told.")
    ] = "",
    texts: Annotated[bool, typer.Option("--texts", help="Also what people wrote, for a user who may read it.")] = False,
    form: output.TextFormat = output.Machine.TEXT,
) -> None:
    """Show the events that make a figure or an entity, to the offset in Kafka, and what corrections changed.

    Health is explained by its components, whose contributions add up to the score.

    With --known-at the account's events up to that moment are read from Kafka and folded anew: the figure as it was
    known then, beside the figure as corrected since.
    """
    try:
        with sentences():
            _check(what, identity, account, window, at, policy)
            then = moment(at, wiring.clock()) if at else None
            with closing(Explanation(located(), limit=limit, texts=texts, policy=policy)) as explanation:
                if identity:
                    answer = explanation.entity(what, identity, account)
                elif what == HEALTH:
                    answer = explanation.health(account, then)
                else:
                    asked = period.parse(window, explanation.warehouse.week_start) if window else period.EVER
                    answer = explanation.figure(metric_named(what), account, asked, then)
            if form is output.Machine.JSON:
                output.machine(answer)
            elif "models" in answer:
                explained.tell_health(answer)
            else:
                explained.tell(answer) if "metric" in answer else explained.tell_entity(answer)
    except KeyboardInterrupt:
        output.fail("interrupted; explaining changes nothing")


def _check(what: str, identity: str, account: str, window: str, at: str, policy: str) -> None:
    """Refuse what cannot be asked before any server is: raises ExplainError or PeriodError."""
    for text in (what, identity, account, window, at, policy):
        if not text.isprintable():
            raise ExplainError(f"{shown(text)} holds characters that no name has")
    if identity:
        if what not in explain_entity.KINDS:
            raise ExplainError(f"there is no kind of entity {shown(what)}{nearest(what, explain_entity.KINDS)}")
        if window or at:
            raise ExplainError("an entity has no window: leave out --window and --known-at, or the id")
    elif what == HEALTH:
        if window or policy:
            raise ExplainError("health has no window and no policy: leave out --window and --policy")
    elif what in explain_entity.KINDS:
        raise ExplainError(f"which {what}? Give its id: cx explain {what} ID --account ACCOUNT")
    else:
        _check_figure(what, window, policy)
    if not account:
        raise ExplainError("which account? Give --account")


def _check_figure(what: str, window: str, policy: str) -> None:
    metric = metric_named(what)
    if not window and (isinstance(metric, Metric) or metric.has_windows):
        raise ExplainError(f"which window? Give --window as {period.HOW}")
    require_window(metric, period.parse(window) if window else period.EVER)
    if policy and policy not in _POLICIES:
        raise ExplainError(f"there is no policy {shown(policy)}{nearest(policy, _POLICIES)}")
