"""Scores inside answers: which answers count, for what, and what is out of scale."""

from collections.abc import Iterable, Sequence

from streams.core.events import Answer

NPS_MAX = 10
PROMOTER_FROM = 9
DETRACTOR_TO = 6
"""Of the Net Promoter question's 0 to 10 (Reichheld's definition)."""
METRIC_KINDS = frozenset({"NPS", "CSAT", "CES"})


def nps_of(answers: Sequence[Answer]) -> float | None:
    """The response's 0-10 recommendation score: that of its first NPS question with a number, None if unanswered."""
    for answer in answers:
        if answer.kind == "NPS" and answer.number is not None:
            return answer.number
    return None


def has_text(answers: Iterable[Answer]) -> bool:
    for answer in answers:  # noqa: SIM110 - runs for every response; a generator costs three times the loop
        if answer.text and not answer.text.isspace():
            return True
    return False
