"""Facts that a response hands over to the health of its account: its recommendation score, and a detractor who waits.

Answers on scales of their own stay out: what they are worth stands in the survey's definition, which a response does
not know.
"""

from collections.abc import Iterator

from streams.core.health.facts import Fact, Happened, Level, day_of
from streams.core.survey.response import Response


def facts_of(response: Response) -> Iterator[Fact]:
    """Yield the facts of a response as it stands; a detractor is open until somebody makes contact."""
    said = response.submitted
    if said is None or response.nps is None or response.is_test:
        return
    at, member, by = said.submitted_at, said.response_id, said.event_id
    yield Happened(at, "response", member, "nps_answer", by, "nps_answer", 1, int(response.nps))
    if response.is_detractor:
        day, ended = day_of(at), response.contacted_at
        yield Level(at, "response", member, "detractors_open", by, "detractors_open", 1, day)
        if ended is not None:
            at = max(ended, at)
            yield Level(at, "response", member, "detractors_open/over", by, "detractors_open", -1, day)
