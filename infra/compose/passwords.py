"""Write `.env` with random passwords for compose.yaml: `python -m infra.compose.passwords`.

Docker Compose reads the file by itself; only its owner may. One that is there is left as it is.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Final

from infra.compose.users import PASSWORDS

GRAFANA: Final = "CX_GRAFANA_PASSWORD"
NAMES: Final = (*PASSWORDS.values(), GRAFANA)


def write(path: Path) -> bool:
    """Write the file; False where there is one already."""
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(made, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={secrets.token_urlsafe(24)}\n" for name in NAMES)
    return True


if __name__ == "__main__":
    sys.stdout.write("wrote .env\n" if write(Path(".env")) else ".env is there already: nothing was written\n")
