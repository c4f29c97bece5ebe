"""An account between two moments of its MRR ledger: what each subscription brings, kept as sums while it moves."""

from collections import defaultdict

from streams.core.billing.steps import Step

NOTHING = Step(0, (), "", 0, False, "", "", False, 0, "")


class Account:
    """The step in force of every subscription, and whether the account ever paid.

    Totals by currency, subscriptions that rest and lines that bring revenue are kept up with every step: an account
    may have many subscriptions, of which one moves. One rests while it is paused out of revenue.
    """

    def __init__(self) -> None:
        self.ever = False
        self._now: dict[str, Step] = {}
        self._totals: defaultdict[str, int] = defaultdict(int)
        self._resting: set[str] = set()
        self._lines: defaultdict[str, int] = defaultdict(int)

    def put(self, name: str, step: Step) -> Step:
        """Let a subscription's step come into force; return the one that was, NOTHING at first."""
        before = self._now.get(name, NOTHING)
        self._now[name] = step
        self._count(before, -1)
        self._count(step, 1)
        if not step.is_paused:
            self._resting.discard(name)
        elif before.total > 0:
            self._resting.add(name)
        return before

    def rests(self, name: str) -> bool:
        """Whether a subscription is paused and brought revenue right up to its pause."""
        return name in self._resting

    def _count(self, step: Step, sign: int) -> None:
        for line in step.lines:
            self._totals[step.currency] += sign * line.mrr
            if line.mrr > 0:
                self._lines[line.product_line] += sign

    def is_customer(self) -> bool:
        """Whether it pays, or has paid and is only paused."""
        return max(self._totals.values(), default=0) > 0 or (bool(self._resting) and self.ever)

    def product_lines(self) -> frozenset[str]:
        return frozenset([name for name, lines in self._lines.items() if lines])
