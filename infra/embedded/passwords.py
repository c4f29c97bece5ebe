"""The passwords of a local server's users: random ones, each in a file that only its owner may read.

They lie in the folder `passwords` of the server's directory, one file for each user, so that other commands, and
settings such as `CX_BI_PASSWORD_FILE`, can read them.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.embedded.checks import write_private

FOLDER: Final = "passwords"
_BYTES: Final = 24


def settle(directory: Path, users: Mapping[str, str]) -> dict[str, str]:
    """Return each user's password: the one given, else the one kept in the directory, else a new one. All are kept.

    `users` maps the name to the password given, empty for none.
    """
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    kept = {user: read(directory, user) for user in users}
    settled = {user: given or kept[user] or secrets.token_urlsafe(_BYTES) for user, given in users.items()}
    for user, password in settled.items():
        if password != kept[user]:
            write_private(folder / user, password)
    return settled


def path(directory: Path, user: str) -> Path:
    return directory / FOLDER / user


def read(directory: Path, user: str) -> str:
    """Return the password that is kept for a user, empty where there is none."""
    try:
        file = os.open(path(directory, user), os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return ""
    with os.fdopen(file, encoding="utf-8") as opened:
        return opened.read().rstrip("\r\n")
