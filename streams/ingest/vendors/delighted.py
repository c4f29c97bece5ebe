"""Delighted: the history of responses; the service has ended, so nothing new comes.

A body has one record of an export a line, in the envelope that readers of exports write, or as the service's own API
gave it:

    {"stream": "survey_responses", "data": {"id": "210554372", "person": "980285131", "survey_type": "nps", "score": 8,
     "created_at": 1641289688, "updated_at": 1641289688, "person_properties": {"account": "acme"}, "tags": []}}

A record is the response as it stood when it was exported, so it is a `response_submitted` with the update time as its
version: one that is exported again after a change states it anew. Times are Unix seconds. Comments are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.accounts import account_of, person_id
from streams.ingest.vendors.contract import translation
from streams.ingest.vendors.model import NotUnderstoodError, Translation
from streams.ingest.vendors.payloads import (
    Id,
    counted_name,
    decoded_lines,
    id_of,
    options_of,
    required,
    shaped,
    unix_seconds,
)
from streams.ingest.vendors.surveys import Scale, Survey, answers, definition, require_rising

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance

_RESPONSES, _QUESTION = "survey_responses", "score"
_KINDS = {"nps": "NPS", "csat": "CSAT", "ces": "CES", "smileys": "RATING", "stars_five": "RATING", "thumbs": "RATING"}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Delighted instance.

    `surveys` gives the id of the survey by its type, which is its id otherwise, and `scales` the scale of a type where
    that is not the usual one (`surveys.py`). `organization` names a property of people. A response with one of
    `test_tags` is test traffic.

    >>> Options(surveys={"nps": "relationship"}, scales={"ces": (1, 5, 4)}, organization="company_id")
    """

    surveys: dict[str, str] = {}
    scales: dict[str, Scale] = {}
    organization: str = "organization_id"
    test_tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant; decoding tells it with its place."""
        require_rising(self.scales)


class _Person(msgspec.Struct, frozen=True):
    id: Id
    email: str | None = None


class _Response(msgspec.Struct, frozen=True):
    id: Id
    person: Id | _Person
    score: float
    created_at: float
    updated_at: float | None = None
    survey_type: str = "nps"
    person_properties: dict[str, Any] | None = None
    tags: list[str] | None = None


class _Record(msgspec.Struct, frozen=True):
    stream: str
    data: Any


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return the responses that exported lines carry; raises NotUnderstoodError."""
    options = options_of(instance.options, Options)
    events, unmapped = list[Event](), list[str]()
    for line in decoded_lines(raw.body):
        wrapped = isinstance(line, dict) and "stream" in line
        record = shaped(line, _Record) if wrapped else _Record(_RESPONSES, line)
        if record.stream != _RESPONSES:
            unmapped.append(counted_name(record.stream))
            continue
        response = shaped(record.data, _Response)
        if response.survey_type not in _KINDS:
            unmapped.append(counted_name(_RESPONSES, response.survey_type))
        else:
            events += _events(response, instance, options)
    if not events and not unmapped:
        raise NotUnderstoodError("malformed", "the body has no line")
    return translation(raw, events, unmapped)


def _events(response: _Response, instance: Instance, options: Options) -> Iterator[Event]:
    kind = _KINDS[response.survey_type]
    scales = {_QUESTION: options.scales[response.survey_type]} if response.survey_type in options.scales else {}
    survey = msgspec.convert({kind.lower(): _QUESTION, "scales": scales}, Survey)
    submitted = _submitted(response, survey, instance, options)
    yield from definition(survey, submitted.fields["survey_id"], instance)
    yield submitted


def _submitted(response: _Response, survey: Survey, instance: Instance, options: Options) -> Event:
    begun = unix_seconds(response.created_at, "created_at")
    at = begun if response.updated_at is None else unix_seconds(response.updated_at, "updated_at")
    person = response.person if isinstance(response.person, _Person) else _Person(response.person)
    response_id, person_named = required(id_of(response.id), "id"), required(id_of(person.id), "person")
    properties = response.person_properties or {}
    organization = properties.get(options.organization)
    fields = {
        "event_id": instance.event_id(response_id, at),
        "account_id": account_of(
            instance,
            customer=organization or f"person/{person_named}",
            metadata=properties,
            organization=organization,
            email=person.email,
        ),
        "occurred_at": at,
        "source": instance.source,
        "entity_version": at,
        "actor": "CUSTOMER",
        "is_test": not set(response.tags or ()).isdisjoint(options.test_tags),
        "response_id": response_id,
        "survey_id": options.surveys.get(response.survey_type, response.survey_type),
        "survey_version": survey.version,
        "contact_id": person_id(instance, person_named),
        "submitted_at": begun,
        "finished": True,
        "answers": answers(survey, [((_QUESTION,), response.score)]),
    }
    return Event("response_submitted", fields)
