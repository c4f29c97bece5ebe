"""Errors of libraries that may not have been imported: what is not loaded cannot have been raised."""

from __future__ import annotations

import sys
from typing import Any


def loaded(*places: str) -> tuple[Any, ...]:
    """Return the errors among these, ``module:name`` each, whose modules are loaded, for an ``except`` to name.

    An ``except`` works out what it names when something was raised, and only then.
    """
    split = (place.partition(":") for place in places)
    return tuple(getattr(sys.modules[module], name) for module, _, name in split if module in sys.modules)
