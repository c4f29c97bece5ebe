"""The translators by vendor: a new one is a module beside this one, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ingest.vendors import (
    cloudevents,
    delighted,
    discord,
    formbricks,
    segment,
    stripe,
    typeform,
    zendesk,
    zendesk_desk,
)
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.payloads import options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from streams.ingest.vendors.model import Instance, Translator

TRANSLATORS: Mapping[str, Translator] = {
    "stripe": stripe.translate,
    "zendesk": zendesk.translate,
    "typeform": typeform.translate,
    "formbricks": formbricks.translate,
    "cloudevents": cloudevents.translate,
    "segment": segment.translate,
    "rudderstack": segment.translate,
    "discord": discord.translate,
    "delighted": delighted.translate,
}
"""`cx translate` reads `cx.raw.<vendor>` for each vendor here that has an instance."""

OPTIONS: Mapping[str, type[msgspec.Struct]] = {
    "zendesk": zendesk_desk.Options,
    "typeform": typeform.Options,
    "formbricks": formbricks.Options,
    "cloudevents": cloudevents.Options,
    "segment": segment.Options,
    "rudderstack": segment.Options,
    "discord": discord.Options,
    "delighted": delighted.Options,
}
"""What an operator may say of an instance, by vendor."""


def problem_of_options(instance: Instance) -> str | None:
    """Return what is wrong with the options of an instance, None for nothing."""
    shape = OPTIONS.get(instance.vendor)
    if shape is None:
        return None
    try:
        options_of(instance.options, shape)
    except NotUnderstoodError as error:
        return error.detail
    return None
