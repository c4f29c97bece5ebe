"""The follow-up case of a detractor: who waits, since when, by when somebody was to call, and whether they did."""

from collections.abc import Sequence

from streams.core.algebra import Signal, derived_id
from streams.core.clock.timer import Target, Timer
from streams.core.limits import NEVER
from streams.core.rows import FollowupCaseRow
from streams.core.rules import Policy, Rules
from streams.core.survey.response import Response

SECOND = 1_000_000


def ruled(response: Response | None) -> bool:
    """Whether the follow-up policy has a say: only where there is, or was, a detractor."""
    return response is not None and response.was_detractor is not None


def _clock(response: Response, rules: Rules) -> tuple[Timer, Policy]:
    """The clock and its policy: it starts when the detractor answered, and the first contact ends it."""
    said = response.submitted if response.is_detractor else response.was_detractor
    assert said is not None
    policy = rules.followup_target(said.submitted_at)
    timer = Timer(said.submitted_at, Target(policy.value * SECOND))
    first, _ = _contacts(response)
    if first is not None:
        timer.end(first)
    return timer, policy


def _contacts(response: Response) -> tuple[int | None, int | None]:
    """(first contact, first closing contact), microseconds, None where there was none."""
    if not response.followups:
        return None, None
    events = response.followups.values()
    first = min(event.occurred_at for event in events)
    closed = min((event.occurred_at for event in events if event.closed), default=None)
    return first, closed


def first_contact(response: Response) -> int:
    """Return when a followed-up response was first followed up, microseconds."""
    return min(event.occurred_at for event in response.followups.values())


def deadline(response: Response | None, rules: Rules, passed: int) -> int:
    """When the case becomes overdue if nobody makes contact; NEVER once contacted, voided or already overdue."""
    if response is None or not response.is_detractor or response.followups:
        return NEVER
    due = _clock(response, rules)[0].due_at
    return NEVER if due <= passed else due


def case_row(response: Response, rules: Rules, passed: int) -> FollowupCaseRow:
    """The row of a response that is, or once was, a detractor's."""
    origin = response.was_detractor
    assert origin is not None
    timer, policy = _clock(response, rules)
    timer.pass_to(passed)
    first, closed = _contacts(response)
    return FollowupCaseRow(
        origin.account_id,
        origin.response_id,
        origin.survey_id,
        origin.contact_id or "",
        _state(response),
        timer.started_at,
        timer.due_at,
        policy.value,
        policy.version,
        first,
        closed,
        timer.breached_at if response.is_detractor else None,
        response.detractor_score,
        origin.is_test or response.last.event.is_test,
    )


def _state(response: Response) -> str:
    if not response.is_detractor:
        return "voided"
    if not response.followups:
        return "waiting"
    return "closed" if any(event.closed for event in response.followups.values()) else "contacted"


def signals(before: Response | None, after: Response | None, rules: Rules, passed: int) -> Sequence[Signal]:
    """A signal when a detractor starts to wait, and one when the wait passes its target.

    Nobody is called about the distant past: both need the response to have been noted before its deadline.
    """
    if after is None or not after.is_detractor:
        return ()
    timer, policy = _clock(after, rules)
    start, due = timer.started_at, timer.due_at
    if after.last.ingested_at >= due:
        return ()
    if before is after:
        overdue = not after.followups and due <= passed
        return (_signal(after, "detractor_overdue", due, due, policy),) if overdue else ()
    waited = before is not None and before.is_detractor
    return () if waited or after.followups else (_signal(after, "detractor_waiting", start, due, policy),)


def _signal(response: Response, kind: str, at: int, due: int, policy: Policy) -> Signal:
    said = response.submitted
    assert said is not None
    detail = {
        "score": f"{response.nps:g}",
        "survey_id": said.survey_id,
        "contact_id": said.contact_id or "",
        "due_at": str(due),
        "policy_version": policy.version,
    }
    return Signal(derived_id(said.event_id, kind), kind, said.account_id, said.response_id, at, detail)
