"""Settings as far as streams apply them: each holds from its `valid_from` on, by an event's own time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import msgspec

from streams.core.billing.choices import PROFILES, SHIPPED, MrrPolicy, parse, profile_of
from streams.core.clock.schedule import DEFAULT, Schedule, calendars, schedules
from streams.core.clock.worktime import Calendar
from streams.core.events import HealthModelSet, HolidaySet, PolicySet, RiskRuleSet, ScheduleSet, SlaPolicySet
from streams.core.health.choices import variant_of
from streams.core.health.model import Variant, by_model
from streams.core.health.shipped import SHIPPED_VARIANTS
from streams.core.risk import choices as risk
from streams.core.risk.choices import RiskRule
from streams.core.risk.episodes import Terms
from streams.core.settings import Ruling, in_force, standing
from streams.core.support import sla_policy
from streams.core.support.sla_policy import SlaPolicy

FOLLOWUP_TARGET = "followup_target_seconds"
SLA_AT_RISK = "sla_at_risk_seconds"
HOUR = 3600


class Policy(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One version of one policy; `valid_from` in microseconds, `version` as its author named it."""

    valid_from: int
    version: str
    value: int


_SHIPPED_MRR = {profile: MrrPolicy(profile, 0, "default", SHIPPED[profile]) for profile in PROFILES}
DEFAULT_FOLLOWUP = Policy(valid_from=0, version="default", value=48 * HOUR)
DEFAULT_AT_RISK = Policy(valid_from=0, version="default", value=HOUR)


class Override(msgspec.Struct, frozen=True):
    """Another value for a policy, to ask what would have been: in one version, or in all where `version` is empty."""

    policy: str
    value: int
    version: str = ""


