"""Formbricks: responses as they are created, go on, finish and are changed afterwards.

    {"webhookId": "wh1", "event": "responseFinished", "data": {"id": "r1", "surveyId": "s1", "finished": true,
     "createdAt": "2025-07-24T07:47:29.507Z", "updatedAt": "2025-07-24T07:47:56.116Z", "data": {"q1": 9},
     "contact": {"id": "c1", "userId": "u1"}, "contactAttributes": {"account": "acme"}, "language": "en", ...}}

Each delivery has the whole response, so each is a `response_submitted` that states it anew, with the update time as its
version. The end of a response comes twice, as `responseUpdated` and as `responseFinished` with one update time: both
are the same event. A change after that has a later update time, and counts as a correction (ADR 0192). All are
dated by `createdAt`, the moment of the first answer, which no change moves to another window.

Source: formbricks/formbricks, docs/xm-and-surveys/core-features/integrations/webhooks.mdx. Its examples are lists of
one delivery; both forms are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.accounts import account_of, person_id
from streams.ingest.vendors.contract import translation
from streams.ingest.vendors.model import Translation
from streams.ingest.vendors.payloads import counted_name, decoded, instant, options_of, shaped
from streams.ingest.vendors.surveys import Survey, answers, definition

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance

_TOLD = frozenset({"responseCreated", "responseUpdated", "responseFinished"})


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Formbricks instance: its surveys by id, attributes of contacts, and tags of test responses.

    `contact`, `organization` and `email` name attributes of a contact; without the first, a contact is known by
    `userId`. Of an address the domain is looked up and nothing kept.

    >>> Options(surveys={"cm8w": Survey(nps="q1")}, test_tags=("test",))
    """

    surveys: dict[str, Survey] = {}
    contact: str = "userId"
    organization: str = "organizationId"
    email: str = "email"
    test_tags: tuple[str, ...] = ()


class _Tag(msgspec.Struct, frozen=True):
    name: str | None = None


class _Contact(msgspec.Struct, frozen=True):
    id: str | None = None
    user_id: str | None = msgspec.field(default=None, name="userId")


class _Response(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    survey_id: str
    created_at: str
    updated_at: str
    finished: bool
    data: dict[str, Any]
    contact: _Contact | None = None
    contact_attributes: dict[str, Any] | None = None
    display_id: str | None = None
    language: str | None = None
    tags: list[_Tag] | None = None


class _Delivery(msgspec.Struct, frozen=True):
    event: str
    data: Any = None


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return the responses that a delivery carries; raises NotUnderstoodError."""
    options = options_of(instance.options, Options)
    body = decoded(raw.body)
    events, unmapped = list[Event](), list[str]()
    for delivery in [shaped(each, _Delivery) for each in (body if isinstance(body, list) else [body])]:
        if delivery.event not in _TOLD:
            unmapped.append(counted_name(delivery.event))
            continue
        response = shaped(delivery.data, _Response)
        survey = options.surveys.get(response.survey_id)
        if survey is None:
            unmapped.append(counted_name("survey", response.survey_id))
        else:
            submitted = _submitted(response, survey, instance, options)
            events += definition(survey, response.survey_id, instance)
            events.append(submitted)
    return translation(raw, events, unmapped)


def _submitted(response: _Response, survey: Survey, instance: Instance, options: Options) -> Event:
    begun, at = instant(response.created_at, "data.createdAt"), instant(response.updated_at, "data.updatedAt")
    attributes = response.contact_attributes or {}
    contact = _contact(response, attributes, instance, options)
    fields = {
        "event_id": instance.event_id(response.id, response.updated_at),
        "account_id": _account(response, attributes, contact, instance, options),
        "occurred_at": at,
        "source": instance.source,
        "entity_version": at,
        "actor": "CUSTOMER",
        "is_test": any(tag.name in options.test_tags for tag in response.tags or ()),
        "response_id": response.id,
        "survey_id": response.survey_id,
        "survey_version": survey.version,
        "display_id": response.display_id or None,
        "contact_id": contact,
        "submitted_at": begun,
        "finished": response.finished,
        "language": None if response.language in (None, "", "default") else response.language,
        "channel": survey.channel,
        "answers": answers(survey, (((name,), _value(value)) for name, value in response.data.items())),
    }
    return Event("response_submitted", fields)


def _value(value: Any) -> Any:
    """Return an answer; a question that was shown and skipped is sent as an empty text."""
    return None if value in ("", []) else value


def _contact(response: _Response, attributes: dict[str, Any], instance: Instance, options: Options) -> str | None:
    contact = response.contact
    named = attributes.get(options.contact) or (contact.user_id or contact.id if contact is not None else None)
    return person_id(instance, named)


def _account(
    response: _Response, attributes: dict[str, Any], contact: str | None, instance: Instance, options: Options
) -> str:
    """Return whose a response is; of somebody unknown it waits under the person's id, of nobody under the survey's."""
    organization = attributes.get(options.organization)
    waits_under = f"contact/{contact}" if contact else f"survey/{response.survey_id}"
    return account_of(
        instance,
        customer=organization or waits_under,
        metadata=attributes,
        organization=organization,
        email=attributes.get(options.email),
    )
