"""Versioned policies as far as streams apply them: each holds from its `valid_from` on, by an event's own time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import msgspec

from streams.core.billing.choices import PREFIX, PROFILES, SHIPPED, MrrPolicy, parse, profile_of
from streams.core.events import PolicySet

FOLLOWUP_TARGET = "followup_target_seconds"
HOUR = 3600


class Policy(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One version of one policy; `valid_from` in microseconds, `version` as its author named it."""

    valid_from: int
    version: str
    value: int


_SHIPPED_MRR = {profile: MrrPolicy(profile, 0, "default", SHIPPED[profile]) for profile in PROFILES}
DEFAULT_FOLLOWUP = Policy(valid_from=0, version="default", value=48 * HOUR)


class Override(msgspec.Struct, frozen=True):
    """Another value for a policy, to ask what would have been: in one version, or in all where `version` is empty."""

    policy: str
    value: int
    version: str = ""


class Rules(msgspec.Struct, frozen=True):
    """The policies in force over time. Equal rules have equal fingerprints."""

    followup: tuple[Policy, ...] = (DEFAULT_FOLLOWUP,)
    mrr: tuple[MrrPolicy, ...] = ()
    """Versions of MRR policies, in order; what is shipped holds before the first of each profile."""

    def mrr_policies(self, profile: str) -> tuple[MrrPolicy, ...]:
        """Versions of one MRR policy in order of time; the first holds from the beginning."""
        if not self.mrr:
            return (_SHIPPED_MRR[profile],)
        return (_SHIPPED_MRR[profile], *(policy for policy in self.mrr if policy.profile == profile))

    def followup_target(self, at: int) -> Policy:
        """The detractor follow-up target (value in seconds) that held at `at` (microseconds)."""
        if len(self.followup) == 1:
            return self.followup[0]
        starts = [policy.valid_from for policy in self.followup]
        return self.followup[max(0, bisect_right(starts, at) - 1)]

    def fingerprint(self) -> bytes:
        return msgspec.msgpack.encode(self.followup) + (msgspec.msgpack.encode(self.mrr) if self.mrr else b"")


def rules_from(settings: Iterable[PolicySet]) -> Rules:
    """Rules out of policy events, in any order, repeated or not: per moment the highest in fold order stands."""
    chosen: dict[tuple[str, int], tuple[tuple[int, int, str], PolicySet]] = {}
    for each in settings:
        if each.policy != FOLLOWUP_TARGET and not each.policy.startswith(PREFIX):
            continue
        place = (-1 if each.entity_version is None else each.entity_version, each.occurred_at, each.event_id)
        meant = (each.policy, each.valid_from)
        if meant not in chosen or chosen[meant][0] < place:
            chosen[meant] = (place, each)
    stands = [each for _, each in chosen.values()]
    followup = sorted(
        Policy(each.valid_from, each.policy_version, int(each.value))
        for each in stands
        if each.policy == FOLLOWUP_TARGET
    )
    return Rules((DEFAULT_FOLLOWUP, *followup), tuple(sorted(_mrr_policies(stands))))


def _mrr_policies(stands: Iterable[PolicySet]) -> Iterator[MrrPolicy]:
    for each in stands:
        profile = profile_of(each.policy)
        if profile is not None:
            yield MrrPolicy(profile, each.valid_from, each.policy_version, parse(profile, each.value))


def overridden(rules: Rules, overrides: Iterable[Override]) -> Rules:
    """Rules with other values, each from when its version holds. Raises KeyError for what is not there to override."""
    policies = list(rules.followup)
    for each in overrides:
        meant = [at for at, policy in enumerate(policies) if each.version in ("", policy.version)]
        if each.policy != FOLLOWUP_TARGET or not meant:
            raise KeyError(each.policy if each.policy != FOLLOWUP_TARGET else each.version)
        for at in meant:
            policies[at] = Policy(policies[at].valid_from, policies[at].version, each.value)
    return msgspec.structs.replace(rules, followup=tuple(policies))
