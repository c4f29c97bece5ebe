"""Rows of the account stage: every change of an account's health, and the account as it stands."""

from typing import Annotated, ClassVar

from streams.core.columns import AccountId, EventId, Int32, Label, Moment, Owner, Row, UInt16, UInt32, ValidFrom, doc


class AccountHealthRow(Row, frozen=True, gc=False):
    """Health of accounts: one row per account, model and change, as corrected and as it was known."""

    TABLE: ClassVar[str] = "account_health"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "none"
    account_id: AccountId
    model_id: Annotated[Label, doc("Model of health; several stand side by side")]
    is_known: Annotated[bool, doc("1: as the broker knew it then, never changed later; 0: as corrected since")]
    at: Annotated[Moment, doc("From when it holds, UTC: when it became so, or with is_known when the broker had it")]
    variant_id: Annotated[Label, doc("Variant of the model that was for the account; empty where none was")]
    model_version: Annotated[Label, doc("Version of the variant")]
    score: Annotated[float | None, doc("Score from 0 to 100; NULL where coverage is below the least of the model")]
    coverage: Annotated[float, doc("Share of weight that had data, from 0 to 1; weights of old answers fade")]
    band: Annotated[Label, doc("Band of the score, as the model names it; unknown where there is no score")]
    bands_version: Annotated[Label, doc("Version of the table of bands")]
    disagreement: Annotated[
        Label,
        doc("money_below, money_above: by 40 points or more; leaving: best band, and an end is scheduled; or empty"),
    ]
    override: Annotated[str, doc("Score or band that a person set, beside the computed one; empty without")]
    changed_by: Annotated[Label, doc("Kind of entity that changed it; empty where time or other rules did")]
    member: Annotated[str, doc("That entity, by its name within the account")]
    event_id: Annotated[str, doc("Event that changed it; empty where none did")]
    components: Annotated[tuple[str, ...], doc("Names of the components, in the order of the model")]
    signals: Annotated[tuple[str, ...], doc("What each component reads")]
    raws: Annotated[tuple[float | None, ...], doc("What it read; NULL without data")]
    component_values: Annotated[tuple[float | None, ...], doc("Points from 0 to 100; NULL without data")]
    weights: Annotated[tuple[float, ...], doc("Share of the weight that had data; these add up to 1")]
    contributions: Annotated[tuple[float, ...], doc("Points of the score that it brings; these add up to the score")]
    evidence: Annotated[tuple[tuple[str, ...], ...], doc("Events that each component rests on most, at most three")]


class AccountNowRow(Row, frozen=True, gc=False):
    """Accounts as they stand: one row per account, with levels that facts of all topics add up to."""

    TABLE: ClassVar[str] = "account_now"
    KEY: ClassVar[int] = 1
    ENTITY: ClassVar[Owner] = "none"
    account_id: AccountId
    at: Annotated[Moment, doc("When the newest fact about the account was so, UTC")]
    segment: Annotated[Label, doc("Segment of the account; empty while nobody named one")]
    owner_id: Annotated[str, doc("Our person who owns the account; empty without one")]
    started_at: Annotated[Moment | None, doc("Day of its first contract or paid subscription, UTC; NULL if unknown")]
    mrr_currencies: Annotated[tuple[str, ...], doc("Currencies in which it pays")]
    mrr_micros: Annotated[tuple[int, ...], doc("Recurring revenue a month in each of them, in millionths")]
    receivable_currencies: Annotated[tuple[str, ...], doc("Currencies in which invoices are open")]
    receivable_micros: Annotated[tuple[int, ...], doc("Open receivables in each of them, in millionths")]
    tickets_open: Annotated[UInt32, doc("Open tickets")]
    escalations_open: Annotated[UInt32, doc("Escalated tickets that are open")]
    payments_failing: Annotated[UInt32, doc("Invoices whose payment fails")]
    cancels_scheduled: Annotated[UInt32, doc("Subscriptions whose end is scheduled")]
    milestones_open: Annotated[UInt32, doc("Milestones that are planned and not reached")]
    sentiment: Annotated[float | None, doc("Last judgement of a manager, -2 to +2, however old; NULL without one")]
    last_touch_at: Annotated[Moment | None, doc("Day of the last talk in both directions, UTC; NULL without one")]
    last_answer_at: Annotated[Moment | None, doc("Day of the last answer on recommendation, UTC; NULL without one")]
    facts: Annotated[UInt32, doc("Facts that the row rests on")]


class HealthModelRow(Row, frozen=True, gc=False):
    """Models of health that were set: one row per version of a variant. What is shipped has none."""

    TABLE: ClassVar[str] = "health_model"
    KEY: ClassVar[int] = 3
    ENTITY: ClassVar[Owner] = "setting"
    model_id: Annotated[Label, doc("Model; several stand side by side")]
    variant_id: Annotated[Label, doc("Variant of the model")]
    valid_from: ValidFrom
    model_version: Annotated[Label, doc("Version that is recorded with every score")]
    position: Annotated[Int32, doc("Place among the variants: of those that are for the account the lowest decides")]
    is_active: Annotated[bool, doc("0 where the variant no longer holds")]
    segments: Annotated[tuple[str, ...], doc("Segments of accounts that it is for; empty for any")]
    from_month: Annotated[UInt16, doc("Months since the account started, from which on it is for it")]
    until_month: Annotated[UInt16, doc("Months from which on it no longer is; 0 for ever")]
    minimum_coverage: Annotated[float, doc("Least share of weight that must have data")]
    bands: Annotated[tuple[str, ...], doc("Bands from the worst to the best")]
    bands_up_to: Annotated[tuple[float, ...], doc("Highest score of each, inclusive")]
    bands_version: Annotated[Label, doc("Version of the table of bands")]
    event_id: EventId


class HealthComponentRow(Row, frozen=True, gc=False):
    """Components of models of health that were set: one row per version of a variant and component."""

    TABLE: ClassVar[str] = "health_component"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "setting"
    model_id: Annotated[Label, doc("Model")]
    variant_id: Annotated[Label, doc("Variant of the model")]
    valid_from: ValidFrom
    component: Annotated[Label, doc("Component of the variant")]
    place: Annotated[UInt16, doc("Its place, from 1")]
    signal: Annotated[Label, doc("What it reads")]
    weight: Annotated[UInt16, doc("Weight")]
    points_from: Annotated[tuple[float, ...], doc("Signal from which on each point holds")]
    points_value: Annotated[tuple[float, ...], doc("Value of each point, 0 to 100")]
    is_linear: Annotated[bool, doc("1 where the value goes in a straight line between points")]
    max_age_days: Annotated[UInt16, doc("Days after which it has no value; 0 where it has no age")]
    is_fading: Annotated[bool, doc("1 where its weight goes down to nothing by then")]
    event_id: EventId
