"""Waiting for what is to become so: a machine under load gets minutes, one at rest loses nothing."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 120, *, pause: float = 0.05) -> None:
    """Return once the condition holds; fail when it has not come to hold within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(pause)
