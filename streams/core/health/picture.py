"""The picture of an account: what all facts up to now add up to, bounded, and reversible fact by fact.

Levels are sums by unit and day. What happened is counted by day, and days older than any window are dropped. Of each
statement the newest STATEMENTS stand, so that one that is taken away uncovers the one before. Counts of facts by name
(`heard`) tell an account that has nothing from one of which nobody ever spoke.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

import msgspec

from streams.core.billing.money import Wide, wide
from streams.core.health.facts import DAY, Fact, Happened, Level, Stated

STATEMENTS = 8
"""Statements of one name and thing that are kept."""
EVIDENCE = 3
"""Events that are named for what happened."""
KEPT_DAYS = {"nps_answer": 400, "csat_answer": 400, "touch": 400, "usage": 60, "ticket_opened": 120}
"""For how many days what happened is kept; 100 where nothing is said."""
DEFAULT_DAYS = 100
EXPIRING = ("owner", "segment", "override")
"""Statements whose `until` is heeded."""
HISTORY = frozenset({"mrr"})
"""Levels of which the changes are kept by day as well, as what happened."""


class Cells(msgspec.Struct, array_like=True, gc=False):
    """Sums by day, in order of days; of each the event that added to it last. Days without a sum are left out."""

    days: list[int] = msgspec.field(default_factory=list)
    numbers: list[Wide] = msgspec.field(default_factory=list)
    events: list[str] = msgspec.field(default_factory=list)

    def total(self, begin: int = 0, end: int | None = None) -> int:
        """Return the sum, or that from one place to before another."""
        return sum(map(int, self.numbers[begin:end]))

    def add(self, day: int, number: int, event_id: str) -> None:
        place = bisect_left(self.days, day)
        if place == len(self.days) or self.days[place] != day:
            self.days.insert(place, day)
            self.numbers.insert(place, number)
            self.events.insert(place, event_id)
            return
        self.numbers[place] = wide(int(self.numbers[place]) + number)
        if self.numbers[place]:
            self.events[place] = event_id or self.events[place]
        else:
            del self.days[place], self.numbers[place], self.events[place]


class Series(msgspec.Struct, array_like=True, gc=False):
    """Counts of what happened by day, and sums of what was measured."""

    days: list[int] = msgspec.field(default_factory=list)
    numbers: list[Wide] = msgspec.field(default_factory=list)
    totals: list[Wide] = msgspec.field(default_factory=list)

    def add(self, day: int, number: int, total: int) -> None:
        place = bisect_left(self.days, day)
        if place == len(self.days) or self.days[place] != day:
            self.days.insert(place, day)
            self.numbers.insert(place, number)
            self.totals.insert(place, total)
            return
        self.numbers[place] = wide(int(self.numbers[place]) + number)
        self.totals[place] = wide(int(self.totals[place]) + total)
        if not (self.numbers[place] or self.totals[place]):
            del self.days[place], self.numbers[place], self.totals[place]

    def forget(self, before: int) -> None:
        """Drop the days before one."""
        place = bisect_left(self.days, before)
        if place:
            del self.days[:place], self.numbers[:place], self.totals[:place]

    def between(self, first: int, last: int) -> tuple[int, int]:
        """Return the number and the total from one day to another, inclusive."""
        begin, end = bisect_left(self.days, first), bisect_right(self.days, last)
        return sum(map(int, self.numbers[begin:end])), sum(map(int, self.totals[begin:end]))


class Statement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A statement as it is kept, in order of time; `place` names who stated it."""

    at: int
    place: str
    value: int | str | None
    until: int
    event_id: str


