"""Rows of what clocks go by: hours, holidays, service level policies and their targets."""

from typing import Annotated, ClassVar

from streams.core.columns import EventId, Int32, Label, Owner, Row, UInt16, ValidFrom, doc

ScheduleId = Annotated[Label, doc("Schedule of business hours")]
PolicyId = Annotated[Label, doc("Service level policy")]


class ScheduleRow(Row, frozen=True, gc=False):
    """Business hours of schedules, and from when each set of them is in force: one row per interval of a weekday."""

    TABLE: ClassVar[str] = "schedule"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "setting"
    schedule_id: ScheduleId
    valid_from: ValidFrom
    weekday: Annotated[UInt16, doc("Weekday of the hours, 1 Monday to 7 Sunday")]
    start_minute: Annotated[UInt16, doc("Minute since local midnight at which the hours begin")]
    end_minute: Annotated[UInt16, doc("Minute since local midnight at which the hours end, exclusive, up to 1440")]
    time_zone: Annotated[Label, doc("IANA time zone that the hours are meant in")]
    event_id: EventId


class HolidayRow(Row, frozen=True, gc=False):
    """Days without hours, and from when they are in force: one row per day of each holiday set."""

    TABLE: ClassVar[str] = "holiday"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "setting"
    schedule_id: ScheduleId
    holiday_set_id: Annotated[Label, doc("Set that the day belongs to; its next version replaces all its days")]
    valid_from: ValidFrom
    date: Annotated[str, doc("Day in the schedule's zone, such as 2026-12-25")]
    name: Annotated[str, doc("Name of the day for people; empty when not told")]
    event_id: EventId


class SlaPolicyRow(Row, frozen=True, gc=False):
    """Service level policies: for which tickets, and from when each version is in force. Empty lists take any value."""

    TABLE: ClassVar[str] = "sla_policy"
    KEY: ClassVar[int] = 2
    ENTITY: ClassVar[Owner] = "setting"
    policy_id: PolicyId
    valid_from: ValidFrom
    policy_version: Annotated[Label, doc("Version that is recorded with what the policy shaped")]
    position: Annotated[Int32, doc("Place among the policies: of those that match a ticket the lowest decides")]
    is_active: Annotated[bool, doc("0 where the policy no longer holds")]
    channels: Annotated[tuple[str, ...], doc("Channels of the tickets that it is for")]
    groups: Annotated[tuple[str, ...], doc("Groups of the tickets that it is for")]
    priorities: Annotated[tuple[str, ...], doc("Priorities of the tickets that it is for")]
    topics: Annotated[tuple[str, ...], doc("Topics of the tickets that it is for")]
    account_ids: Annotated[tuple[str, ...], doc("Accounts whose tickets it is for")]
    schedule_id: Annotated[Label, doc("Schedule whose hours count; empty for the ticket's own")]
    event_id: EventId


class SlaTargetRow(Row, frozen=True, gc=False):
    """Targets of service level policies: one row per policy version, metric and priority."""

    TABLE: ClassVar[str] = "sla_target"
    KEY: ClassVar[int] = 4
    ENTITY: ClassVar[Owner] = "setting"
    policy_id: PolicyId
    valid_from: ValidFrom
    metric: Annotated[Label, doc("first_reply, next_reply, resolution, requester_wait or agent_work")]
    priority: Annotated[Label, doc("Priority that it is for; empty for any other")]
    target_s: Annotated[int, doc("Seconds that the clock may run")]
    is_business: Annotated[bool, doc("1 where only hours of the schedule count")]
    event_id: EventId
