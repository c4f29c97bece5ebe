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
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.ingest.vendors.model import Translator

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
