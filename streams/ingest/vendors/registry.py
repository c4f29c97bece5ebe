"""The translators by vendor: a new one is a module beside this one, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ingest.vendors import stripe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.ingest.vendors.model import Translator

TRANSLATORS: Mapping[str, Translator] = {
    "stripe": stripe.translate,
}
"""`cx translate` reads `cx.raw.<vendor>` for each vendor here that has an instance."""
