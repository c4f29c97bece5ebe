"""The OpenAPI description of `/v1/events`, served at `/openapi.json`; hooks are described by their vendors."""

from __future__ import annotations

from typing import Any

from streams.core.events import EVENT_TYPES
from streams.receive.events import LINES, MOST_BYTES, ONE, PATH

_STATUSES = {
    "400": "The request was cut off or is no HTTP.",
    "401": "The token is missing, doubled or wrong.",
    "408": "The body took too long, or made way for others: send again.",
    "413": f"More than {MOST_BYTES >> 20} MiB.",
    "415": "Another form than these, or compressed.",
}
_AGAIN = {
    "429": "More requests than this source may send: send again after Retry-After seconds.",
    "503": "Nothing was stored for sure: send the same again after Retry-After seconds.",
}


def document(version: str) -> dict[str, Any]:
    """Return the description for a release."""
    event = {"$ref": "#/components/schemas/Event"}
    forms = {ONE: {"schema": event}, **{form: {"schema": {"type": "string"}} for form in sorted(LINES)}}
    retry = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    responses = {
        "200": _verdict("Stored by all replicas in sync, but for what is named."),
        "422": _verdict("Nothing was stored: every event was refused."),
        **{status: {"description": said} for status, said in _STATUSES.items()},
        **{status: {"description": said, "headers": retry} for status, said in _AGAIN.items()},
    }
    post = {
        "operationId": "postEvents",
        "summary": "Store events: one as JSON, or one to a line. Sending an event again is harmless.",
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": forms},
        "responses": responses,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "cxledger events", "version": version},
        "paths": {PATH: {"post": post}},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Event": _event(), "Verdict": _verdict_schema()},
        },
    }


def _verdict(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Verdict"}}}
    return {"description": description, "content": content}


def _verdict_schema() -> dict[str, Any]:
    line = {
        "type": "object",
        "required": ["line", "event_id", "reason", "detail"],
        "properties": {
            "line": {"type": "integer", "minimum": 1},
            "event_id": {"type": ["string", "null"]},
            "reason": {"type": "string"},
            "detail": {"type": "string"},
        },
    }
    properties = {"accepted": {"type": "integer", "minimum": 0}, "refused": {"type": "array", "items": line}}
    return {"type": "object", "required": ["accepted", "refused"], "properties": properties}


def _event() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "An event of the contract, its type beside its fields (docs/fields.md). Times are ISO 8601.",
        "required": ["event_type", "event_id", "account_id", "occurred_at"],
        "properties": {
            "event_type": {"type": "string", "enum": sorted(EVENT_TYPES)},
            "event_id": {"type": "string", "format": "uuid"},
            "account_id": {"type": "string", "minLength": 1},
            "occurred_at": {"type": "string", "format": "date-time"},
            "source": {"type": "string", "description": "The token's own, where it is left out."},
        },
    }
