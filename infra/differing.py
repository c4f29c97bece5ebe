"""`cx replay diff` and `list` from the wiring's side: a generation beside what is served, and how each stands."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from infra import judging, upgrading, wiring
from infra.judging import Looked, PromotionError
from infra.standing import Watch
from sinks import admitted, compare, generations, promotion, replays

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.admitted import Turned
    from sinks.compare import Difference
    from sinks.promotion import Served
    from sinks.replays import Replay


class Diff(msgspec.Struct, frozen=True):
    """A generation beside the one that is served.

    ``accounts`` is how many were compared, 0 for all; ``behind`` how many records the workers have taken in since the
    generation was filled, None where that cannot be told. ``refused`` are records that are served and that the
    generation has as dead letters, ``admitted`` the other way round; a comparison of some accounts has neither.
    """

    generation: str
    compared_with: str
    kind: str
    accounts: int
    records: int
    behind: int | None
    equal: bool
    summary: str
    tables: tuple[Difference, ...]
    refused: tuple[Turned, ...] = ()
    admitted: tuple[Turned, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """Tell how one generation stands; ``records`` of ``total`` were read into it, ``bytes`` lie on disk."""

    generation: str
    kind: str
    state: str
    accounts: int
    records: int
    total: int
    bytes: int
    plan: str
    begun_at: str
    actor: str
    detail: str


def diff(here: Settings, generation: str = "") -> Diff:
    """Compare a generation, or the newest that is not served, with the one that is; a look is written down.

    Raises PromotionError or GenerationError.
    """
    warehouse = wiring.warehouse(here)
    with wiring.clickhouse(here) as client:
        order = promotion.served(client, warehouse)
        name = generation or _newest(client, here, order)
        generations.require(client, warehouse, name)
        if name == order.current:
            raise PromotionError(f"{name} is what is served: name the generation to compare with it")
        known = replays.state(client, warehouse, name)
        accounts = known.accounts if known else ()
        across = not upgrading.foreign(here, client).isdisjoint((order.current, name))
        tables = tuple(compare.compare(client, order.current, name, accounts=accounts, two_releases=across))
        found = Diff(
            generation=name,
            compared_with=order.current,
            kind=known.kind if known else "served",
            accounts=len(accounts),
            records=known.records if known else 0,
            behind=_behind(here, known),
            equal=all(each.equal for each in tables),
            summary=summary(tables),
            tables=tables,
            refused=() if accounts else admitted.refused(client, order.current, name),
            admitted=() if accounts else admitted.refused(client, name, order.current),
        )
        _note(client, here, found, known)
    return found


def summary(tables: tuple[Difference, ...]) -> str:
    """Return the SHA-256 of what differs, table by table; examples left out."""
    told = [(each.table, each.rows, each.missing, each.extra, each.changed, each.columns) for each in tables]
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def _newest(client: Client, here: Settings, order: Served) -> str:
    known = [each for each in replays.listed(client, wiring.warehouse(here)) if each.kind != "merge"]
    found = [each.generation for each in known if each.state != "dropped" and each.generation not in order.order]
    if not found:
        raise PromotionError("there is nothing to compare: fill a generation with `cx replay plan` and `cx replay run`")
    return found[-1]


def _behind(here: Settings, known: Replay | None) -> int | None:
    if known is None or known.kind != "rebuild":
        return None
    watch = Watch(here)
    try:
        return max(0, sum(watch.taken().values()) - known.records)
    finally:
        watch.close()


def _note(client: Client, here: Settings, found: Diff, known: Replay | None) -> None:
    look = Looked(
        judging.content(known) if known else "", found.compared_with, summary=found.summary, equal=found.equal
    )
    replays.audit(
        client,
        wiring.warehouse(here),
        "diff",
        "done",
        generation=found.generation,
        plan_hash=known.plan_hash if known else "",
        detail=msgspec.json.encode(look).decode(),
    )


def listed(here: Settings) -> list[Standing]:
    """Return how every generation stands that exists, and every one that a replay left unfinished business of."""
    warehouse = wiring.warehouse(here)
    with wiring.clickhouse(here) as client:
        order = promotion.served(client, warehouse)
        there = generations.names(client, warehouse)
        known = {each.generation: each for each in replays.listed(client, warehouse)}
        sizes = dict(
            client.execute(
                "SELECT database, sum(bytes_on_disk) FROM system.parts WHERE active AND database IN %(names)s"
                " GROUP BY database",
                {"names": tuple(there)},
            )
        )
    return [_standing(name, known.get(name), order, int(sizes.get(name, 0))) for name in there]


def _standing(name: str, known: Replay | None, order: Served, size: int) -> Standing:
    if known is None:
        kind = "live" if name in order.order else "unknown"
        return Standing(name, kind, _state(name, None, order), 0, 0, 0, size, "", "", "", "")
    return Standing(
        name,
        known.kind,
        _state(name, known, order),
        len(known.accounts),
        known.records,
        known.total,
        size,
        known.plan_hash,
        known.begun_at,
        known.actor,
        known.detail,
    )


def _state(name: str, known: Replay | None, order: Served) -> str:
    """Return one word, or two: what can be done with a generation follows from it."""
    if name in order.order:
        return {order.current: "served", order.former: "former"}.get(name, "earlier")
    if name in order.taken_back:
        return "taken back"
    if known is None:
        return "unfinished"
    return "cut short" if known.state == "running" and not known.under_way else known.state
