"""Makes a plan: what is asked for, held against the log, the policies and the tables as they are now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infra import wiring
from infra.replaying import code, estimates
from infra.replaying.place import deployment, ends, events_topics, remembered
from sinks import replays
from streams.core.rules import FOLLOWUP_TARGET, Override, Rules, overridden
from streams.live.worker.policies import PolicyWatch
from streams.replay import accounts as by_key
from streams.replay import ranges
from streams.replay.errors import PlanError
from streams.replay.plan import Cost, Kind, Plan, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from infra.settings import Settings
    from streams.replay.log import Bounds, KafkaLog, Place


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `cx replay plan`; `kind` None lets the others say it."""

    kind: Kind | None = None
    asked: ranges.Asked = ranges.Asked()
    accounts: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    python: str = ""

    @property
    def some(self) -> bool:
        """Tell whether only some accounts are meant."""
        return bool(self.accounts) or self.asked.anything


def kind_of(wish: Wish) -> Kind:
    """Return the kind that the options amount to. Raises PlanError where they contradict the one that is given."""
    other = bool(wish.policies) or bool(wish.python)
    derived = Kind.WHAT_IF if other else Kind.REPAIR if wish.some else Kind.REBUILD
    kind = wish.kind or derived
    if kind is not Kind.WHAT_IF and other:
        raise PlanError(f"a {kind} runs the policies and the code as they are: leave out --policy and --python")
    if kind is Kind.WHAT_IF and not other:
        raise PlanError("a what-if needs something to be otherwise: give --policy NAME=VALUE@VERSION or --python PATH")
    if kind is Kind.REPAIR and not wish.some:
        raise PlanError("a repair needs to know what: give --account, or a range with --topic, --from and --to")
    if kind is Kind.REBUILD and wish.some:
        raise PlanError("a rebuild reads everything: leave the range and the accounts out, or plan a repair")
    return kind


def make(settings: Settings, wish: Wish, processes: int, show: Callable[[str], None] = lambda _: None) -> Plan:
    """Return the plan of a wish, having changed nothing. Raises PlanError, EngineStopped, LogError or Unreachable."""
    kind = kind_of(wish)
    fingerprint = code.of(wish.python)
    wiring.layout(settings).require()
    with wiring.replay_log(settings) as log:
        show("looking at the log")
        topics = events_topics(settings, sparse=wish.some)
        bounds = log.bounds(topics)
        ranges.whole(bounds)
        until = ends(settings, bounds)
        overrides = policies(settings, wish.policies)
        everything = [
            Stretch(topic=topic, partition=number, start=0, end=end) for (topic, number), end in sorted(until.items())
        ]
        accounts, stretches, share = _scope(settings, wish, log, bounds, everything, show)
        known = deployment(settings, log, topics)
    if not share.records:
        raise PlanError("there is nothing to read: the workers have not taken in a single event")
    _refuse_erased(settings, accounts)
    show("asking the tables")
    rows = estimates.rows(settings, share, until, sparse=wish.some)
    seconds = estimates.seconds(settings, share, processes)
    return Plan(
        kind=kind,
        deployment=known,
        stretches=tuple(stretches),
        accounts=tuple(sorted(accounts)),
        overrides=overrides,
        python=str(Path(wish.python).absolute()) if wish.python else "",
        code=fingerprint,
        cost=Cost(records=share.records, passed_over=share.passed_over, bytes=share.bytes, rows=rows, seconds=seconds),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _scope(
    settings: Settings,
    wish: Wish,
    log: KafkaLog,
    bounds: Mapping[Place, Bounds],
    everything: Sequence[Stretch],
    show: Callable[[str], None],
) -> tuple[set[str], Sequence[Stretch], by_key.Share]:
    """Return the accounts that are meant, none for all, and what is to be read for them."""
    if not wish.some:
        return set(), everything, by_key.weighed(log, everything)
    accounts = set(wish.accounts)
    if wish.asked.anything:
        places = ranges.chosen(wish.asked, bounds, settings.topic_prefix)
        within = ranges.stretches(wish.asked, places, bounds, log, wiring.clock())
        show(f"reading the keys of {sum(each.records for each in within):,} records in the range")
        accounts |= by_key.keys_in(log, within)
        if not accounts:
            raise PlanError("no event lies in that range: there is nothing to repair")
    stored = sum(each.records for each in everything)
    show(f"looking for {len(accounts):,} account{'s' * (len(accounts) != 1)} in {stored:,} records")
    stretches, share, found = by_key.narrowed(log, everything, accounts)
    if unknown := sorted(set(wish.accounts) - found):
        raise PlanError(f"no event speaks of {_listed(unknown)}: check the spelling, capitals count")
    return accounts & found, stretches, share


def policies(settings: Settings, texts: Iterable[str]) -> tuple[Override, ...]:
    """Read NAME=VALUE or NAME=VALUE@VERSION. Raises PlanError for a policy or version that there is not."""
    overrides = tuple(override(text) for text in texts)
    if overrides:
        rules = rules_in_force(settings)
        for each in overrides:
            _known(each, rules)
    return overrides


def override(text: str) -> Override:
    name, equals, rest = text.partition("=")
    value, _, version = rest.partition("@")
    if not equals or not name:
        raise PlanError(f"--policy {text!r} is not NAME=VALUE@VERSION, as in {FOLLOWUP_TARGET}=86400@default")
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 2**31):
        raise PlanError(f"--policy {text!r}: {value!r} is no whole number of seconds above 0")
    if name != FOLLOWUP_TARGET:
        raise PlanError(f"there is no policy {name!r} that streams apply: there is {FOLLOWUP_TARGET}")
    return Override(name, int(value), version)


def _known(each: Override, rules: Rules) -> None:
    try:
        overridden(rules, [each])
    except KeyError as error:
        versions = ", ".join(policy.version for policy in rules.followup)
        raise PlanError(f"policy {each.policy} has no version {each.version!r}: there are {versions}") from error


def rules_in_force(settings: Settings) -> Rules:
    watch = PolicyWatch(wiring.engine_settings(settings), f"{settings.topic_prefix}config", wiring.codec(settings))
    try:
        return watch.load()
    finally:
        watch.close()


def _refuse_erased(settings: Settings, accounts: set[str]) -> None:
    with remembered(settings) as client:
        erased = replays.erased(client, wiring.warehouse(settings), sorted(accounts))
    if erased:
        names = sorted({each.account_id for each in erased})
        raise PlanError(f"the plan would read erased subjects of {_listed(names)}: what is erased is not replayed")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5:,} more"  # noqa: PLR2004 - as many as are shown
