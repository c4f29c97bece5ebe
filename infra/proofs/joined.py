"""Two real data sets as one company's: rows of health and risk beside what is recounted from rows beneath them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from infra.proof import Finding
from infra.proofs import recount, recount_risk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickhouse_driver import Client

    from infra.proofs.recount import Row, Rows

FOLDER = Path(__file__).parent
HELP_DESK = FOLDER / "helpdesk_italian.yaml"
RECEIVABLES = FOLDER / "joined_receivables.yaml"
"""Also has the map of accounts and the settings."""
HEALTH = (
    "account_id", "model_id", "at", "variant_id", "model_version", "score", "coverage", "band", "disagreement",
    "override", "changed_by", "components", "signals", "raws", "component_values", "weights", "contributions",
)  # fmt: skip
"""Columns of account_health that are compared; evidence and the event's name are none of them."""
EPISODES = (
    "account_id", "rule_id", "since", "rule_version", "opened_at", "noticed_at", "severity", "rose_at", "reopened",
    "closed_at", "reason",
)  # fmt: skip
"""Columns of risk_episode that are compared: all but names of episodes and events."""
HEALTH_ROWS, EPISODE_ROWS = 10_710, 3_305
"""Rows to find in the whole of both sets: a recount of nothing would agree with nothing."""
LIVE = "is_known = 0"
"""Rows as corrected; when the broker had what is told by when an import was run."""
TIMES = frozenset(
    ("at", "since", "opened_at", "noticed_at", "rose_at", "closed_at", "removed_at", "from_at", "until_at",
     "fulfilled_at", "breached_at", "ingested_at", "due_at")
)  # fmt: skip
RAW_DIGITS = 6
"""Digits of what components read: the product divides in floating point."""

Line = tuple[Any, ...]


class Counted(msgspec.Struct, frozen=True):
    """Rows of health and of risk, in lines that can be compared."""

    health: frozenset[Line]
    episodes: frozenset[Line]


def find(client: Client, passed: int) -> list[Finding]:
    """Ask for all rows and recount; each finding has the rows that were recounted, those found, and how many differ."""
    silent = {table: client.execute(f"SELECT count() FROM {table}")[0][0] for table in recount.SILENT_TABLES}  # noqa: S608
    if any(silent.values()):
        raise ValueError(f"nobody counts here what {silent} say")
    base = {table: _asked(client, table, columns) for table, columns in recount.TABLES.items()}
    wanted = recounted(base, passed)
    shown = told(_asked(client, "account_health", HEALTH, LIVE), _asked(client, "risk_episode", EPISODES, LIVE))
    pairs = (
        ("rows of health", HEALTH_ROWS, wanted.health, shown.health),
        ("stretches of risk", EPISODE_ROWS, wanted.episodes, shown.episodes),
    )
    return [
        Finding(
            "joined",
            "imported",
            f"{what}: recounted, found, in one of the two alone",
            [[figure, figure, 0]],
            [[len(one), len(other), len(one ^ other)]],
        )
        for what, figure, one, other in pairs
    ]


def standing(client: Client) -> list[Any]:
    """Return what goes on changing while rows of health still come."""
    tables = ("event", "sla_instance", "account_health", "risk_episode")
    return [client.execute(f"SELECT count(), groupBitXor(cityHash64(*)) FROM {table}") for table in tables]  # noqa: S608


def _asked(client: Client, table: str, columns: Iterable[str], where: str = "1") -> list[dict[str, Any]]:
    """Return rows of a table by column, times as microseconds."""
    names = list(columns)
    said = ", ".join(f"toUnixTimestamp64Micro({each})" if each in TIMES else each for each in names)
    query = f"SELECT {said} FROM {table} WHERE {where}"  # noqa: S608
    return [dict(zip(names, row, strict=True)) for row in client.execute(query)]


def settings() -> list[dict[str, Any]]:
    """Return the events that are sent once, as the mapping's YAML says."""
    found: list[dict[str, Any]] = msgspec.yaml.decode(RECEIVABLES.read_bytes())["once"]
    return found


def recounted(rows: Rows, passed: int) -> Counted:
    """Count health and episodes of all accounts from the rows of `recount.TABLES`."""
    told, health, episodes = settings(), set[Line](), set[Line]()
    models, rules = recount.models(told), recount_risk.rules(told)
    accounts = recount.base(rows)
    while accounts:  # what one has read is kept with it: no two at a time
        account_id, account = accounts.popitem()
        said = {model.model_id: recount.scores(account, model, passed) for model in models}
        health |= {_score(account_id, each) for every in said.values() for each in every}
        for rule in rules:
            every = recount_risk.stretches(account, rule, said.get(rule.model_id, ()), passed)
            episodes |= {_stretch(account_id, each) for each in every}
    return Counted(frozenset(health), frozenset(episodes))


def told(health: Iterable[Row], episodes: Iterable[Row]) -> Counted:
    """Return what the product's rows say; values with as many digits as the recount has."""
    return Counted(
        frozenset(_told(each) for each in health),
        frozenset(tuple(each[name] for name in EPISODES) for each in episodes),
    )


def _told(row: Row) -> Line:
    return (
        *(row[name] for name in ("account_id", "model_id", "at", "variant_id", "model_version")),
        _whole(row["score"], recount.POINT),
        _whole(row["coverage"], recount.WHOLE),
        row["band"],
        row["disagreement"],
        row["override"],
        bool(row["changed_by"]),
        *(tuple(row[name]) for name in ("components", "signals")),
        tuple(None if each is None else round(each, RAW_DIGITS) for each in row["raws"]),
        tuple(_whole(each, recount.POINT) for each in row["component_values"]),
        tuple(_whole(each, recount.WHOLE) for each in row["weights"]),
        tuple(_whole(each, recount.POINT) for each in row["contributions"]),
    )


def _whole(value: float | None, scale: int) -> int | None:
    return None if value is None else round(value * scale)


def _score(account_id: str, each: recount.Score) -> Line:
    model, found = each.model, each.found
    return (
        account_id,
        model.model_id,
        each.at,
        model.variant_id,
        model.version,
        found.score,
        found.coverage,
        found.band,
        found.disagreement,
        "",
        each.is_fact,
        tuple(component.name for component in model.components),
        tuple(component.signal for component in model.components),
        tuple(None if raw is None else round(float(raw), RAW_DIGITS) for raw, _ in found.parts),
        tuple(value for _, value in found.parts),
        each.weights,
        each.contributions,
    )


def _stretch(account_id: str, each: recount_risk.Stretch) -> Line:
    return (
        account_id,
        each.rule.rule_id,
        each.since,
        each.rule.version,
        each.opened_at,
        each.noticed_at,
        recount_risk.SEVERITIES[each.severity],
        each.rose_at,
        each.reopened,
        each.closed_at,
        "" if each.closed_at is None else each.rule.reason,
    )
