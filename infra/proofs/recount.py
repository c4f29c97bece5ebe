"""Recount the health of accounts from rows of tickets, clocks and invoices, on every day, with code of its own.

Nothing here comes from the code that is counted after: definitions are those of docs/adr/0169 and 0170, settings those
of joined_receivables.yaml, and what is shipped is written down once more. There is no state: each moment is counted
from all rows up to it. What neither data set tells of (surveys, replies, revenue) is no part of it, and `base` fails
where it turns up. Times are microseconds, days whole UTC days since 1970, scores hundredths of a point.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

DAY = 86_400_000_000
LOOKED = 400
"""Days after the last fact that are looked at: by then all windows are empty."""
NEVER = 1 << 62
POINT, WHOLE = 100, 10_000
SUPPORT = ("sla_breach_share", "escalations_open", "oldest_ticket_days", "contact_rate")
MONEY = ("overdue_share", "payments_failing", "cancels_scheduled")
"""Of these, receivables alone tell something: nothing fails and nobody leaves in either data set."""
LEAST_USUAL = 3
"""Tickets of 90 days that a rate of contact is held against at least."""
SILENT = ("nps", "csat", "mrr_trend", "touch_days", "sentiment", "usage_share", "usage_change")
"""Signals of which neither data set says anything."""

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]


class Component(NamedTuple):
    """A component: points are (signal from, hundredths of a point)."""

    name: str
    signal: str
    weight: int
    points: tuple[tuple[int, int], ...]
    is_linear: bool = False


class Model(NamedTuple):
    """A model of one variant for all accounts, from before the first row."""

    model_id: str
    variant_id: str
    version: str
    components: tuple[Component, ...]
    minimum: Fraction
    bands: tuple[tuple[int, str], ...]


BANDS = ((5_000, "red"), (7_500, "yellow"), (10_000, "green"))
SHIPPED = Model(
    "default",
    "any",
    "default",
    (
        Component("nps", "nps", 15, ()),
        Component("csat", "csat", 10, ()),
        Component("sla", "sla_breach_share", 8, ((0, 10_000), (30, 0)), is_linear=True),
        Component("escalations", "escalations_open", 7, ((0, 10_000), (1, 4_000), (2, 0))),
        Component("oldest_ticket", "oldest_ticket_days", 5, ((0, 10_000), (8, 5_000), (31, 0))),
        Component("contact_rate", "contact_rate", 5, ((0, 10_000), (150, 5_000), (250, 0))),
        Component("overdue", "overdue_share", 8, ((0, 10_000), (50, 0)), is_linear=True),
        Component("failing", "payments_failing", 6, ((0, 10_000), (1, 3_000), (2, 0))),
        Component("cancels", "cancels_scheduled", 5, ((0, 10_000), (1, 0))),
        Component("mrr_trend", "mrr_trend", 6, ()),
        Component("touch", "touch_days", 7, ()),
        Component("sentiment", "sentiment", 8, ()),
        Component("usage_share", "usage_share", 5, ()),
        Component("usage_change", "usage_change", 5, ()),
    ),
    Fraction(1, 2),
    BANDS,
)
"""The model that everybody gets, without the variant for new customers: nobody knows when these began."""


class Assessed(NamedTuple):
    """An account by a model at a moment: (raw, value) of each component, and what they come to."""

    score: int | None
    coverage: int
    band: str
    disagreement: str
    parts: tuple[tuple[Fraction | None, int | None], ...]

    @property
    def said(self) -> tuple[int | None, int, str, str]:
        return self.score, self.coverage, self.band, self.disagreement


class Ticket(NamedTuple):
    """A ticket: from when until when it was open, and when it was first escalated."""

    opened_at: int
    spans: tuple[tuple[int, int | None], ...]
    escalated_at: int | None

    def is_open(self, at: int) -> bool:
        return any(since <= at and (until is None or at < until) for since, until in self.spans)

    def is_escalated(self, at: int) -> bool:
        return self.escalated_at is not None and self.escalated_at <= at and self.is_open(at)

    def turns(self) -> set[int]:
        """Return the moments at which it is opened, done or escalated."""
        edges = {edge for span in self.spans for edge in span if edge is not None}
        if self.escalated_at is not None:
            edges.add(self.escalated_at)
        return {
            at
            for at in edges
            if (self.is_open(at), self.is_escalated(at)) != (self.is_open(at - 1), self.is_escalated(at - 1))
        }


class Posting(NamedTuple):
    """What is added to what an account owes, in a currency, due on a day (0: nobody said when)."""

    at: int
    currency: str
    due_day: int
    amount: int


class Account:
    """All rows of one account; moments are in order."""

    def __init__(
        self, tickets: Sequence[Ticket], kept: Sequence[int], breached: Sequence[int], postings: Sequence[Posting]
    ) -> None:
        self.tickets, self.postings = tickets, postings
        self.opened = sorted(each.opened_at for each in tickets)
        self._known: dict[tuple[str, int], Fraction | None] = {}
        self.kept, self.breached = sorted(kept), sorted(breached)

    @cached_property
    def moments(self) -> list[int]:
        """The moments of facts."""
        turns = {at for each in self.tickets for at in each.turns()}
        told = {*self.opened, *self.kept, *self.breached, *(each.at for each in self.postings)}
        return sorted(turns | told)

    @cached_property
    def billed_since(self) -> int | None:
        return min((each.at for each in self.postings), default=None)

    def escalated(self, at: int) -> int:
        return sum(each.is_escalated(at) for each in self.tickets if each.escalated_at is not None)

    @cached_property
    def _lasting(self) -> list[tuple[int, int, int]]:
        """Spans in which tickets were open, with the day on which the ticket was opened."""
        return [
            (since, NEVER if until is None else until, each.opened_at // DAY)
            for each in self.tickets
            for since, until in each.spans
        ]

    def owed(self, at: int) -> dict[str, dict[int, int]]:
        """Return what is owed at a moment, by currency and due day."""
        found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for each in self.postings:
            if each.at <= at:
                found[each.currency][each.due_day] += each.amount
        return found

    def read(self, signal: str, at: int) -> Fraction | None:
        """Return the number of a signal at a moment; None without data."""
        if (signal, at) not in self._known:
            self._known[signal, at] = self._read(signal, at)
        return self._known[signal, at]

    def _read(self, signal: str, at: int) -> Fraction | None:
        if signal in SILENT:
            return None
        if signal in SUPPORT:
            is_heard = bool(self.opened) and self.opened[0] <= at
            return self._support(signal, at) if is_heard else None
        if self.billed_since is None or self.billed_since > at:
            return None
        if signal not in MONEY:
            raise LookupError(signal)
        return self._overdue(at) if signal == "overdue_share" else Fraction(0)

    def _support(self, signal: str, at: int) -> Fraction | None:
        day = at // DAY
        match signal:
            case "sla_breach_share":
                bad, good = (within(each, day - 29, day, at) for each in (self.breached, self.kept))
                return Fraction(100 * bad, bad + good) if bad + good else None
            case "escalations_open":
                return Fraction(self.escalated(at))
            case "oldest_ticket_days":
                days = [opened for since, until, opened in self._lasting if since <= at < until]
                return Fraction(day - min(days, default=day))
            case _:
                usual, now = within(self.opened, day - 119, day - 30, at), within(self.opened, day - 29, day, at)
                return Fraction(100 * now * 3, usual) if usual >= LEAST_USUAL else None

    def _overdue(self, at: int) -> Fraction:
        worst, day = Fraction(0), at // DAY
        for cells in self.owed(at).values():
            every, late = sum(cells.values()), sum(amount for due, amount in cells.items() if 0 < due < day)
            if every > 0:
                worst = max(worst, min(Fraction(100), Fraction(100 * late, every)))
        return worst

    def assess(self, model: Model, at: int) -> Assessed:
        """Return what a model says of the account at a moment."""
        raws = [self.read(each.signal, at) for each in model.components]
        values = [None if raw is None else points(each, raw) for each, raw in zip(model.components, raws, strict=True)]
        there = [each for each in zip(model.components, values, strict=True) if each[1] is not None]
        weight, every = sum(each.weight for each, _ in there), sum(each.weight for each in model.components)
        parts = tuple(zip(raws, values, strict=True))
        coverage = WHOLE * weight // every
        if not weight or Fraction(weight, every) < model.minimum:
            return Assessed(None, coverage, "unknown", "", parts)
        score = half_up(mean(there))
        band = next(name for up_to, name in model.bands if score <= up_to)
        return Assessed(score, coverage, band, disagreement(there), parts)


def disagreement(there: Sequence[tuple[Component, int | None]]) -> str:
    """Return how support and money disagree, from 40 points on."""
    soft = [each for each in there if each[0].signal in SUPPORT]
    hard = [each for each in there if each[0].signal not in SUPPORT]
    if not soft or not hard:
        return ""
    apart = mean(soft) - mean(hard)
    return "money_below" if apart >= 40 * POINT else "money_above" if apart <= -40 * POINT else ""


def mean(there: Sequence[tuple[Component, int | None]]) -> Fraction:
    """Return the weighted mean of values."""
    return Fraction(sum(each.weight * (value or 0) for each, value in there), sum(each.weight for each, _ in there))


def within(moments: Sequence[int], first: int, last: int, at: int) -> int:
    """Return how many of the moments lie on the days from one to another, none of them later than `at`."""
    return bisect_right(moments, min(at, (last + 1) * DAY - 1)) - bisect_left(moments, first * DAY)


def half_up(number: Fraction) -> int:
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def points(component: Component, raw: Fraction) -> int:
    """Return the value of a signal by the points of its component."""
    every = component.points
    below = [each for each in every if each[0] <= raw]
    if not below:
        return every[0][1]
    if not component.is_linear or len(below) == len(every):
        return below[-1][1]
    (low, value), (high, other) = below[-1], every[len(below)]
    return value + round((raw - low) * (other - value) / (high - low))


def rounded(exact: Sequence[Fraction], whole: int) -> tuple[int, ...]:
    """Return parts in whole numbers that add up to a whole: those with the largest remainders get one more."""
    found = [int(each) for each in exact]
    order = sorted(range(len(exact)), key=lambda place: (found[place] - exact[place], place))
    for place in order[: whole - sum(found)]:
        found[place] += 1
    return tuple(found)


class Score(NamedTuple):
    """A row of health: shares of weight and contributions in ten-thousandths and hundredths of a point."""

    model: Model
    at: int
    is_fact: bool
    found: Assessed

    @property
    def weights(self) -> tuple[int, ...]:
        return rounded([WHOLE * each for each in self._weights], WHOLE if any(self._weights) else 0)

    @property
    def contributions(self) -> tuple[int, ...]:
        if self.found.score is None:
            return tuple(0 for _ in self.model.components)
        values = [own * (value or 0) for own, (_, value) in zip(self._weights, self.found.parts, strict=True)]
        return rounded(values, self.found.score)

    @property
    def _weights(self) -> list[Fraction]:
        pairs = zip(self.model.components, self.found.parts, strict=True)
        weights = [0 if value is None else each.weight for each, (_, value) in pairs]
        return [Fraction(each, sum(weights) or 1) for each in weights]


def scores(account: Account, model: Model, passed: int) -> list[Score]:
    """Return the rows of health that an account must have: what facts changed, and what time alone did.

    A fact makes a row where the account stands otherwise than just before it, or where nothing was known before. A day
    that begins makes one where it brings another band or disagreement; what changes within a band makes none.
    """
    facts = account.moments
    if not facts:
        return []
    found: list[Score] = []
    before: Assessed | None = None
    for at in looked_at(facts, passed):
        now = account.assess(model, at)
        if is_among(facts, at):
            was = None if before is None else account.assess(model, at - 1)
            if was is None or was.said != now.said:
                found.append(Score(model, at, is_fact=True, found=now))
        elif before is not None and (before.band, before.disagreement) != (now.band, now.disagreement):
            found.append(Score(model, at, is_fact=False, found=now))
        before = now
    return found


def looked_at(facts: Sequence[int], passed: int) -> list[int]:
    """Return the moments of facts and the beginning of each day from the first on."""
    days = range(facts[0] // DAY + 1, min(passed // DAY, facts[-1] // DAY + LOOKED) + 1)
    return sorted({*facts, *(day * DAY for day in days)})


def is_among(facts: Sequence[int], at: int) -> bool:
    place = bisect_left(facts, at)
    return place < len(facts) and facts[place] == at


TABLES: dict[str, tuple[str, ...]] = {
    "ticket": ("account_id", "ticket_id", "opened_at", "removed_at", "is_test"),
    "ticket_span": ("account_id", "ticket_id", "from_at", "until_at", "is_backlog"),
    "ticket_escalation": ("account_id", "ticket_id", "at"),
    "sla_instance": ("account_id", "state", "fulfilled_at", "breached_at"),
    "receivable_entry": ("account_id", "invoice_id", "at", "ingested_at", "book", "currency", "amount_micros"),
    "invoice_due": ("account_id", "invoice_id", "due_at"),
}
"""Rows that are counted from, and the columns of each."""
SILENT_TABLES = ("response", "ticket_message", "touch", "contract", "subscription", "onboarding")
"""Tables that must be empty: nobody counts here what they would say."""


def base(rows: Rows) -> dict[str, Account]:
    """Return the accounts that rows tell of."""
    by_account = {table: _by(rows[table], "account_id") for table in TABLES}
    accounts = {each for table in ("ticket", "receivable_entry") for each in by_account[table]}
    return {each: _account({table: found.get(each, []) for table, found in by_account.items()}) for each in accounts}


def _account(rows: Rows) -> Account:
    spans, escalations = _by(rows["ticket_span"], "ticket_id"), _by(rows["ticket_escalation"], "ticket_id")
    tickets = []
    for row in rows["ticket"]:
        if row["removed_at"] is not None or row["is_test"]:
            raise ValueError(f"ticket {row['ticket_id']}: one that was removed is not counted here")
        ticket_id = row["ticket_id"]
        lasted = tuple((each["from_at"], each["until_at"]) for each in spans[ticket_id] if each["is_backlog"])
        escalated = min((each["at"] for each in escalations.get(ticket_id, ())), default=None)
        tickets.append(Ticket(row["opened_at"], lasted, escalated))
    breached = [each["breached_at"] for each in rows["sla_instance"] if each["breached_at"] is not None]
    kept = [
        each["fulfilled_at"]
        for each in rows["sla_instance"]
        if each["breached_at"] is None and each["state"] == "fulfilled"
    ]
    return Account(tickets, kept, breached, _postings(rows))


def _postings(rows: Rows) -> list[Posting]:
    due: dict[str, int] = {}
    for row in rows["invoice_due"]:
        day = 0 if row["due_at"] is None else row["due_at"] // DAY
        if due.setdefault(row["invoice_id"], day) != day:
            raise ValueError(f"invoice {row['invoice_id']}: one that was put off is not counted here")
    return [
        Posting(min(row["at"], row["ingested_at"]), row["currency"], due[row["invoice_id"]], row["amount_micros"])
        for row in rows["receivable_entry"]
        if row["book"] == "receivable"
    ]


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def models(settings: Sequence[Mapping[str, Any]]) -> list[Model]:
    """Return the shipped model and those that a mapping sets, as its YAML says."""
    return [SHIPPED, *(_model(each["fields"]) for each in settings if each["event"] == "health_model_set")]


def _model(fields: Mapping[str, Any]) -> Model:
    components = tuple(
        Component(
            each["name"],
            each["signal"],
            each["weight"],
            tuple((point["signal_from"], point["value"] * POINT) for point in each["points"]),
            each.get("is_linear", False),
        )
        for each in fields["components"]
    )
    bands = tuple((each["up_to"] * POINT, each["name"]) for each in fields["bands"])
    minimum = Fraction(str(fields["minimum_coverage"]))
    return Model(fields["model_id"], "any", fields["model_version"], components, minimum, bands)
