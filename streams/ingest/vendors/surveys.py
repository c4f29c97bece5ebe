"""Responses of survey tools: which field measures what, as the operator has said, and answers without their words.

Only fields that the options name become answers, as a number or as options picked. Texts are not kept, whoever asks: an
answer in somebody's own words, a name and an address look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from streams.ingest.vendors.model import NotUnderstoodError

Fields = str | list[str]
"""One field, or several, by the id or the readable name that the vendor gives it."""


class Survey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the fields of one survey measure; `version` is raised by its operator when questions change.

    `choice` are fields whose picked options are kept; the operator wrote those, not the respondent.

    >>> Survey(nps="rating_1", csat=["support", "onboarding"], version=2)
    """

    nps: Fields = []
    csat: Fields = []
    ces: Fields = []
    rating: Fields = []
    choice: Fields = []
    version: int = 1
    channel: str | None = None

    def kinds(self) -> dict[str, str]:
        """Return the kind of each field; raises NotUnderstoodError for a field of two kinds."""
        named = {"NPS": self.nps, "CSAT": self.csat, "CES": self.ces, "RATING": self.rating, "CHOICE": self.choice}
        found: dict[str, str] = {}
        for kind, fields in named.items():
            for field in [fields] if isinstance(fields, str) else fields:
                if field in found:
                    raise NotUnderstoodError("invalid_options", "a field of a survey measures two things")
                found[field] = kind
        return found


def answers(survey: Survey, given: Iterable[tuple[tuple[str | None, ...], Any]]) -> list[dict[str, Any]]:
    """Return the answers of named fields: `given` are the names that each field goes by, with its value.

    A value is a number, or the options picked. Raises NotUnderstoodError where a score is no number: another field than
    the operator believes.
    """
    kinds = survey.kinds()
    return [answer for names, value in given for answer in _answer(kinds, names, value)]


def _answer(kinds: Mapping[str, str], names: tuple[str | None, ...], value: Any) -> Iterator[dict[str, Any]]:
    name = next((name for name in names if name is not None and name in kinds), None)
    if name is None or value is None:
        return
    if kinds[name] == "CHOICE":
        picked = [value] if isinstance(value, str) else value
        if not isinstance(picked, list) or not all(isinstance(option, str) for option in picked):
            raise NotUnderstoodError("invalid_field", "a choice that the options name is no list of texts")
        yield {"question_id": name, "kind": "CHOICE", "choices": list(dict.fromkeys(picked))}
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotUnderstoodError("invalid_field", f"the {kinds[name]} field that the options name is no number")
    yield {"question_id": name, "kind": kinds[name], "number": float(value)}
