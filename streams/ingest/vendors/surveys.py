"""Responses of survey tools: which field measures what, as the operator has said, and answers without their words.

Only fields that the options name become answers, as a number or as options picked. Texts are not kept, whoever asks: an
answer in somebody's own words, a name and an address look alike.

An answer of satisfaction or effort counts once its scale is declared, and payloads do not have it. So each response
with one comes with its survey's definition: always the same event, which counts once. It stands under one account, the
installation's own (`typeform:main`), for whichever account answers: what is known of a scale is worked out over all
accounts that declare it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from streams.core.limits import EARLIEST
from streams.ingest.translate import Event
from streams.ingest.vendors.model import NotUnderstoodError

if TYPE_CHECKING:
    from streams.ingest.vendors.model import Instance

Scale = tuple[float, float, float]
"""Lowest answer, highest answer, and the lowest that counts as positive."""
_USUAL: Mapping[str, Scale | None] = {"NPS": (0.0, 10.0, 9.0), "CSAT": (1.0, 5.0, 4.0), "CES": (1.0, 7.0, 5.0)}

Fields = str | list[str]
"""One field, or several, by the id or the readable name that the vendor gives it."""


class Survey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the fields of one survey measure; `version` is raised by its operator when questions or scales change.

    `choice` are fields whose picked options are kept; the operator wrote those, not the respondent. `scales` has those
    of fields that are not on the usual one: CSAT from 1 to 5 with 4 as the lowest that is satisfied, CES from 1 to 7
    with 5.

    >>> Survey(nps="rating_1", csat=["support", "onboarding"], scales={"onboarding": (1, 10, 8)}, version=2)
    """

    nps: Fields = []
    csat: Fields = []
    ces: Fields = []
    rating: Fields = []
    choice: Fields = []
    scales: dict[str, Scale] = {}
    version: int = 1
    channel: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant; decoding tells it with its place."""
        named = [field for _, field in self._named()]
        if twice := sorted({field for field in named if named.count(field) > 1}):
            raise ValueError(f"the field {twice[0]!r} measures two things")
        if unnamed := sorted(self.scales.keys() - set(named)):
            raise ValueError(f"a scale is given for {unnamed[0]!r}, which measures nothing")
        require_rising(self.scales)

    def kinds(self) -> dict[str, str]:
        """Return the kind of each field."""
        return {field: kind for kind, field in self._named()}

    def _named(self) -> Iterator[tuple[str, str]]:
        told = {"NPS": self.nps, "CSAT": self.csat, "CES": self.ces, "RATING": self.rating, "CHOICE": self.choice}
        for kind, fields in told.items():
            for field in [fields] if isinstance(fields, str) else fields:
                yield kind, field


def require_rising(scales: Mapping[str, Scale]) -> None:
    """Raise ValueError for a scale that is none."""
    for field, (lowest, highest, positive) in scales.items():
        if not lowest < positive <= highest:
            raise ValueError(f"the scale of {field!r} must be its lowest, its highest and its lowest positive answer")


def definition(survey: Survey, survey_id: str, instance: Instance) -> Iterator[Event]:
    """Yield the definition that answers on scales need; a survey without such a field needs none.

    It has no time of its own, so it has the earliest that there is.
    """
    kinds = survey.kinds()
    if kinds.keys() <= {name for name, kind in kinds.items() if kind in ("NPS", "CHOICE")}:
        return
    yield Event(
        "survey_defined",
        {
            "event_id": instance.event_id("definition", survey_id, survey.version),
            "account_id": instance.source,
            "occurred_at": EARLIEST,
            "source": instance.source,
            "survey_id": survey_id,
            "version": survey.version,
            "questions": [_question(name, kind, survey.scales.get(name)) for name, kind in sorted(kinds.items())],
        },
    )


def _question(name: str, kind: str, told: Scale | None) -> dict[str, Any]:
    scale = told or _USUAL.get(kind)
    if scale is None:
        return {"question_id": name, "kind": kind}
    lowest, highest, positive = scale
    bounds = {"scale_min": lowest, "scale_max": highest, "positive_from": positive}
    return {"question_id": name, "kind": kind, **bounds}


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
