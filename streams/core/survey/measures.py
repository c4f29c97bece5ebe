"""Measures of a response, an invitation and a display: their parts of the sums behind metrics.

Whether an invitation or a display was answered is a matter of two entities. Each says its own part under the name of
what links them, `invitation` or `display`; the item of a response's is the one that it names. Views put them together.
"""

from streams.core.algebra import RecordedEvent
from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.events import ResponseSubmitted
from streams.core.survey.definition import scale_name
from streams.core.survey.invitation import Invitation
from streams.core.survey.response import Response
from streams.core.survey.scores import DETRACTOR_TO, METRIC_KINDS, PROMOTER_FROM, has_text

HOUR = 3_600_000_000
_WITH_TEXT: Measure = (ONE, ONE, 1.0)
_WITHOUT_TEXT: Measure = (0, ONE, 0.0)
_FINISHED: Measure = (ONE, ONE, None)
_THERE: Measure = (0, ONE, None)
_TAGGED: Measure = (ONE, 0, None)


def response_measures(response: Response) -> Measures:
    """Return a response's scores, topics and texts, what it answers, and how long a detractor waited for a follow-up.

    Of NPS questions the first one that is answered counts. The numerator of csat and ces is the sum of answers on the
    question's own scale, and the item names that scale: what an answer counts for is what its definition says. The item
    of a topic's metrics is the topic; of `topic_share` the row without one is the whole.
    """
    if not response.counts or response.is_test:
        return NO_MEASURES
    submitted = response.submitted
    assert submitted is not None
    at, person = submitted.submitted_at, submitted.contact_id or ""
    found: dict[Key, Measure] = {("verbatim_rate", "", at, ""): _WITHOUT_TEXT}
    if has_text(response.answers):
        found["verbatim_rate", "", at, ""] = _WITH_TEXT
    _linked(found, submitted)
    score: Measure | None = None
    for answer in response.answers:
        number = answer.number
        if number is None or answer.kind not in METRIC_KINDS:
            continue
        if answer.kind != "NPS":
            scale = scale_name(submitted.survey_id, submitted.survey_version, answer.question_id)
            found[answer.kind.lower(), scale, at, ""] = (round(number * ONE), ONE, number)
        elif score is None:
            score = (_points(number), ONE, number)
            found["nps", answer.question_id, at, person] = score
    if response.tagged is not None:
        for topic in response.tagged.topics:
            found["topic_share", "", at, ""] = _THERE
            found["topic_share", topic.topic_id, at, ""] = _TAGGED
            if score is not None:
                found["topic_nps", topic.topic_id, at, person] = score
    if response.is_detractor:
        _followed_up(found, response, at)
    return found


def _linked(found: dict[Key, Measure], submitted: ResponseSubmitted) -> None:
    """The invitation and the display that the response answers, of the latter whether to the end."""
    at = submitted.submitted_at
    if submitted.invitation_id:
        found["invitation", submitted.invitation_id, at, ""] = _THERE
    if submitted.display_id:
        found["display", submitted.display_id, at, ""] = _FINISHED if submitted.finished else _THERE


def _followed_up(found: dict[Key, Measure], response: Response, at: int) -> None:
    """A detractor's case; the item is the least target in seconds that its first contact kept, so that none decides."""
    if response.contacted_at is None:
        found["closed_loop_rate", "", at, ""] = (0, ONE, None)
        return
    waited = response.contacted_at - at
    found["time_to_contact", "", at, ""] = (waited, ONE, waited / HOUR)
    found["closed_loop_rate", str(max(-(-waited // ONE), 0)), at, ""] = (ONE, ONE, 1.0)


def _points(number: float) -> int:
    return ONE if number >= PROMOTER_FROM else -ONE if number <= DETRACTOR_TO else 0


def invitation_measures(invitation: Invitation) -> Measures:
    """Return the invitation as one that may be answered: part of the denominator of the response rate.

    One that bounced is part of it once somebody has answered it all the same, which its view knows.
    """
    if invitation.is_test or invitation.sent_at is None:
        return NO_MEASURES
    name = "response_rate" if invitation.bounced is None else "invitation"
    return {(name, "", invitation.sent_at, ""): _THERE}


def display_measures(recorded: RecordedEvent) -> Measures:
    """Return the display as one that may be started and finished."""
    if recorded.event.is_test:
        return NO_MEASURES
    return {("display", "", recorded.event.occurred_at, ""): _THERE}
