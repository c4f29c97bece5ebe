"""Exits and stalls on purpose, so that tests can prove every boundary between two steps safe."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Collection
from typing import TypeAlias

CrashHook: TypeAlias = Callable[[str], None]

POINTS = (
    "in_restore",
    "in_revoke",
    "before_insert",
    "after_insert",
    "mid_transaction",
    "before_commit",
    "after_commit",
)
EXIT_STATUS = 86
HANG = ":hang"


def no_crash(_point: str) -> None:
    """Do nothing: what production runs with."""


def crash_at(spec: str, points: Collection[str] = POINTS) -> CrashHook:
    """Return a hook that ends the process the n-th time a point is passed; `spec` is "point:n".

    With "point:n:hang" the thread that passes there never goes on instead. Raises ValueError for an unknown point: a
    test that never crashes would prove nothing.
    """
    if not spec:
        return no_crash
    wanted, _, count = spec.removesuffix(HANG).partition(":")
    if wanted not in points or not count.isdigit():
        raise ValueError(f"CRASH_AT={spec!r}: expected one of {', '.join(points)}, a colon and a number")
    passed: Counter[str] = Counter()

    def hook(point: str) -> None:
        passed[point] += 1
        if point == wanted and passed[point] == int(count):
            if spec.endswith(HANG):
                threading.Event().wait()
            os._exit(EXIT_STATUS)

    return hook
