"""Signals that are put off for a moment in which they would cut short what cannot be half done."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASKED: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def put_off() -> Iterator[None]:
    """Handle SIGINT and SIGTERM at the end of a block instead of amid it; make it short.

    Blocking them would be inherited by processes that the block starts. Only the main thread is ever interrupted by a
    handler, and only what Python handles is put off.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handled = {asked: handler for asked in _ASKED if callable(handler := signal.getsignal(asked))}
    for asked in handled:
        signal.signal(asked, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for asked, handler in handled.items():
            signal.signal(asked, handler)
        for number in came[:1]:
            signal.raise_signal(number)
