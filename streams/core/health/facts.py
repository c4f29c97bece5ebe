"""Facts about an account: what entities of every topic hand over to the account stage, and what each name means.

A fact is small, dated and reversible: taken away, it leaves what was before. An entity lists its facts among its
entries, `outputs.entries |= [handed(fact), ...]`, and no more: what changed in them is the machine's to find. Whoever
declares facts keeps to four rules:

- `at` is when it became so, never later than the event or the deadline that says it. What is still to come is a `day`
  of a level, or the value of a statement.
- A level that an entity raises it also lowers, by facts of the same name, day and unit that add up to 0 once it is
  over: an open ticket is +1 when it is opened and -1 when it is solved.
- Of one member at one moment, `place` tells facts apart: the name, and what it is about where one name comes twice.
- Test entities hand over nothing.

Times are microseconds since 1970 in UTC, days whole UTC days since 1970 (`day_of`), amounts of money and levels of
meters whole millionths.
"""

from typing import Literal, get_args

import msgspec

from streams.core import revisions
from streams.core.algebra import SortKey
from streams.core.outputs import Handover

HEALTH = "H"
"""Prefix of the ledger of health as corrected: every fact stands at the moment when it was so."""
HEALTH_KNOWN = "G"
"""Prefix of the ledger of health as known: what changed in facts stands at the moment when the broker had it."""

DAY = 86_400_000_000
"""Microseconds of a day."""

LevelName = Literal[
    "tickets_open",  # open tickets; day: opened (stated by tickets)
    "tickets_urgent",  # those of them whose priority is urgent; day: opened
    "escalations_open",  # open tickets that were escalated; day: opened
    "receivable",  # open amounts of invoices; unit: currency, day: due, 0 where no date is told
    "payments_failing",  # open invoices of which an attempt failed, or money was taken back; day: of the first time
    "dunning_open",  # those of them whose dunning nobody has ended; day: the same
    "mrr",  # recurring revenue net of discounts, by the headline policy; unit: currency (stated by subscriptions)
    "cancels_scheduled",  # subscriptions that will end, and have not ended; day: of the end
    "detractors_open",  # detractors whom nobody has contacted; day: of the answer (stated by follow-up cases)
    "milestones_open",  # milestones that are planned and not reached; day: planned (stated by onboardings)
]
HappenedName = Literal[
    "nps_answer",  # number: answers, total: sum of their scores from 0 to 10 (stated by responses)
    "csat_answer",  # number: rated tickets, total: sum of ratings from 0 to 100, the scale's lower and upper end
    "ticket_opened",  # number: tickets that were opened, and not removed since
    "sla_kept",  # number: clocks of service levels that were met, on the day of the stop
    "sla_breached",  # number: clocks that passed their target, on the day of the breach
    "touch",  # number: talks that somebody logged, and days of tickets on which who waited got a reply
    "payment_failed",  # number: attempts that failed
    "usage",  # number: reports, total: sum of levels; unit: meter
    "renewed",  # number: contracts that were renewed, by themselves too
    "churned",  # number: contracts that were lost, subscriptions that ended
]
StatedName = Literal[
    "sentiment",  # a manager's judgement from -2 to +2 (stated by manager_sentiment_set)
    "sentiment_by",  # the manager whose judgement it is, at the same moment
    "used",  # level of a meter; of: meter
    "limit",  # its limit; of: meter; None where there is none
    "segment",  # segment of the account, "" for none
    "owner",  # manager who owns the account, "" for none
    "merged",  # account that it counts as since it was merged into it; None once that is over (stated by account_merge)
    "started",  # day when a contract or a paid subscription began; of: which. The account started on the first of them
    "renewal_due",  # day when a contract is due for renewal; of: contract; None once it is decided or over
    "notice_by",  # last day of notice; of: contract; None once that is decided or over
    "renewal_value",  # annual value before the renewal; of: contract
    "override",  # score (number) or band (text) that a person set; until: expiry; of: model, "" for all
]


class Level(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="l"):
    """Adds `number` to a level from `at` on; `day` and `unit` part the level into cells that are summed apart."""

    at: int
    kind: str
    member: str
    place: str
    event_id: str
    name: LevelName
    number: int
    day: int = 0
    unit: str = ""


class Happened(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="h"):
    """Counts on its day, as often as `number` says; `total` is the sum of what was measured."""

    at: int
    kind: str
    member: str
    place: str
    event_id: str
    name: HappenedName
    number: int = 1
    total: int = 0
    unit: str = ""


class Stated(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="s"):
    """Holds from `at` on until a newer statement of the same name and thing; None says that nothing holds any more.

    `of` names the thing that it is about, such as a contract; empty for the account itself. One of an owner, a
    segment or an override may have `until`, a moment: then the newest statement that is not over by then holds.
    """

    at: int
    kind: str
    member: str
    place: str
    event_id: str
    name: StatedName
    value: int | str | None
    of: str = ""
    until: int = 0


Fact = Level | Happened | Stated


class Revision(revisions.Revision[Fact], frozen=True, array_like=True, gc=False):
    """Facts that one event, or one deadline, made known: those that it took away, and those that it added."""


LEVELS: frozenset[str] = frozenset(get_args(LevelName))
HAPPENED: frozenset[str] = frozenset(get_args(HappenedName))
STATED: frozenset[str] = frozenset(get_args(StatedName))


def day_of(at: int) -> int:
    """Return the UTC day of a moment, in days since 1970."""
    return at // DAY


def position(fact: Fact) -> SortKey:
    """Return the position of a fact in the ledger as corrected."""
    return fact.at, fact.kind, fact.member, fact.place


def handed(fact: Fact) -> tuple[Handover, Fact]:
    """Return a fact as an entry that a member hands over."""
    return Handover(HEALTH, "", position(fact)), fact
