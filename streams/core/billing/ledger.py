"""The MRR ledger of an account: movements, out of the postings that its subscriptions hand over."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import astuple

from streams.core.algebra import SortKey
from streams.core.billing.account import Account
from streams.core.billing.choices import PROFILES
from streams.core.billing.netting import NETTED, Change, Net, Slot, kinds_of
from streams.core.billing.revenue import Move, Posting
from streams.core.billing.steps import Step
from streams.core.billing.timeline import LEDGER
from streams.core.declarations import Ledger
from streams.core.outputs import Outputs, Scope
from streams.core.rows_subscription import MrrMovementRow


class Book(msgspec.Struct, array_like=True, gc=False):
    """The ledger up to a moment.

    `accounts` are sums before `at`: one where all policies agree, otherwise one for each of PROFILES. `tests` are the
    sums of test subscriptions, which no other figure sees. `postings` are those of the moment itself; what happens to
    an account at one moment is one movement, so they are judged together.
    """

    account: str = ""
    accounts: list[Account] = msgspec.field(default_factory=lambda: [Account()])
    tests: list[Account] = msgspec.field(default_factory=lambda: [Account()])
    at: int = 0
    postings: list[Posting] = msgspec.field(default_factory=list)


class Group(NamedTuple):
    """Postings of one moment that are judged together, and the sums before it."""

    accounts: list[Account]
    postings: list[Posting]

    def moves(self, number: int) -> Iterator[tuple[str, Move]]:
        """Yield the moves by one policy, with the subscription of each."""
        for posting in self.postings:
            move = posting.moves[number if len(posting.moves) > 1 else 0]
            if move is not None:
                yield posting.subscription_id, move

    def are_shared(self) -> bool:
        """Return whether all policies agree."""
        return len(self.accounts) == 1 and all(len(posting.moves) == 1 for posting in self.postings)


def start(account: str, _name: str) -> Book:
    """Return the ledger before anything was posted."""
    return Book(account)


def sort_key(posting: Posting) -> SortKey:
    return posting.at, posting.subscription_id


def post(book: Book, posting: Posting, _scope: Scope, sealed: Outputs | None) -> None:
    """Add a posting; a moment that it ends is sealed."""
    if book.postings and book.at != posting.at:
        if sealed is not None:
            sealed.rows.extend(movements(book))
        for group in _groups(book):
            _close(group)
        book.postings = []
    book.at = posting.at
    book.postings.append(posting)


def project(book: Book, _scope: Scope, outputs: Outputs) -> None:
    """List the movements of the last moment."""
    outputs.rows.extend(movements(book))


def _groups(book: Book) -> Iterator[Group]:
    """Yield what is judged together: test subscriptions apart from the others."""
    for accounts, is_test in ((book.accounts, False), (book.tests, True)):
        postings = [posting for posting in book.postings if posting.is_test == is_test]
        if postings:
            yield Group(accounts, postings)


def _close(group: Group) -> None:
    """Take the postings of the moment into the sums, for each policy once they part."""
    if len(group.accounts) == 1 and not group.are_shared():
        group.accounts.extend(group.accounts[0].copy() for _ in PROFILES[1:])
    for number, account in enumerate(group.accounts):
        for _, move in group.moves(number):
            account.move(move)
        account.ever = account.ever or account.is_customer()


def movements(book: Book) -> Iterator[MrrMovementRow]:
    """Yield the movements of the moment, by every policy."""
    for group in _groups(book):
        if group.are_shared():
            rows = list(_movements(book, group, 0))
            yield from rows
            for profile in PROFILES[1:]:
                yield from _by(profile, rows)
        else:
            for number in range(len(PROFILES)):
                yield from _movements(book, group, number)


def _by(profile: str, rows: Sequence[MrrMovementRow]) -> Iterator[MrrMovementRow]:
    """Yield the same rows by another policy: most subscriptions leave policies nothing to decide."""
    for row in rows:
        account, _, *others = astuple(row)
        yield MrrMovementRow(account, profile, *others)


def _movements(book: Book, group: Group, number: int) -> Iterator[MrrMovementRow]:
    held = group.accounts[number if len(group.accounts) > 1 else 0]
    was, ever, lines = held.is_customer(), held.ever, held.product_lines()
    after = held.copy()
    changes: list[Change] = []
    for name, move in group.moves(number):
        changes.extend(_changes(name, move))
        after.move(move)
    kinds = kinds_of(changes, was=was, ever=ever, stays=after.is_customer())
    net = Net.of(changes, kinds)
    for change, kind in zip(changes, kinds, strict=True):
        if change.old or change.new or kind == "churn":
            yield _row(book, PROFILES[number], group, change, kind, lines, net)


def _changes(name: str, move: Move) -> list[Change]:
    """Return what differs by slot, exchange rates included; an end during a pause differs in nothing but itself."""
    rested, before, after = move.rested, move.before, move.after
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


def _row(
    book: Book, profile: str, group: Group, change: Change, kind: str, lines: frozenset[str], net: Net
) -> MrrMovementRow:
    before, after = change.before, change.after
    currency, plan_id, product_line = change.slot
    rate_at = net.rate_at(change)
    known = "upsell" if product_line in lines else "cross_sell"
    return MrrMovementRow(
        book.account,
        profile,
        book.at,
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
        group.postings[0].is_test,
        after.ingested_at,
    )


RECURRING_REVENUE_LEDGER = Ledger(LEDGER, Posting, Book, post, project, sort_key, start)
