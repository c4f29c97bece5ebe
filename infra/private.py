"""Files that only their owner may read, made where nothing was, and through no link.

What operators write (plans, exports) lies in folders that others may write to, such as /tmp.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def written(file: Path, replaceable: Callable[[Path], bool] = lambda _: False) -> Iterator[IO[str]]:
    """Yield where to write a file of mode 0600; it gets its name when all is in it.

    Raises FileExistsError where something has that name, a link included, unless it is a plain file that `replaceable`
    says yes to.
    """
    require_free(file, replaceable)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # 0600, and through no link
    partial = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as lines:
            yield lines
        if require_free(file, replaceable):
            partial.replace(file)  # of the name itself: what a link points to stays
        else:
            file.hardlink_to(partial)  # fails where somebody was quicker
    finally:
        partial.unlink(missing_ok=True)


def require_free(file: Path, replaceable: Callable[[Path], bool] = lambda _: False) -> bool:
    """Tell whether a file is there that may be replaced; raises FileExistsError where one is that may not."""
    try:
        kind = file.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISREG(kind) and replaceable(file):
        return True
    raise FileExistsError(errno.EEXIST, "is there already: give another name", str(file))
