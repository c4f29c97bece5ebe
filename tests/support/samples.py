"""Samples of what real sources send, which are not part of this repository, and events as their emitters would tell."""

import json
import os
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import Codec, micros
from streams.core.events import Event, parse

_CODEC = Codec()
_REMARK = re.compile(r"^\s*//.*$", re.MULTILINE)


def sample(name: str) -> str:
    """The text of a sample, such as zendesk/webhook.json; skips the test where there are none on this machine."""
    file = Path(os.environ.get("CX_REAL_DATA", "")) / "webhook_samples" / name
    if not file.is_file():
        pytest.skip(f"no webhook_samples/{name} under CX_REAL_DATA")
    return file.read_text("utf-8")


def json_sample(name: str) -> dict[str, Any]:
    """A sample of one JSON object; lines that are remarks of its author are left out."""
    found: dict[str, Any] = json.loads(_REMARK.sub("", sample(name)))
    return found


def instant(text: str) -> int:
    """Microseconds of an ISO 8601 instant; one without a zone is in UTC."""
    when = datetime.fromisoformat(text)
    return micros(when if when.tzinfo else when.replace(tzinfo=UTC))


def event(kind: str, source: str, name: str, **told: Any) -> Event:
    """The event as it arrives: through the codec, so that a field of another type would show.

    `name` is what the source calls it: the same one makes the same event id.
    """
    named = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source}/{kind}/{name}"))
    return parse(*_CODEC.decode_array(_CODEC.encode(kind, {"event_id": named, "source": source, **told})))
