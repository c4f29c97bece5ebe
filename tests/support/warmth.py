"""A toy of what ledgers are for: how warm an account is, out of its survey answers, tickets and invoices.

Each member adds points when it happens. Warmth fades by one point a day, towards nothing. An account that has cooled
raises a signal, and is watched: two days later that is escalated. Entities are those of the product, which hand points
over as well; one of them, the invoice, does so through another ledger. Two settings of the follow-up target stand for
two limits of warmth.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from string import ascii_letters
from typing import Any, ClassVar

import msgspec

from streams.core import routes
from streams.core.algebra import Signal, SortKey, derived_id
from streams.core.billing.collection import COLLECTION_LEDGER
from streams.core.columns import Row
from streams.core.declarations import Kinds, Ledger
from streams.core.entities import PREFIXES
from streams.core.limits import NEVER
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows_receivable import InvoiceRow
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rows_survey import FollowupCaseRow, ResponseRow
from streams.core.rows_ticket import TicketRow
from streams.core.rules import DEFAULT_FOLLOWUP
from streams.core.support.projection import TICKET
from streams.core.survey.response_rows import RESPONSE

DAY = 86_400_000_000
PATIENCE = 2 * DAY
MOST = 12
WARMTH, WATCH = sorted({*ascii_letters} - {*PREFIXES.values()})[-2:]
"""Letters that no kind of ours has."""


class WarmthStepRow(Row, frozen=True, gc=False):
    """Warmth from an entry on."""

    TABLE: ClassVar[str] = "toy_warmth_step"
    KEY: ClassVar[int] = 4
    account_id: str
    at: int
    kind: str
    member: str
    level: int


class WarmthRow(Row, frozen=True, gc=False):
    """Warmth of an account as it stands."""

    TABLE: ClassVar[str] = "toy_warmth"
    KEY: ClassVar[int] = 1
    account_id: str
    level: int
    is_cool: bool


class WatchRow(Row, frozen=True, gc=False):
    """A time since when an account was cool."""

    TABLE: ClassVar[str] = "toy_watch"
    KEY: ClassVar[int] = 2
    account_id: str
    at: int
    is_escalated: bool


ROWS = (WarmthStepRow, WarmthRow, WatchRow)


class Points(msgspec.Struct, frozen=True, array_like=True):
    at: int
    kind: str
    member: str
    points: int
    text: str = ""


class Warmth(msgspec.Struct, array_like=True):
    account: str = ""
    at: int = 0
    level: int = 0
    cause: str = ""


def points_key(entry: Points) -> SortKey:
    return entry.at, entry.kind, entry.member


def level_at(warmth: Warmth, at: int) -> int:
    days = max(at - warmth.at, 0) // DAY
    return max(warmth.level - days, 0) if warmth.level > 0 else min(warmth.level + days, 0)


def cooled_at(warmth: Warmth, scope: Scope) -> int:
    """When warmth is no more than the limit, NEVER where it is nobody's."""
    limit = 2 if scope.rules.followup_target(warmth.at) == DEFAULT_FOLLOWUP else 5
    return warmth.at + max(warmth.level - limit, 0) * DAY if warmth.cause else NEVER


def add_points(warmth: Warmth, entry: Points, scope: Scope, sealed: Outputs | None) -> None:
    cooled = cooled_at(warmth, scope)
    if sealed is not None and cooled < entry.at:
        watch(warmth, cooled, sealed)
    level = level_at(warmth, entry.at) + entry.points
    warmth.level, warmth.at = max(-MOST, min(level, MOST)), entry.at
    warmth.cause = f"{entry.kind}/{entry.member}/{entry.at}"
    if sealed is not None:
        sealed.rows.append(WarmthStepRow(warmth.account, entry.at, entry.kind, entry.member, warmth.level))


def show_warmth(warmth: Warmth, scope: Scope, outputs: Outputs) -> None:
    if not warmth.cause:
        return
    cooled = cooled_at(warmth, scope)
    is_cool = cooled <= max(scope.passed, warmth.at)
    outputs.rows.append(WarmthRow(warmth.account, level_at(warmth, scope.passed), is_cool))
    if is_cool:
        raised = Signal(derived_id(warmth.cause, "cooled"), "cooled", warmth.account, warmth.cause, cooled)
        outputs.signals[raised.signal_id] = raised
        watch(warmth, cooled, outputs)


def fades_at(warmth: Warmth, scope: Scope) -> int:
    """When the next day is over; NEVER once nothing is left to fade."""
    days = max(scope.passed - warmth.at, 0) // DAY
    return warmth.at + (days + 1) * DAY if level_at(warmth, scope.passed) else NEVER


class Cooled(msgspec.Struct, frozen=True, array_like=True):
    at: int
    cause: str


class Watched(msgspec.Struct, array_like=True):
    account: str = ""
    at: int = -1