class Mention(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """An event that is evidence, and when it happened."""

    at: int
    event_id: str


class Picture(msgspec.Struct, array_like=True, dict=True):
    """The sum of all facts: by name, and then by unit or thing."""

    levels: dict[str, dict[str, Cells]] = msgspec.field(default_factory=dict)
    happened: dict[str, dict[str, Series]] = msgspec.field(default_factory=dict)
    statements: dict[str, dict[str, list[Statement]]] = msgspec.field(default_factory=dict)
    mentions: dict[str, list[Mention]] = msgspec.field(default_factory=dict)
    heard: dict[str, int] = msgspec.field(default_factory=dict)
    owed: list[Fact] = msgspec.field(default_factory=list)
    """Facts that were taken away before they were added, within one moment: events of a moment go by their ids."""

    def take(self, fact: Fact, sign: int, today: int) -> None:
        """Add a fact (sign 1) or take it away (-1), on a day (days since 1970)."""
        name = fact.name
        count = self.heard.get(name, 0) + sign
        if count:
            self.heard[name] = count
        else:
            del self.heard[name]
        if isinstance(fact, Level):
            self._level(fact, sign, today)
            return
        if isinstance(fact, Happened):
            self._count(name, fact.unit, fact.at // DAY, sign * fact.number, sign * fact.total, today)
        if sign > 0 and fact in self.owed:
            self.owed.remove(fact)
        elif not (self._mention(fact, sign) if isinstance(fact, Happened) else self._state(fact, sign)):
            self.owed.append(fact)

    def _level(self, fact: Level, sign: int, today: int) -> None:
        by_unit = self.levels.setdefault(fact.name, {})
        cells = by_unit.get(fact.unit)
        if cells is None:
            cells = by_unit[fact.unit] = Cells()
        cells.add(fact.day, sign * fact.number, fact.event_id if sign > 0 else "")
        if not cells.days:
            del by_unit[fact.unit]
            if not by_unit:
                del self.levels[fact.name]
        if fact.name in HISTORY:
            self._count(fact.name, fact.unit, fact.at // DAY, sign * fact.number, 0, today)

    def _count(self, name: str, unit: str, day: int, number: int, total: int, today: int) -> None:
        first = today - KEPT_DAYS.get(name, DEFAULT_DAYS)
        by_unit = self.happened.setdefault(name, {})
        series = by_unit.get(unit)
        if series is None:
            series = by_unit[unit] = Series()
        series.forget(first)
        if day >= first and (number or total):
            series.add(day, number, total)
        if not series.days:
            del by_unit[unit]
            if not by_unit:
                del self.happened[name]

    def _mention(self, fact: Happened, sign: int) -> bool:
        """Take evidence, or take it away; return False where it is not there."""
        known, mention = self.mentions.setdefault(fact.name, []), Mention(fact.at, fact.event_id)
        is_there = sign > 0 or mention in known
        if sign > 0:
            insort(known, mention)
            del known[:-EVIDENCE]
        elif is_there:
            known.remove(mention)
        if not known:
            del self.mentions[fact.name]
        return is_there

    def _state(self, fact: Stated, sign: int) -> bool:
        """Take a statement, or take it away; return False where it is not there."""
        by_thing = self.statements.setdefault(fact.name, {})
        known = by_thing.setdefault(fact.of, [])
        said = Statement(fact.at, f"{fact.kind}/{fact.member}/{fact.place}", fact.value, fact.until, fact.event_id)
        is_there = sign > 0 or said in known
        if sign > 0:
            insort(known, said, key=_order)
            del known[:-STATEMENTS]
        elif is_there:
            known.remove(said)
        if not known:
            del by_thing[fact.of]
            if not by_thing:
                del self.statements[fact.name]
        return is_there

    def beside(self, names: Iterable[str]) -> "Picture":
        """Return a picture that takes facts of these names and leaves this one as it is; all else the two share."""
        found = Picture(
            dict(self.levels), dict(self.happened), dict(self.statements), dict(self.mentions), dict(self.heard),
            list(self.owed),
        )  # fmt: skip
        for name in names:
            if name in found.levels:
                found.levels[name] = {unit: _cells(each) for unit, each in found.levels[name].items()}
            if name in found.happened:
                found.happened[name] = {unit: _series(each) for unit, each in found.happened[name].items()}
            if name in found.statements:
                found.statements[name] = {of: list(each) for of, each in found.statements[name].items()}
            if name in found.mentions:
                found.mentions[name] = list(found.mentions[name])
        return found

    def settled(self) -> "Picture":
        """Return the picture at the end of a moment: what is owed by now was too old to be kept."""
        if not self.owed:
            return self
        found = self.beside(())
        found.owed = []
        return found

    def is_empty(self) -> bool:
        """Return whether nothing was ever heard, or all of it was taken away."""
        return not self.heard


def _cells(cells: Cells) -> Cells:
    return Cells(list(cells.days), list(cells.numbers), list(cells.events))


def _series(series: Series) -> Series:
    return Series(list(series.days), list(series.numbers), list(series.totals))


def _order(statement: Statement) -> tuple[int, str, str]:
    return statement.at, statement.place, statement.event_id


def level(picture: Picture, name: str, unit: str = "") -> int:
    """Return a level now, over all days."""
    cells = picture.levels.get(name, {}).get(unit)
    return 0 if cells is None else cells.total()


def counted(picture: Picture, name: str, first: int, last: int, unit: str = "") -> tuple[int, int]:
    """Return how often something happened from one day to another, inclusive, and the sum of what was measured."""
    series = picture.happened.get(name, {}).get(unit)
    return (0, 0) if series is None else series.between(first, last)


def stated(picture: Picture, name: str, at: int, of: str = "") -> Statement | None:
    """Return the newest statement that is not over by `at`; None where there is none, or it says that nothing holds."""
    for said in reversed(picture.statements.get(name, {}).get(of, ())):
        if not 0 < said.until <= at:
            return None if said.value is None else said
    return None


def text(picture: Picture, name: str, at: int, of: str = "") -> str:
    """Return the text that is stated; empty where there is none."""
    said = stated(picture, name, at, of)
    return said.value if said is not None and isinstance(said.value, str) else ""


def started(picture: Picture) -> int | None:
    """Return the day on which the account started: the first of its contracts and subscriptions."""
    statements = picture.statements.get("started")
    if statements is None:
        return None
    days = [each[-1].value for each in statements.values()]
    return min((day for day in days if isinstance(day, int)), default=None)


def next_expiry(picture: Picture, at: int) -> int | None:
    """Return the next moment at which a statement expires; None where none does."""
    if not picture.statements:
        return None
    found = [
        said.until
        for name in EXPIRING
        for known in picture.statements.get(name, {}).values()
        for said in known
        if said.until > at
    ]
    return min(found, default=None)


def evidence(picture: Picture, *names: str) -> tuple[str, ...]:
    """Return the newest events behind what happened, newest first."""
    found = sorted((each for name in names for each in picture.mentions.get(name, ())), reverse=True)
    return tuple(each.event_id for each in found[:EVIDENCE])
