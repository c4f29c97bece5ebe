"""The two ledgers of health: the same fold of facts where they were so, and where the broker had them."""

from streams.core.declarations import Ledger
from streams.core.health.facts import HEALTH, HEALTH_KNOWN, Fact, Revision, position
from streams.core.health.watch import Watch, apply, copy, deadline, meet, project
from streams.core.revisions import revision_key


def _corrected(account: str, _name: str) -> Watch:
    return Watch(account)


def _known(account: str, _name: str) -> Watch:
    return Watch(account, is_known=True)


HEALTH_LEDGER: Ledger[Watch, Fact] = Ledger(
    HEALTH, Fact, Watch, apply, project, position, _corrected, deadline=deadline, depends_on_rules=True,
    keeps_end=True, copy=copy,
)  # fmt: skip
HEALTH_KNOWN_LEDGER: Ledger[Watch, Revision] = Ledger(
    HEALTH_KNOWN, Revision, Watch, apply, project, revision_key, _known, deadline=deadline, depends_on_rules=True,
    keeps_end=True, copy=copy, as_known_of=HEALTH, meet=meet,
)  # fmt: skip
