"""The work of a stage's batch, by account: kept or dropped as a whole, so that one failure is one account's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from streams.core.machine import Facts, Machine, Parts, account_of
from streams.live.fold.quarantine import CoreFailedError, blame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from streams.core.declarations import Kinds
    from streams.core.kept import KeptLogs
    from streams.core.machine import Due, Stated, Whose
    from streams.live.fold.rules_in_use import RulesInUse


class AccountWork(msgspec.Struct, gc=False):
    """The work on one account: `stated` is all that it has taken, `failure` says why it is, or stays, put aside."""

    machine: Machine
    facts: list[Facts] = msgspec.field(default_factory=list)
    stated: Parts = msgspec.field(default_factory=dict)
    failure: str = ""


class Work:
    """The work of one batch, account by account: their ledgers have nothing to do with one another.

    What the core fails on becomes the account's `failure`, and nothing else is tried for it; any other error goes
    through. `most` bounds the items that are folded. Logs are taken from those that are `kept`, and left there.
    """

    def __init__(
        self, get: Callable[[bytes], bytes | None], rules: RulesInUse, kinds: Kinds, most: int, kept: KeptLogs
    ) -> None:
        self._get, self._rules, self._kinds, self._most, self._kept = get, rules, kinds, most, kept
        self._done = 0
        self.accounts: dict[str, AccountWork] = {}

    @property
    def is_enough(self) -> bool:
        """Tell whether a worker should commit before it goes on."""
        return self._done > self._most

    def of(self, account: str) -> AccountWork:
        """Return the work on an account, begun where there is none."""
        work = self.accounts.get(account)
        if work is None:
            rules, kinds = self._rules, self._kinds
            machine = Machine(self._get, rules.current, kinds.reducers, kinds.ledgers, rules.former, kept=self._kept)
            work = self.accounts[account] = AccountWork(machine)
        return work

    def state(self, parts: Parts) -> None:
        """Let ledgers take what was stated."""
        for whose, stated in parts.items():
            work = self.of(whose[0])
            work.stated.setdefault(whose, {}).update(stated)
            self._try(work, partial(_received, whose, stated))

    def pass_time(self, due: Sequence[Due], last: Due) -> None:
        """Fire deadlines of one account, in order."""
        self._try(self.of(account_of(due[0][2])), lambda machine: machine.pass_time(due, last))

    def settle(self, key: bytes) -> None:
        """Bring a ledger up to date with the rules."""
        self._try(self.of(account_of(key)), lambda machine: [machine.settle(key)])

    def save(self) -> None:
        """Let each account's records be made; one whose state cannot be written fails by itself."""
        for work in self.accounts.values():
            self._try(work, _saved)

    def _try(self, work: AccountWork, task: Callable[[Machine], Iterable[list[Facts]]]) -> None:
        if work.failure:
            return
        before = work.machine.work
        try:
            for facts in task(work.machine):
                work.facts.extend(facts)
        except Exception as error:  # noqa: BLE001 - what is not the core's goes through
            try:
                blame((), error)
            except CoreFailedError as failed:
                work.failure = str(failed)
            else:
                raise
        self._done += work.machine.work - before


def _received(whose: Whose, stated: Stated, machine: Machine) -> list[list[Facts]]:
    return [machine.receive(whose, stated)]


def _saved(machine: Machine) -> list[list[Facts]]:
    machine.save()
    return []
