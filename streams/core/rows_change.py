"""Rows of what events changed in the sums behind metrics."""

from typing import Annotated, ClassVar

from streams.core.columns import AccountId, Ingested, Label, Moment, Owner, Row, Source, doc, personal


class MetricChangeRow(Row, frozen=True, gc=False):
    """What events added to metrics or took from them: one row per event and part of an entity that it changed."""

    TABLE: ClassVar[str] = "metric_change"
    KEY: ClassVar[int] = 9
    ENTITY: ClassVar[Owner] = "several"
    account_id: AccountId
    metric: Annotated[Label, doc("Metric whose sums changed")]
    entity_kind: Annotated[Label, doc("Kind of the entity that changed, such as response")]
    entity_id: Annotated[str, doc("Entity that changed, such as a response")]
    item: Annotated[str, doc("Part of the entity that changed, such as a question; empty for the whole")]
    window_at: Annotated[Moment, doc("Time that places the change in the metric's windows, UTC")]
    person: Annotated[
        str, doc("Contact whose latest answer alone counts, or who asked; empty elsewhere, or if unknown")
    ]
    event_id: Annotated[str, doc("Event that caused the change")]
    source: Source
    kind: Annotated[Label, doc("first, late, correction, retraction or displaced")]
    reason: Annotated[
        str, personal("Reason given by the source, or what the event did; empty for what is told in time")
    ]
    numerator_micros: Annotated[int, doc("What the metric's numerator gained, in millionths; times are in seconds")]
    denominator_micros: Annotated[int, doc("What the metric's denominator gained, in millionths")]
    old_value: Annotated[float | None, doc("Contribution before; NULL when there was none")]
    new_value: Annotated[float | None, doc("Contribution after; NULL when it was withdrawn")]
    occurred_at: Annotated[Moment, doc("When the event happened, UTC")]
    ingested_at: Ingested
    is_load: Annotated[bool, doc("1 when its sender loaded what had happened before, as an import does")]
