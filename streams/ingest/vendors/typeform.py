"""Typeform: responses of forms, complete and partial.

    {"event_id": "01DQ...", "event_type": "form_response", "form_response": {"form_id": "lT4Z3j", "token": "a3a1...",
     "landed_at": "2018-01-01T12:00:00Z", "submitted_at": "2018-01-01T12:02:00Z", "hidden": {"account": "acme"},
     "answers": [{"type": "number", "number": 9, "field": {"id": "JwWg...", "ref": "rating_1", "type": "nps"}}]}}

The token is the response. A complete one never changes, so its event is named by token and time: whatever Typeform
sends again, under whichever delivery id, is the same event. Partial ones are named by their delivery and have no time
of their own: they are dated by the landing, and the complete one goes before them.

A hidden field is what the link to the form carried. Anybody can change a link: take an account from it only where that
does no harm, or put in ids that cannot be guessed.

Source: typeform.com/developers/webhooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.accounts import account_of, person_id
from streams.ingest.vendors.contract import translation
from streams.ingest.vendors.model import Translation
from streams.ingest.vendors.payloads import Id, counted_name, decoded, id_of, instant, options_of, shaped
from streams.ingest.vendors.surveys import Survey, answers, definition

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.vendors.model import Instance

_NEVER = "0001-01-01"
"""How the vendor dates what was not submitted."""
_NO = frozenset({"", "0", "false", "no"})


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Typeform instance: its forms by id, and which hidden fields hold what.

    `email` names a hidden field with an address, of which the domain is looked up and nothing kept. A response whose
    `test` field is filled, with anything but false, no or 0, is test traffic.

    >>> Options(forms={"lT4Z3j": Survey(nps="rating_1")}, contact="contact_id", invitation="invitation_id")
    """

    forms: dict[str, Survey] = {}
    contact: str = "contact_id"
    organization: str = "organization_id"
    invitation: str = "invitation_id"
    email: str = "email"
    language: str = "language"
    test: str = "test"


class _Field(msgspec.Struct, frozen=True):
    id: str | None = None
    ref: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    label: str | None = None


class _Choices(msgspec.Struct, frozen=True):
    labels: list[str] | None = None


class _Answer(msgspec.Struct, frozen=True):
    """An answer, as far as it is read: never its text, and of a choice never what was typed under "other"."""

    field: _Field
    number: float | None = None
    boolean: bool | None = None
    choice: _Choice | None = None
    choices: _Choices | None = None

    def value(self) -> Any:
        if self.number is not None:
            return self.number
        if self.boolean is not None:
            return "yes" if self.boolean else "no"
        if self.choice is not None:
            return self.choice.label
        return self.choices.labels if self.choices is not None else None


class _Response(msgspec.Struct, frozen=True):
    form_id: str
    token: str
    landed_at: str | None = None
    submitted_at: str | None = None
    hidden: dict[str, Any] | None = None
    answers: list[_Answer] | None = None


class _Delivery(msgspec.Struct, frozen=True):
    event_id: str
    event_type: str
    form_response: Any = None


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return the response that a delivery carries; raises NotUnderstoodError."""
    options = options_of(instance.options, Options)
    delivery = shaped(decoded(raw.body), _Delivery)
    if delivery.event_type not in ("form_response", "form_response_partial"):
        return translation(raw, (), (counted_name(delivery.event_type),))
    response = shaped(delivery.form_response, _Response)
    survey = options.forms.get(response.form_id)
    if survey is None:
        return translation(raw, (), (counted_name("form", response.form_id),))
    submitted = _submitted(delivery, response, survey, instance, options)
    return translation(raw, (*definition(survey, response.form_id, instance), submitted))


def _submitted(delivery: _Delivery, response: _Response, survey: Survey, instance: Instance, options: Options) -> Event:
    finished = delivery.event_type == "form_response" and not (response.submitted_at or _NEVER).startswith(_NEVER)
    landed = instant(response.landed_at, "form_response.landed_at") if response.landed_at is not None else None
    submitted = response.submitted_at or ""
    at = landed if landed is not None and not finished else instant(submitted, "form_response.submitted_at")
    parts = (response.token, at) if finished else (response.token, delivery.event_id, "partial")
    hidden = response.hidden or {}
    given = (((each.field.ref, each.field.id), each.value()) for each in response.answers or ())
    fields = {
        "event_id": instance.event_id(*parts),
        "account_id": _account(response, hidden, instance, options),
        "occurred_at": at,
        "source": instance.source,
        "entity_version": at + finished,
        "actor": "CUSTOMER",
        "is_test": str(hidden.get(options.test) or "").strip().lower() not in _NO,
        "response_id": response.token,
        "survey_id": response.form_id,
        "survey_version": survey.version,
        "invitation_id": _hidden_id(hidden, options.invitation),
        "contact_id": person_id(instance, hidden.get(options.contact)),
        "started_at": min(landed, at) if landed is not None else None,
        "submitted_at": at,
        "finished": finished,
        "language": _hidden_id(hidden, options.language),
        "channel": survey.channel,
        "answers": answers(survey, given),
    }
    return Event("response_submitted", fields)


def _account(response: _Response, hidden: dict[str, Any], instance: Instance, options: Options) -> str:
    """Return whose a response is; of somebody unknown it waits under the person's id, of nobody under the form's."""
    contact = person_id(instance, hidden.get(options.contact))
    organization = _hidden_id(hidden, options.organization)
    return account_of(
        instance,
        customer=organization or (f"contact/{contact}" if contact else f"form/{response.form_id}"),
        metadata=hidden,
        organization=organization,
        email=hidden.get(options.email),
    )


def _hidden_id(hidden: dict[str, Any], name: str) -> str | None:
    value: Id | None = hidden.get(name)
    return id_of(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
