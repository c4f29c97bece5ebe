"""The MRR ledger of an account: movements, out of the postings that its subscriptions hand over.

What happens to an account at one moment is one movement, so the postings of a moment are judged together. A few of them
are kept until the moment is over. Where they are many, entries of the ledger's own stand around them
(streams.core.billing.crowd): the first has their sums, so that each posting leaves its rows at once.
"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import astuple

from streams.core.billing.account import Account
from streams.core.billing.choices import PROFILES
from streams.core.billing.crowd import Crowd, Entry, Sums, complete, sort_key
from streams.core.billing.netting import NETTED, Change, Verdict, changes_of, judge
from streams.core.billing.revenue import Posting
from streams.core.billing.timeline import LEDGER
from streams.core.declarations import Ledger
from streams.core.outputs import Outputs, Scope
from streams.core.rows_subscription import MrrMovementRow


class Book(msgspec.Struct, array_like=True, gc=False):
    """The ledger up to a point in time.

    `accounts` are sums before `at`: one where all policies agree, otherwise one for each of PROFILES. `tests` are the
    sums of test subscriptions, which no other figure sees. `postings` are those of the moment itself. In a crowd they
    are not kept: `verdicts` and `test_verdicts` say what is to be made of each, by policy.
    """

    account: str = ""
    accounts: list[Account] = msgspec.field(default_factory=lambda: [Account()])
    tests: list[Account] = msgspec.field(default_factory=lambda: [Account()])
    at: int = 0
    postings: list[Posting] = msgspec.field(default_factory=list)
    verdicts: list[Verdict] = []
    test_verdicts: list[Verdict] = []


def start(account: str, _name: str) -> Book:
    """Return the ledger before anything was posted."""
    return Book(account)


def post(book: Book, entry: Entry, _scope: Scope, sealed: Outputs | None) -> None:
    """Take the next entry; a moment that it ends is sealed, and so is a posting in a crowd."""
    if isinstance(entry, Crowd):
        _end_moment(book, sealed)
        book.at = entry.at
        if entry.is_over:
            _settle(book.accounts, entry.sums)
            _settle(book.tests, entry.tests)
            book.verdicts = book.test_verdicts = []
        else:
            book.verdicts, book.test_verdicts = _judged(book.accounts, entry.sums), _judged(book.tests, entry.tests)
    elif book.verdicts or book.test_verdicts:
        if sealed is not None:
            sealed.rows.extend(_rows(book, [entry], book.test_verdicts if entry.is_test else book.verdicts))
    else:
        if book.at != entry.at:
            _end_moment(book, sealed)
        book.at = entry.at
        book.postings.append(entry)


def project(book: Book, _scope: Scope, outputs: Outputs) -> None:
    """List the movements of the last moment."""
    outputs.rows.extend(_movements(book))


def _end_moment(book: Book, sealed: Outputs | None) -> None:
    """Seal the movements of a moment, and take its postings into the sums."""
    if book.postings:
        if sealed is not None:
            sealed.rows.extend(_movements(book))
        for accounts, postings in _groups(book):
            _settle(accounts, Sums.of(postings))
        book.postings = []


def _groups(book: Book) -> Iterator[tuple[list[Account], list[Posting]]]:
    """Yield what is judged together: test subscriptions apart from the others."""
    for accounts, is_test in ((book.accounts, False), (book.tests, True)):
        postings = [posting for posting in book.postings if posting.is_test == is_test]
        if postings:
            yield accounts, postings


def _settle(accounts: list[Account], sums: Sums) -> None:
    """Add the sums of a moment, for each policy once they part."""
    if len(accounts) < len(sums.by_policy):
        accounts.extend(accounts[0].copy() for _ in PROFILES[1:])
    for number, account in enumerate(accounts if sums.by_policy else ()):
        account.add(sums.by(number).account)
        account.ever = account.ever or account.is_customer()


def _judged(accounts: list[Account], sums: Sums) -> list[Verdict]:
    """Return the verdict on a moment: one where all policies agree, otherwise one for each; none on nothing."""
    count = max(len(accounts), len(sums.by_policy)) if sums.by_policy else 0
    return [judge(accounts[number if len(accounts) > 1 else 0], sums.by(number)) for number in range(count)]


def _movements(book: Book) -> Iterator[MrrMovementRow]:
    """Yield the movements of the moment, by every policy."""
    for accounts, postings in _groups(book):
        yield from _rows(book, postings, _judged(accounts, Sums.of(postings)))


def _rows(book: Book, postings: Sequence[Posting], verdicts: Sequence[Verdict]) -> Iterator[MrrMovementRow]:
    if len(verdicts) == 1:
        rows = list(_rows_by(book, postings, 0, verdicts[0]))
        yield from rows
        for profile in PROFILES[1:]:
            yield from _by(profile, rows)
    else:
        for number, verdict in enumerate(verdicts):
            yield from _rows_by(book, postings, number, verdict)


def _rows_by(book: Book, postings: Sequence[Posting], number: int, verdict: Verdict) -> Iterator[MrrMovementRow]:
    """Yield the rows of postings by one policy."""
    for posting in postings:
        move = posting.move(number)
        for change in () if move is None else changes_of(posting.subscription_id, move):
            kind = verdict.kind(change)
            if change.old or change.new or kind == "churn":
                yield _row(book, PROFILES[number], posting, change, kind, verdict)


def _by(profile: str, rows: Sequence[MrrMovementRow]) -> Iterator[MrrMovementRow]:
    """Yield the same rows by another policy: most subscriptions leave policies nothing to decide."""
    for row in rows:
        account, _, *others = astuple(row)
        yield MrrMovementRow(account, profile, *others)


def _row(book: Book, profile: str, posting: Posting, change: Change, kind: str, verdict: Verdict) -> MrrMovementRow:
    before, after = change.before, change.after
    currency, plan_id, product_line = change.slot
    rate_at = verdict.rate_at(change)
    known = "upsell" if product_line in verdict.lines else "cross_sell"
    return MrrMovementRow(
        book.account,
        profile,
        posting.at,
        change.subscription_id,
        currency,
        plan_id,
        product_line,
        kind,
        known if kind == "expansion" and product_line else "",
        verdict.crosses and kind in NETTED,
        change.amount,
        change.old,
        rate_at,
        before.rate_at if change.old else rate_at,
        "" if after.lines or after.is_paused else after.reason,
        after.is_correction,
        after.policy_version,
        after.event_id,
        posting.is_test,
        after.ingested_at,
    )


RECURRING_REVENUE_LEDGER = Ledger(LEDGER, Entry, Book, post, project, sort_key, start, complete=complete)
