"""The toy's warmth as it was known: each moment of the broker, and what was known of the account from then on."""

from collections.abc import Mapping
from string import ascii_letters
from typing import Any, ClassVar

import msgspec

from streams.core.columns import Row
from streams.core.declarations import Ledger
from streams.core.entities import PREFIXES
from streams.core.outputs import Outputs, Scope
from streams.core.revisions import Revision, revision_key
from tests.support.siblings import STAGE
from tests.support.warmth import WARMTH, WATCH, Points

KNOWN = max({*ascii_letters} - {*PREFIXES.values(), WARMTH, WATCH})


class KnownRow(Row, frozen=True, gc=False):
    """Points of an account as they were known from a moment on."""

    TABLE: ClassVar[str] = "toy_known"
    KEY: ClassVar[int] = 2
    account_id: str
    at: int
    points: int


class Known(msgspec.Struct, array_like=True):
    account: str = ""
    at: int = -1
    points: int = 0


def _row(known: Known) -> KnownRow:
    return KnownRow(known.account, known.at, known.points)


def _revise(known: Known, revision: Revision[Points], _scope: Scope, sealed: Outputs | None) -> None:
    """Take a revision; what was known at a moment is told when the moment is over."""
    if sealed is not None and 0 <= known.at < revision.at:
        sealed.rows.append(_row(known))
    known.at = revision.at
    known.points += sum(each.points for each in revision.added) - sum(each.points for each in revision.taken)


def _show(known: Known, _scope: Scope, outputs: Outputs) -> None:
    if known.at >= 0:
        outputs.rows.append(_row(known))


KNOWN_LEDGER = Ledger(
    prefix=KNOWN,
    entry=Revision[Points],
    accumulator=Known,
    apply=_revise,
    project=_show,
    sort_key=revision_key,
    start=lambda account, _name: Known(account),
    as_known_of=WARMTH,
)
STAGE_KNOWN: Mapping[str, Ledger[Any, Any]] = {**STAGE, KNOWN: KNOWN_LEDGER}