def cooled_key(entry: Cooled) -> SortKey:
    return entry.at, entry.cause


def watch(warmth: Warmth, cooled: int, outputs: Outputs) -> None:
    outputs.entries[Handover(WATCH, "", (cooled, warmth.cause))] = Cooled(cooled, warmth.cause)


def take_cooled(watched: Watched, entry: Cooled, _scope: Scope, sealed: Outputs | None) -> None:
    if watched.at >= 0 and sealed is not None:
        is_over = entry.at - watched.at >= PATIENCE
        sealed.rows.append(WatchRow(watched.account, watched.at, is_over))
    watched.at = entry.at


def show_watched(watched: Watched, scope: Scope, outputs: Outputs) -> None:
    if watched.at < 0:
        return
    is_escalated = watched.at + PATIENCE <= scope.passed
    outputs.rows.append(WatchRow(watched.account, watched.at, is_escalated))
    if is_escalated:
        raised = Signal(
            derived_id(f"{watched.account}/{watched.at}", "escalated"), "escalated", watched.account, "", watched.at
        )
        outputs.signals[raised.signal_id] = raised


def escalates_at(watched: Watched, scope: Scope) -> int:
    at = watched.at + PATIENCE
    return at if watched.at >= 0 and at > scope.passed else NEVER


WARMTH_LEDGER = Ledger(
    prefix=WARMTH,
    entry=Points,
    accumulator=Warmth,
    apply=add_points,
    project=show_warmth,
    sort_key=points_key,
    start=lambda account, _name: Warmth(account),
    deadline=fades_at,
    depends_on_rules=True,
    keeps_end=True,
)
WATCH_LEDGER = Ledger(
    prefix=WATCH,
    entry=Cooled,
    accumulator=Watched,
    apply=take_cooled,
    project=show_watched,
    sort_key=cooled_key,
    start=lambda account, _name: Watched(account),
    deadline=escalates_at,
)


def points_in(rows: Sequence[Row]) -> Iterator[Points]:
    """Yield what the members of an account add, told by their rows. A missed follow-up and a breach come by time."""
    for row in rows:
        match row:
            case ResponseRow(nps=float(nps), submitted_at=int(at), status="submitted"):
                yield Points(at, "response", row.response_id, int(nps))
            case FollowupCaseRow(missed_at=int(at)):
                yield Points(at, "followup", row.response_id, -4)
            case TicketRow(opened_at=int(at)):
                yield Points(at, "ticket", row.ticket_id, 2)
            case SlaInstanceRow(breached_at=int(at)):
                yield Points(at, "breach", f"{row.ticket_id}/{row.metric}/{row.instance_no}", -3)
            case InvoiceRow(issued_at=int(at)):
                yield Points(at, "invoice", row.invoice_id, -2 if row.status == "open" else 5)
            case _:
                pass


def member(declared: Any, key_of: Callable[[Points], SortKey] = points_key) -> Any:
    """Return a reducer or a ledger of the product that hands points over as well."""

    def project(acc: Any, scope: Scope, outputs: Outputs) -> None:
        own = Outputs()
        declared.project(acc, scope, own)
        for entry in points_in(own.rows):
            own.entries[Handover(WARMTH, "", key_of(entry))] = entry
        outputs.rows.extend(own.rows)
        outputs.measures |= own.measures
        outputs.signals |= own.signals
        outputs.entries |= own.entries

    return replace(declared, project=project)


def without_stage(declared: Any) -> Any:
    """Return a reducer of the product that hands nothing over to the product's own stage, which no toy has."""

    def apply(acc: Any, recorded: Any, scope: Scope, sealed: Outputs | None) -> None:
        declared.apply(acc, recorded, scope, sealed)
        _keep(sealed)

    def project(acc: Any, scope: Scope, outputs: Outputs) -> None:
        declared.project(acc, scope, outputs)
        _keep(outputs)

    return replace(declared, apply=apply, project=project)


def _keep(outputs: Outputs | None) -> None:
    if outputs is not None and outputs.entries:
        outputs.entries = {place: each for place, each in outputs.entries.items() if place.ledger not in STAGED}


STAGED = frozenset(routes.KINDS.stage)
OWN = {prefix: without_stage(each) if STAGED else each for prefix, each in routes.BY_PREFIX.items()}
MEMBERS = {each.prefix: member(OWN[each.prefix]) for each in (RESPONSE, TICKET)}
REDUCERS = {**OWN, **MEMBERS}
LEDGERS = {
    **routes.LEDGERS,
    COLLECTION_LEDGER.prefix: member(COLLECTION_LEDGER),
    WARMTH: WARMTH_LEDGER,
    WATCH: WATCH_LEDGER,
}
KINDS = Kinds(REDUCERS, LEDGERS, lambda event: REDUCERS[routes.reducer_of(event).prefix])
