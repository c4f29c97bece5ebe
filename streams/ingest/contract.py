"""A mapping held against the schemas before any row is read: what every row would be rejected for is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.catalogue import latest_schemas
from streams.ingest.mapping import MappingError

if TYPE_CHECKING:
    from streams.ingest.mapping import Mapping, Template

_GIVEN = frozenset({"event_id", "source"})


def require_fit(mapping: Mapping) -> None:
    """Raise MappingError for an event type that there is not, a field that it has not, or one that it needs."""
    for part, templates in (("once", mapping.once), ("rows", mapping.rows)):
        for at, template in enumerate(templates):
            _check(f"{part}[{at}]", template)


def _check(place: str, template: Template) -> None:
    schema = latest_schemas().get(template.event)
    if schema is None:
        raise MappingError(f"{place}: there is no event type {template.event!r}.")
    fields = {field["name"]: "default" in field for field in schema.definition["fields"]}
    if unknown := template.fields.keys() - fields.keys():
        raise MappingError(f"{place}: {template.event} has no field {', '.join(sorted(unknown))}.")
    needed = {name for name, optional in fields.items() if not optional} - _GIVEN
    if missing := needed - template.fields.keys():
        raise MappingError(f"{place}: {template.event} needs {', '.join(sorted(missing))}.")
