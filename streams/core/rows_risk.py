"""Rows of risks: rules that were set, and the episodes in which one held."""

from typing import Annotated, ClassVar

from streams.core.columns import AccountId, EventId, Label, Moment, Owner, Row, UInt32, ValidFrom, doc

RuleId = Annotated[Label, doc("Rule of risk")]


class RiskRuleRow(Row, frozen=True, gc=False):
    """Rules of risk that were set, and from when each version is in force. Shipped rules have no row until replaced."""

    TABLE: ClassVar[str] = "risk_rule"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "setting"
    rule_id: RuleId
    valid_from: ValidFrom
    rule_version: Annotated[Label, doc("Version that is recorded with the episodes that the rule opens")]
    is_active: Annotated[bool, doc("0 where the rule no longer holds")]
    severity: Annotated[Label, doc("low, medium or high: what an episode is at least")]
    conditions: Annotated[
        tuple[str, ...], doc("Numbers that it watches, from where on they are risky and where healthy again, in words")
    ]
    dwell_in_s: Annotated[int, doc("Seconds that it has to be risky without gap before an episode opens")]
    dwell_out_s: Annotated[int, doc("Seconds that it has to be healthy without gap before one closes")]
    rearm_s: Annotated[int, doc("Seconds after the close within which a crossing opens the same episode again")]
    event_id: EventId


class RiskEpisodeRow(Row, frozen=True, gc=False):
    """Episodes of risk: one row per stretch in which one was open, as corrected and as it was known."""

    TABLE: ClassVar[str] = "risk_episode"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "none"
    account_id: AccountId
    rule_id: RuleId
    is_known: Annotated[bool, doc("1: as the broker knew it then, never changed later; 0: as corrected since")]
    since: Annotated[Moment, doc("Start of the stretch, UTC; an episode that opens again has several")]
    episode_id: Annotated[str, doc("Episode; the same for all of its stretches")]
    rule_version: Annotated[Label, doc("Version of the rule when it was noticed")]
    opened_at: Annotated[Moment, doc("Start of the first stretch, UTC: when the trouble began")]
    noticed_at: Annotated[Moment, doc("When it had lasted long enough to be called a risk, UTC")]
    severity: Annotated[Label, doc("low, medium or high: the worst so far")]
    rose_at: Annotated[Moment, doc("When it became that bad, UTC")]
    reopened: Annotated[UInt32, doc("How often the episode had opened again by then")]
    closed_at: Annotated[Moment | None, doc("End of the stretch, UTC; NULL while it is open")]
    reason: Annotated[
        Label,
        doc(
            "recovered, fact_ended, renewed, churned, retracted, renamed, merged, model_retired; empty while it is open"
        ),
    ]
    event_id: Annotated[str, doc("Event that opened the episode; empty where a score or time alone did")]
    replaces: Annotated[str, doc("Episode whose opening event was taken back and that goes on as this one; or empty")]