class Rules(msgspec.Struct, frozen=True, dict=True):
    """The settings in force over time. Equal rules have equal fingerprints."""

    followup: tuple[Policy, ...] = (DEFAULT_FOLLOWUP,)
    mrr: tuple[MrrPolicy, ...] = ()
    """Versions of MRR policies, in order; what is shipped holds before the first of each profile."""
    at_risk: tuple[Policy, ...] = (DEFAULT_AT_RISK,)
    schedules: tuple[Schedule, ...] = ()
    sla: tuple[SlaPolicy, ...] = ()
    health: tuple[Variant, ...] = ()
    """Variants of models of health that were set; what is shipped holds beside them until one of its name is set."""
    risk: tuple[RiskRule, ...] = ()
    """Versions of rules of risk; what is shipped holds before the first of each."""

    def mrr_policies(self, profile: str) -> tuple[MrrPolicy, ...]:
        """Versions of one MRR policy in order of time; the first holds from the beginning."""
        if not self.mrr:
            return (_SHIPPED_MRR[profile],)
        return (_SHIPPED_MRR[profile], *(policy for policy in self.mrr if policy.profile == profile))

    @cached_property
    def mrr_by_profile(self) -> list[tuple[MrrPolicy, ...]]:
        """Versions of every MRR policy, in order of PROFILES."""
        return [self.mrr_policies(profile) for profile in PROFILES]

    @cached_property
    def mrr_policies_agree(self) -> bool:
        """Return whether every MRR policy has one version, of the same name."""
        first = self.mrr_by_profile[0][0].version
        return all(len(versions) == 1 and versions[0].version == first for versions in self.mrr_by_profile)

    def followup_target(self, at: int) -> Policy:
        """The detractor follow-up target (value in seconds) that held at `at` (microseconds)."""
        return _held(self.followup, at)

    def at_risk_time(self, at: int) -> Policy:
        """Return the remaining time (value in seconds) at which a service level clock is at risk, as of `at`."""
        return _held(self.at_risk, at)

    @cached_property
    def calendars(self) -> dict[str, Calendar]:
        return calendars(self.schedules)

    def calendar(self, schedule_id: str, at: int) -> Calendar | None:
        """A schedule ('' for the default one), None where its hours at `at` (microseconds) are not known."""
        calendar = self.calendars.get(schedule_id or DEFAULT)
        return calendar if calendar is not None and calendar.since <= at else None

    @cached_property
    def sla_moments(self) -> list[int]:
        """Return when any service level policy changes, in order (microseconds)."""
        return sorted({policy.valid_from for policy in self.sla})

    @cached_property
    def sla_goals(self) -> dict[tuple[object, ...], Any]:
        """Return the goals already computed for tickets that policies cannot tell apart, to be filled."""
        return {}

    @cached_property
    def sla_hours(self) -> dict[str, dict[str, Calendar]]:
        """Schedules that clocks of tickets go by, by the ticket's own schedule, to be kept."""
        return {}

    @cached_property
    def sla_names_accounts(self) -> bool:
        """Return whether any service level policy tells accounts apart."""
        return any(policy.names_accounts for policy in self.sla)

    @cached_property
    def _sla_versions(self) -> list[list[SlaPolicy]]:
        return [[], *(in_force(self.sla, at, attrgetter("policy_id")) for at in self.sla_moments)]

    def sla_policies(self, at: int) -> list[SlaPolicy]:
        """Service level policies in force at `at` (microseconds), in order of who decides."""
        return self._sla_versions[bisect_right(self.sla_moments, at)]

    @cached_property
    def health_moments(self) -> list[int]:
        """Return when any model of health changes, in order (microseconds)."""
        return sorted({variant.valid_from for variant in self.health})

    @cached_property
    def _health_versions(self) -> list[dict[str, list[Variant]]]:
        every = (*SHIPPED_VARIANTS, *self.health)
        return [by_model(every, at) for at in (0, *self.health_moments)]

    def health_models(self, at: int) -> dict[str, list[Variant]]:
        """Models of health in force at `at` (microseconds): their variants by model, in order of who decides."""
        return self._health_versions[bisect_right(self.health_moments, at)]

    @cached_property
    def risk_moments(self) -> list[int]:
        """Return when any rule of risk changes, in order (microseconds)."""
        return sorted({rule.valid_from for rule in self.risk})

    @cached_property
    def _risk_versions(self) -> list[dict[str, tuple[RiskRule, Terms]]]:
        versions = (*risk.SHIPPED, *self.risk)
        return [
            {each.rule_id: (each, each.terms) for each in in_force(versions, at, attrgetter("rule_id"))}
            for at in (0, *self.risk_moments)
        ]

    def risk_by_id(self, at: int) -> dict[str, tuple[RiskRule, Terms]]:
        """Return the rules of risk in force at `at` (microseconds) by id, with their terms; never changed."""
        return self._risk_versions[bisect_right(self.risk_moments, at)]

    def risk_rules(self, at: int) -> list[RiskRule]:
        """Return the rules of risk in force at `at` (microseconds), in order of their ids."""
        return [rule for rule, _ in self.risk_by_id(at).values()]

    def fingerprint(self) -> bytes:
        marks = msgspec.msgpack.encode(self.followup) + (msgspec.msgpack.encode(self.mrr) if self.mrr else b"")
        marks += msgspec.msgpack.encode(self.health) if self.health else b""
        if self.at_risk != (DEFAULT_AT_RISK,) or self.schedules or self.sla:
            marks += msgspec.msgpack.encode((self.at_risk, self.schedules, self.sla))
        return marks + msgspec.msgpack.encode({"risk": self.risk}) if self.risk else marks

    @cached_property
    def name(self) -> bytes:
        """Eight bytes that tell these rules from others."""
        return blake2b(self.fingerprint(), digest_size=8).digest()


def _held(policies: tuple[Policy, ...], at: int) -> Policy:
    if len(policies) == 1:
        return policies[0]
    starts = [policy.valid_from for policy in policies]
    return policies[max(0, bisect_right(starts, at) - 1)]


def rules_from(settings: Iterable[Ruling]) -> Rules:
    """Rules out of settings, in any order, repeated or not: per moment the highest in fold order stands."""
    stands = standing(settings)
    policies = [each for each in stands if isinstance(each, PolicySet)]
    return Rules(
        (DEFAULT_FOLLOWUP, *_policies(policies, FOLLOWUP_TARGET)),
        tuple(sorted(_mrr_policies(policies))),
        (DEFAULT_AT_RISK, *_policies(policies, SLA_AT_RISK)),
        schedules(
            [each for each in stands if isinstance(each, ScheduleSet)],
            [each for each in stands if isinstance(each, HolidaySet)],
        ),
        tuple(sorted(sla_policy.policy(each) for each in stands if isinstance(each, SlaPolicySet))),
        health=tuple(sorted(variant_of(each) for each in stands if isinstance(each, HealthModelSet))),
        risk=tuple(sorted(risk.rule(each) for each in stands if isinstance(each, RiskRuleSet))),
    )


def _policies(stands: Iterable[PolicySet], name: str) -> list[Policy]:
    return sorted(
        Policy(each.valid_from, each.policy_version, int(each.value)) for each in stands if each.policy == name
    )


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
