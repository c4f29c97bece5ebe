"""A toy whose outputs are sealed at moments that rules decide: items in groups, of which rules tell the size.

Group n is sealed by the item that fills it, so under other rules it is sealed by quite another item, or never is. Each
group is handed to a ledger that groups groups by another rule, and that hands over to one that adds up.
"""

from typing import Any, ClassVar

import msgspec

from streams.core.algebra import RecordedEvent, SortKey
from streams.core.columns import Row
from streams.core.declarations import Kinds, Ledger, Reducer
from streams.core.outputs import Edits, Handover, Outputs, Scope
from streams.core.rules import Policy, Rules
from tests.support.histories import HOUR

ITEMS, GROUPS, SUMS = "I", "G", "S"


class GroupRow(Row, frozen=True, gc=False):
    TABLE: ClassVar[str] = "toy_group"
    KEY: ClassVar[int] = 3
    account_id: str
    of: str
    number: int
    total: int


class SumRow(Row, frozen=True, gc=False):
    TABLE: ClassVar[str] = "toy_sum"
    KEY: ClassVar[int] = 2
    account_id: str
    number: int
    total: int


class Group(msgspec.Struct, frozen=True, array_like=True):
    number: int
    member: str
    total: int


class Grouping(msgspec.Struct, array_like=True):
    is_test: bool = False
    account: str = ""
    name: str = ""
    number: int = 0
    count: int = 0
    total: int = 0


class Adding(msgspec.Struct, array_like=True):
    account: str = ""
    number: int = -1
    total: int = 0


def sizes(items: int, groups: int) -> Rules:
    """Return rules under which so many items are a group, and so many groups a group of groups."""
    return Rules(followup=(Policy(0, "items", items),), at_risk=(Policy(0, "groups", groups),))


def _add(acc: Grouping, value: int, size: int, ledger: str, sealed: Outputs | None) -> None:
    acc.count, acc.total = acc.count + 1, acc.total + value
    if acc.count >= size:
        if sealed is not None:
            _show(acc, ledger, sealed)
        acc.number, acc.count, acc.total = acc.number + 1, 0, 0


def _show(acc: Grouping, ledger: str, outputs: Outputs) -> None:
    outputs.rows.append(GroupRow(acc.account, acc.name, acc.number, acc.total))
    place = (acc.number, acc.name)
    outputs.entries[Handover(ledger, "", place)] = Group(acc.number, acc.name, acc.total)


def take_item(acc: Grouping, recorded: RecordedEvent, scope: Scope, sealed: Outputs | None) -> None:
    event: Any = recorded.event
    acc.account, acc.name = event.account_id, event.display_id
    _add(acc, event.occurred_at // HOUR % 11, scope.rules.followup[0].value, GROUPS, sealed)


def show_items(acc: Grouping, _scope: Scope, outputs: Outputs) -> None:
    if acc.count:
        _show(acc, GROUPS, outputs)


def take_group(acc: Grouping, entry: Group, scope: Scope, sealed: Outputs | None) -> None:
    _add(acc, entry.total, scope.rules.at_risk[0].value, SUMS, sealed)


def take_group_of_two(acc: Grouping, entry: Group, _scope: Scope, sealed: Outputs | None) -> None:
    _add(acc, entry.total, 2, SUMS, sealed)


def show_groups(acc: Grouping, _scope: Scope, outputs: Outputs) -> None:
    if acc.count:
        _show(acc, SUMS, outputs)


def take_sum(acc: Adding, entry: Group, _scope: Scope, sealed: Outputs | None) -> None:
    if acc.number >= 0 and sealed is not None:
        sealed.rows.append(SumRow(acc.account, acc.number, acc.total))
    acc.number, acc.total = acc.number + 1, acc.total + entry.total


def show_sum(acc: Adding, _scope: Scope, outputs: Outputs) -> None:
    if acc.number >= 0:
        outputs.rows.append(SumRow(acc.account, acc.number, acc.total))


def group_key(entry: Group) -> SortKey:
    return entry.number, entry.member


def kinds(*, by_rules: bool, complete: Any = None) -> Kinds:
    """Return the toy, whose ledger of groups depends on rules or not, and completes its edits or not."""
    items = Reducer(
        kind="item",
        prefix=ITEMS,
        identify=lambda event: event.display_id,
        accumulator=Grouping,
        apply=take_item,
        project=show_items,
        depends_on_rules=True,
    )
    groups = Ledger(
        prefix=GROUPS,
        entry=Group,
        accumulator=Grouping,
        apply=take_group if by_rules else take_group_of_two,
        project=show_groups,
        sort_key=group_key,
        start=lambda account, _name: Grouping(account=account),
        depends_on_rules=by_rules,
        complete=complete,
    )
    sums = Ledger(
        prefix=SUMS,
        entry=Group,
        accumulator=Adding,
        apply=take_sum,
        project=show_sum,
        sort_key=group_key,
        start=lambda account, _name: Adding(account),
    )
    return Kinds({ITEMS: items}, {GROUPS: groups, SUMS: sums}, lambda _event: items)


def counted(edits: Edits, _last: SortKey, between: Any) -> None:
    """Keep the number of entries of each group number as an entry of the ledger's own, behind the others."""
    for number in sorted({key[0] for key in (*edits.put, *edits.cleared)}):
        own = (number, "~")
        there = {group_key(each) for each in between((number, ""), (number, "}"))}
        there = (there - edits.cleared) | {key for key in edits.put if key[0] == number}
        if next(iter(between(own, own)), None) is not None:
            edits.cleared.add(own)
        if there:
            edits.put[own] = Group(int(number), "~", len(there))


ROWS = (GroupRow, SumRow)
