"""The MRR ledger of an account: movements between its subscriptions' steps, and the spans that the steps make."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, zip_longest
from operator import itemgetter

import msgspec
from msgspec.structs import astuple

from streams.core.billing.account import Account
from streams.core.billing.choices import PROFILES
from streams.core.billing.mrr import Line
from streams.core.billing.netting import NETTED, Change, Net, Slot, kinds_of
from streams.core.billing.steps import Part, Step
from streams.core.rows import MrrItemRow, MrrMovementRow, Row

_Steps = dict[str, tuple[Step, ...]]
"""Steps by one policy, by subscription."""
_NO_PART = Part(False, ())


class _Book(msgspec.Struct, frozen=True, gc=False):
    """What all rows of one ledger share: whose it is, by which policy, and whether of test subscriptions."""

    account: str
    profile: str
    is_test: bool


def rows(account: str, parts: Mapping[str, Part]) -> Sequence[Row]:
    """Every row of the account's ledger, by every policy. Test subscriptions have a ledger of their own."""
    written: list[Row] = []
    for number, profile in enumerate(PROFILES):
        for is_test in (False, True):
            book = _Book(account, profile, is_test)
            steps = _of(parts, number, is_test)
            written.extend(_movements(book, steps, 0))
            for name, each in steps.items():
                written.extend(_spans(book, name, each, 0))
    return written


def touched(
    account: str, before: Mapping[str, Part], after: Mapping[str, Part], name: str
) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows before and after that a subscription's new steps can have changed: nothing before the first of these."""
    old, new = before.get(name), after.get(name)
    if old is not None and new is not None and old.is_test != new.is_test:
        return rows(account, before), rows(account, after)
    is_test = (old or new or _NO_PART).is_test
    found: tuple[list[Row], list[Row]] = ([], [])
    known: list[tuple[_Steps, _Steps, tuple[list[Row], list[Row]]]] = []
    for number, profile in enumerate(PROFILES):
        earlier, later = _of(before, number, is_test), _of(after, number, is_test)
        if earlier.get(name, ()) == later.get(name, ()):
            continue
        same = next((said for one, other, said in known if one == earlier and other == later), None)
        if same is None:
            said = _changed(_Book(account, profile, is_test), earlier, later, name)
            known.append((earlier, later, said))
        else:
            said = _by(profile, same[0]), _by(profile, same[1])
        found[0].extend(said[0])
        found[1].extend(said[1])
    return found


def _changed(book: _Book, earlier: _Steps, later: _Steps, name: str) -> tuple[list[Row], list[Row]]:
    since = _first_difference(earlier.get(name, ()), later.get(name, ()))
    former, latter = (
        [*_movements(book, steps, since), *_spans(book, name, steps.get(name, ()), since)] for steps in (earlier, later)
    )
    return former, latter


def _by(profile: str, said: Sequence[Row]) -> list[Row]:
    """The same rows by another policy, whose steps are the same: most subscriptions leave policies nothing to say."""
    fields = zip(said, map(astuple, said), strict=True)
    return [type(row)(account, profile, *others) for row, (account, _, *others) in fields]


def _of(parts: Mapping[str, Part], number: int, is_test: bool) -> _Steps:
    return {name: part.steps[number] for name, part in parts.items() if part.is_test == is_test}


def _first_difference(earlier: Sequence[Step], later: Sequence[Step]) -> int:
    for one, other in zip_longest(earlier, later):
        if one != other:
            return min(step.at for step in (one, other) if step is not None)
    raise AssertionError("the steps are equal")


def _movements(book: _Book, steps: _Steps, since: int) -> Iterator[MrrMovementRow]:
    """Movements from `since` on; what went before only tells how the account then stood."""
    held = Account()
    timed = sorted((step.at, name, step) for name, each in steps.items() for step in each)
    for at, together in groupby(timed, key=itemgetter(0)):
        if at < since:
            for _, name, step in together:
                held.put(name, step)
            held.ever = held.ever or held.is_customer()
            continue
        was, lines = held.is_customer(), held.product_lines()
        changes: list[Change] = []
        for _, name, step in together:
            rested = held.rests(name)
            changes.extend(_changes(name, rested, held.put(name, step), step))
        ever, stays = held.ever, held.is_customer()
        held.ever = ever or stays
        kinds = kinds_of(changes, was=was, ever=ever, stays=stays)
        net = Net.of(changes, kinds)
        for change, kind in zip(changes, kinds, strict=True):
            if change.old or change.new or kind == "churn":
                yield _row(book, at, change, kind, lines, net)


def _changes(name: str, rested: bool, before: Step, after: Step) -> list[Change]:
    """What differs by slot, exchange rates included; an end during a pause differs in nothing but itself."""
    old, new = _amounts(before), _amounts(after)
    if not old and not new:
        slot = (before.currency, "", "")
        return [Change(name, rested, before, after, slot, 0, 0)] if rested and not after.is_paused else []
    found = []
    for slot in sorted(old.keys() | new.keys()):
        was, now = old.get(slot, 0), new.get(slot, 0)
        if was != now or (was and before.rate_at != after.rate_at):
            found.append(Change(name, rested, before, after, slot, was, now))
    return found


def _amounts(step: Step) -> dict[Slot, int]:
    found: dict[Slot, int] = {}
    for line in step.lines:
        slot = (step.currency, line.plan_id, line.product_line)
        found[slot] = found.get(slot, 0) + line.mrr
    return {slot: amount for slot, amount in found.items() if amount}


def _row(book: _Book, at: int, change: Change, kind: str, lines: frozenset[str], net: Net) -> MrrMovementRow:
    before, after = change.before, change.after
    currency, plan_id, product_line = change.slot
    rate_at = net.rate_at(change)
    known = "upsell" if product_line in lines else "cross_sell"
    return MrrMovementRow(
        book.account,
        book.profile,
        at,
        change.subscription_id,
        currency,
        plan_id,
        product_line,
        kind,
        known if kind == "expansion" and product_line else "",
        net.crosses and kind in NETTED,
        change.amount,
        change.old,
        rate_at,
        before.rate_at if change.old else rate_at,
        "" if after.lines or after.is_paused else after.reason,
        after.is_correction,
        after.policy_version,
        after.event_id,
        book.is_test,
        after.ingested_at,
    )


def _spans(book: _Book, name: str, steps: Sequence[Step], since: int) -> Iterator[MrrItemRow]:
    """Rows of what each item brings and for how long, those that last to `since`; any change of an item ends a span."""
    open_: dict[str, tuple[Step, Line]] = {}
    for step in steps:
        now = {line.item_id: line for line in step.lines}
        for item in sorted(open_):
            began, line = open_[item]
            if line != now.get(item) or (began.currency, began.rate_at) != (step.currency, step.rate_at):
                if step.at >= since:
                    yield _span(book, name, began, line, step.at)
                del open_[item]
        for item, line in now.items():
            open_.setdefault(item, (step, line))
    for began, line in open_.values():
        yield _span(book, name, began, line, None)


def _span(book: _Book, name: str, since: Step, line: Line, until: int | None) -> MrrItemRow:
    return MrrItemRow(
        book.account,
        book.profile,
        name,
        line.item_id,
        since.at,
        until,
        line.plan_id,
        line.product_line,
        since.currency,
        line.mrr,
        line.contract,
        line.quantity,
        since.rate_at,
        since.policy_version,
        since.event_id,
        book.is_test,
        since.ingested_at,
    )
