"""The rules that a partition follows, recorded before anything is folded under them."""

from collections.abc import Iterable

import msgspec

from streams.core.rules import Rules

_encode = msgspec.msgpack.Encoder().encode
_rules_from = msgspec.msgpack.Decoder(list[Rules]).decode


class RulesInUse:
    """Rules of one partition: `current` ones, `former` ones that some outputs may still follow, and those `upcoming`.

    A batch that is inserted and never committed leaves rows that only the same rules name again. So other rules come
    into use by a commit of their own. A partition that has committed nothing yet begins under the rules it is given.

    Example: rules A are current and B come up. The next batch of records is still folded under A. A tick then commits
    [A, B]; from there on B are current, A former, until every log follows B; then the record says [B].
    """

    def __init__(self, stored: bytes | None, wanted: Rules) -> None:
        known = [wanted] if stored is None else _rules_from(stored)
        self._stored = stored
        self.current = known[-1]
        self.former = {rules.name: rules for rules in known[:-1]}
        self.upcoming: Rules | None = None
        self.want(wanted)

    def want(self, rules: Rules) -> None:
        """Let other rules come up; those that came up before and are not in use are forgotten."""
        self.upcoming = None if rules == self.current else rules

    def record(self, *, is_settled: bool, is_change: bool) -> bytes | None:
        """Return what a batch has to commit, None where that is known; a change brings the upcoming rules into use."""
        former: Iterable[Rules] = () if is_settled else self.former.values()
        rules = [*former, self.current]
        if is_change and self.upcoming is not None:
            rules.append(self.upcoming)
        encoded = _encode(rules)
        return None if encoded == self._stored else encoded

    def committed(self, record: bytes, *, is_change: bool) -> None:
        """Take over what a batch has committed."""
        self._stored = record
        if is_change and self.upcoming is not None:
            self.former[self.current.name] = self.current
            self.current, self.upcoming = self.upcoming, None
