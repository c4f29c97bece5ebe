"""Rows of risks: the rules that are in force, and from when each of their versions is."""

from typing import Annotated, ClassVar

from streams.core.columns import EventId, Label, Owner, Row, ValidFrom, doc

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
