"""A source to try: CloudEvents under a token that is made here, and one event to send with curl.

Everything lies in the data directory, for its owner alone. Settings that name a sources file of their own win.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from infra.embedded.checks import make_private, write_private

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER: Final = "webhook"
_SOURCES, _TOKEN, _KEY, _EVENT = "sources.yaml", "token", "body.key", "event.json"
ADDRESS: Final = "/hooks/cloudevents/demo"
SOURCE: Final = "cloudevents:demo"
_DESCRIBED: Final = f"""\
# Made by `cx up` to try with. For sources of your own see docs/receiving.md, and set CX_SOURCES to their file.
cloudevents:
  demo:
    secrets: [file:{_TOKEN}]
    body_keys: [file:{_KEY}]
"""


def file_in(data_dir: Path) -> Path:
    """Return the sources file of a data directory, whether it is there or not."""
    return data_dir / _FOLDER / _SOURCES


def prepare(data_dir: Path, now: int) -> None:
    """Make what is missing. `now` (microseconds) is when the event to send happened; one that is there stays."""
    folder = data_dir / _FOLDER
    make_private(folder)
    for name, text in (
        (_TOKEN, secrets.token_urlsafe(24)),
        (_KEY, base64.b64encode(secrets.token_bytes(32)).decode()),
        (_EVENT, _event(now)),
        (_SOURCES, _DESCRIBED),
    ):
        if not (folder / name).exists():
            write_private(folder / name, text)


def command(data_dir: Path, base: str) -> str:
    """Return the line that sends the event to the receiver at `base`, as a shell takes it."""
    folder = data_dir / _FOLDER
    return (
        f'curl -H "Authorization: Bearer $(cat {folder / _TOKEN})"'
        f" -H 'Content-Type: application/cloudevents+json' -d @{folder / _EVENT} {base}{ADDRESS}"
    )


def _event(now: int) -> str:
    at = datetime.fromtimestamp(now // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
    told = {
        "specversion": "1.0",
        "id": secrets.token_hex(8),
        "source": "/by-hand",
        "type": "response_submitted",
        "subject": "webhook-demo",
        "time": at,
        "data": {
            "response_id": "by-hand",
            "survey_id": "webhook-demo",
            "survey_version": 1,
            "submitted_at": at,
            "answers": [{"question_id": "q1", "kind": "NPS", "number": 9}],
        },
    }
    return json.dumps(told, indent=2) + "\n"
