"""Judge what a promotion, the way back or a drop would do, and why it may not be: nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra import stillness, upgrading, wiring
from sinks import generations, promotion, replays
from sinks.generations import GenerationError

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.replays import Replay

_SHOWN = 12


class PromotionError(Exception):
    """Refuse what is not to be done; the message is one sentence with the remedy."""


class Looked(msgspec.Struct, frozen=True):
    """Hold what a comparison leaves in the audit log: what it was of, and the SHA-256 of its summary."""

    content: str
    current: str
    summary: str
    equal: bool


class Promotion(msgspec.Struct, frozen=True):
    """A generation that may be served instead of the current one; ``served`` when it is already.

    ``serves`` is what the views read from then, empty while that is not made: a repair is served as part of a copy of
    the current one. ``state`` names the workers' state that it brings, empty where they go on with theirs.
    """

    generation: str
    kind: str
    plan_hash: str
    accounts: int
    current: str
    served: bool = False
    serves: str = ""
    workers: tuple[str, ...] = ()
    state: str = ""


class WayBack(msgspec.Struct, frozen=True):
    """The generation served before, and how many rows of live workers go there; ``done`` when it is finished.

    ``other_release`` tells that its workers are of another release: they take in again, and by themselves, the
    ``records`` that came since; no row goes there.
    """

    current: str
    former: str
    rows: int = 0
    done: bool = False
    workers: tuple[str, ...] = ()
    other_release: bool = False
    records: int = 0


def content(replay: Replay) -> str:
    """Return what changes whenever the generation is filled anew: a look at it counts for this content only."""
    return f"{replay.plan_hash}:{replay.revision}"


def promotion_of(told: Settings, here: Settings, client: Client, generation: str, *, accept: bool) -> Promotion:
    """Return what promoting the generation would be. Raises PromotionError or GenerationError."""
    warehouse = wiring.warehouse(here)
    known = replays.state(client, warehouse, generation)
    order = promotion.served(client, warehouse)
    if generation not in order.order and known is not None and known.state == "dropped":
        raise PromotionError(f"{generation} was dropped: run its plan again, which makes another generation")
    generations.require(client, warehouse, generation)
    made = promotion.merges(client, warehouse, generation)
    if generation == order.current or any(each.generation == order.current for each in made):
        kind, plan_hash = (known.kind, known.plan_hash) if known else ("rebuild", "")
        accounts, current = len(known.accounts) if known else 0, order.current
        return Promotion(generation, kind, plan_hash, accounts, current, served=True, serves=current)
    if generation in order.order:
        raise PromotionError(f"{generation} was served before: `cx replay back` goes back to it")
    if known is None:
        raise PromotionError(f"{generation} was not filled by a replay: `cx replay list` says how it stands")
    _require_filled(known)
    if generation in order.taken_back:
        raise PromotionError(
            f"{generation} was served and taken back, and lacks what came since: plan and run a replay anew"
        )
    state = _own_state(told, here, client, known, order.order)
    if not accept:
        _require_looked_at(client, here, known, order.current)
    if not (ours := stillness.ours(told)):
        stillness.require_nobody(here)
    return Promotion(
        generation,
        known.kind,
        known.plan_hash,
        len(known.accounts),
        order.current,
        workers=tuple(ours),
        state=state,
    )


def _own_state(told: Settings, here: Settings, client: Client, known: Replay, order: tuple[str, ...]) -> str:
    """Return the name of the state that a generation has to bring, as what is served goes with another format."""
    if upgrading.state_of(here, client, order).format == upgrading.FORMAT:
        return ""
    if known.kind != "rebuild":
        raise PromotionError(
            f"{order[-1]} is written by a release that keeps state otherwise, and a {known.kind} is no rebuild of"
            " everything: cx runbook upgrade says how to go on"
        )
    stillness.require_handover(told)
    return upgrading.name_of(known.generation)


def _require_filled(known: Replay) -> None:
    name, plan = known.generation, known.plan_hash[:_SHOWN]
    if known.kind == "what-if":
        raise PromotionError(f"{name} is a what-if: it is there to be compared and is never served")
    if known.kind == "merge":
        repair = promotion.merged_of(known).repair
        raise PromotionError(f"{name} is part of promoting {repair}: use `cx replay promote {repair}`")
    if known.under_way:
        raise PromotionError(f"{name} is being filled ({known.actor}): wait until it is")
    if known.state == "running":
        raise PromotionError(f"the run that fills {name} was cut short: run plan {plan} again, it goes on from there")
    if known.state == "failed":
        raise PromotionError(f"the run that fills {name} failed ({known.detail}): run plan {plan} again")


def _require_looked_at(client: Client, here: Settings, known: Replay, current: str) -> None:
    looks = replays.audited(client, wiring.warehouse(here), action="diff", generation=known.generation, limit=20)
    for look in looks:
        found = msgspec.json.decode(look.detail, type=Looked) if look.outcome == "done" else None
        if found is not None and (found.content, found.current) == (content(known), current):
            return
    raise PromotionError(
        f"nobody has compared {known.generation} as it is now with {current}: run `cx replay diff {known.generation}`"
        " first, or give --accept-differences"
    )


def way_back(told: Settings, here: Settings, client: Client) -> WayBack:
    """Return where the way back leads. Raises PromotionError where there is none."""
    warehouse = wiring.warehouse(here)
    order = promotion.served(client, warehouse)
    if order.former is None:
        raise PromotionError(f"there is no way back: nothing was served before {order.current}")
    if order.former not in generations.names(client, warehouse):
        raise PromotionError(f"there is no way back: {order.former}, which was served before, was dropped")
    if not (ours := stillness.ours(told)):
        stillness.require_nobody(here)
    if upgrading.state_of(here, client, order.order[:-1]).format != upgrading.FORMAT:  # whose own workers carry on
        stillness.require_handover(told)
        return WayBack(order.current, order.former, workers=tuple(ours), other_release=True)
    rows = promotion.live_rows(client, order.current, blocks(client, here, order.current))
    return WayBack(order.current, order.former, rows, workers=tuple(ours))


def blocks(client: Client, here: Settings, generation: str) -> dict[str, int]:
    """Return the newest blocks that a merged generation began with; nothing for any other one."""
    known = replays.state(client, wiring.warehouse(here), generation)
    return promotion.merged_of(known).blocks if known is not None and known.kind == "merge" else {}


def droppable(here: Settings, client: Client, generation: str, *, for_good: bool) -> Replay | None:
    """Return what is known of a generation that may be dropped, one that was served only ``for_good``.

    Raises PromotionError or GenerationError.
    """
    warehouse = wiring.warehouse(here)
    known = replays.state(client, warehouse, generation)
    if known is None:
        generations.require(client, warehouse, generation)
    elif known.under_way:
        raise PromotionError(f"{generation} is being filled ({known.actor}): stop that first")
    order = promotion.served(client, warehouse)
    if generation == order.current:
        raise GenerationError(f"{generation} is what the views read from; promote another one first")
    if generation in order.order and not for_good:
        raise PromotionError(
            f"{generation} was served before, and without it there is no way back: --no-way-back drops it even so"
        )
    return known
