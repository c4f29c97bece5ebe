"""The second opinion on the work of the demonstration: deadlines of tasks, from the events alone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.company import Company

Deadline = tuple[int, str, bool]
"""A deadline: its moment, its account, and whether it was kept."""


def deadlines(company: Company) -> Iterator[Deadline]:
    """Yield the deadline of every task: by the first time that anybody agreed."""
    first: dict[tuple[str, str], int] = {}
    done: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for fields in company.of("task_due_set"):
        first.setdefault((fields["account_id"], fields["task_id"]), fields["due_at"])
    for fields in company.of("task_completed"):
        done[fields["account_id"], fields["task_id"]].append(fields["completed_at"])
    for (account, task), due in first.items():
        yield due, account, any(at <= due for at in done[account, task])
