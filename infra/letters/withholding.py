"""Withhold the letters of accounts with erased subjects from everybody; no redrive sends them again either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra import wiring
from sinks import replays

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from infra.settings import Settings
    from schemas.claims import Look
    from sinks.letters import Known


class Withheld:
    """The accounts with erased subjects at this moment."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._accounts = frozenset(each.account_id for each in replays.erased(client, wiring.warehouse(settings)))

    def covers(self, letter: Known, seen: Look) -> bool:
        """Say whether the letter's key or its bytes, as far as they can be read, name such an account.

        A person cannot be told apart in bytes that are broken, so all letters of the account are meant.
        """
        named = seen.walked.fields.get("account_id") if seen.walked else None
        return letter.account_key in self._accounts or (isinstance(named, str) and named in self._accounts)


def hidden(letter: Known) -> Known:
    """Return a letter without anything that its bytes say."""
    return msgspec.structs.replace(letter, detail="", source="", event_type="", event_id="")
