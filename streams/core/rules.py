"""Versioned policies as far as streams apply them: each holds from its `valid_from` on, by an event's own time."""

from bisect import bisect_right
from collections.abc import Iterable

import msgspec

from streams.core.events import PolicySet

FOLLOWUP_TARGET = "followup_target_seconds"
HOUR = 3600


class Policy(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One version of one policy; `valid_from` in microseconds, `version` as its author named it."""

    valid_from: int
    version: str
    value: int


DEFAULT_FOLLOWUP = Policy(valid_from=0, version="default", value=48 * HOUR)


class Override(msgspec.Struct, frozen=True):
    """Another value for a policy, to ask what would have been: in one version, or in all where `version` is empty."""

    policy: str
    value: int
    version: str = ""


class Rules(msgspec.Struct, frozen=True):
    """The policies in force over time. Equal rules have equal fingerprints."""

    followup: tuple[Policy, ...] = (DEFAULT_FOLLOWUP,)

    def followup_target(self, at: int) -> Policy:
        """The detractor follow-up target (value in seconds) that held at `at` (microseconds)."""
        if len(self.followup) == 1:
            return self.followup[0]
        starts = [policy.valid_from for policy in self.followup]
        return self.followup[max(0, bisect_right(starts, at) - 1)]

    def fingerprint(self) -> bytes:
        return msgspec.msgpack.encode(self.followup)


def rules_from(settings: Iterable[PolicySet]) -> Rules:
    """Rules out of policy events, in any order, repeated or not: per moment the highest in fold order stands."""
    chosen: dict[int, tuple[tuple[int, int, str], Policy]] = {}
    for each in settings:
        if each.policy != FOLLOWUP_TARGET:
            continue
        place = (-1 if each.entity_version is None else each.entity_version, each.occurred_at, each.event_id)
        if each.valid_from not in chosen or chosen[each.valid_from][0] < place:
            policy = Policy(each.valid_from, each.policy_version, int(each.value))
            chosen[each.valid_from] = (place, policy)
    versions = sorted(policy for _, policy in chosen.values())
    return Rules((DEFAULT_FOLLOWUP, *versions)) if versions else Rules()


def overridden(rules: Rules, overrides: Iterable[Override]) -> Rules:
    """Rules with other values, each from when its version holds. Raises KeyError for what is not there to override."""
    policies = list(rules.followup)
    for each in overrides:
        meant = [at for at, policy in enumerate(policies) if each.version in ("", policy.version)]
        if each.policy != FOLLOWUP_TARGET or not meant:
            raise KeyError(each.policy if each.policy != FOLLOWUP_TARGET else each.version)
        for at in meant:
            policies[at] = Policy(policies[at].valid_from, policies[at].version, each.value)
    return Rules(tuple(policies))
