"""What a response and an invitation add to the sums behind metrics."""

from streams.core.changes import NO_MEASURES, ONE, Key, Measure, Measures
from streams.core.survey.case import first_contact
from streams.core.survey.invitation import Invitation
from streams.core.survey.response import Response
from streams.core.survey.scores import DETRACTOR_TO, METRIC_KINDS, PROMOTER_FROM

HOUR = 3_600_000_000


def response_measures(response: Response | None) -> Measures:
    """Return a response's scores, and how long a detractor waited for a follow-up.

    Of NPS questions the first one that is answered counts. The numerator of csat and ces is the sum of answers on the
    question's own scale.
    """
    if response is None or not response.counts or response.is_test:
        return NO_MEASURES
    submitted = response.submitted
    assert submitted is not None
    at, person = submitted.submitted_at, submitted.contact_id or ""
    found: dict[Key, Measure] = {}
    scored = False
    for answer in response.answers:
        number = answer.number
        if number is None or answer.kind not in METRIC_KINDS:
            continue
        if answer.kind != "NPS":
            found[answer.kind.lower(), answer.question_id, at, ""] = (round(number * ONE), ONE, number)
        elif not scored:
            scored = True
            found["nps", answer.question_id, at, person] = (_points(number), ONE, number)
    if response.is_detractor:
        _followed_up(found, response, at)
    return found


def _followed_up(found: dict[Key, Measure], response: Response, at: int) -> None:
    """A detractor's case; the item is the least target in seconds that its first contact kept, so that none decides."""
    if not response.followups:
        found["closed_loop_rate", "", at, ""] = (0, ONE, None)
        return
    waited = first_contact(response) - at
    found["time_to_contact", "", at, ""] = (waited, ONE, waited / HOUR)
    found["closed_loop_rate", str(max(-(-waited // ONE), 0)), at, ""] = (ONE, ONE, 1.0)


def _points(number: float) -> int:
    return ONE if number >= PROMOTER_FROM else -ONE if number <= DETRACTOR_TO else 0


def invitation_measures(invitation: Invitation | None) -> Measures:
    """Return the invitation as one that may be answered: part of the denominator of the response rate."""
    if invitation is None or invitation.is_test or invitation.sent_at is None or invitation.bounced is not None:
        return NO_MEASURES
    return {("response_rate", "", invitation.sent_at, ""): (0, ONE, None)}
