"""Service level policies: which of them is for a ticket at a moment, and how long each of its clocks may run."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from streams.core.events import SlaPolicySet

METRICS = ("first_reply", "next_reply", "resolution", "requester_wait", "agent_work")
SECOND = 1_000_000


class Limit(msgspec.Struct, frozen=True, array_like=True):
    """Target time of one clock (microseconds) for one priority, or ('') for any that has none of its own."""

    metric: str
    priority: str
    duration: int
    is_business: bool


class Subject(NamedTuple):
    """The facts that a policy looks at, as they stand at the moment."""

    account_id: str
    channel: str
    group_id: str
    priority: str
    topic: str


class SlaPolicy(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One version of one policy, in order of who decides first; an empty list in `match` takes any value."""

    position: int
    policy_id: str
    valid_from: int
    version: str
    is_active: bool
    schedule_id: str
    match: tuple[tuple[str, ...], ...]
    limits: tuple[Limit, ...]

    @property
    def names_accounts(self) -> bool:
        return bool(self.match[0])

    def takes(self, subject: Subject) -> bool:
        return all(not allowed or value in allowed for allowed, value in zip(self.match, subject, strict=True))

    def limit(self, metric: str, priority: str) -> Limit | None:
        found = {limit.priority: limit for limit in self.limits if limit.metric == metric}
        return found.get(priority) or found.get("")


def policy(event: SlaPolicySet) -> SlaPolicy:
    match = event.match
    return SlaPolicy(
        event.position,
        event.policy_id,
        event.valid_from,
        event.policy_version,
        event.is_active,
        event.schedule_id or "",
        (match.account_ids, match.channels, match.groups, match.priorities, match.topics),
        tuple(Limit(each.metric, each.priority, each.target_s * SECOND, each.business_hours) for each in event.targets),
    )


def chosen(policies: Iterable[SlaPolicy], subject: Subject) -> SlaPolicy | None:
    """The first policy that takes the ticket: it decides alone, even about a clock that it sets no limit for."""
    return next((each for each in policies if each.takes(subject)), None)
