"""The follow-up case of a detractor: who waits, since when, by when somebody was to call, and whether they did."""

from streams.core.algebra import Signal, derived_id
from streams.core.clock.timer import Target, Timer
from streams.core.limits import NEVER
from streams.core.outputs import Scope
from streams.core.rows_survey import FollowupCaseRow
from streams.core.rules import Policy, Rules
from streams.core.survey.response import Last, Response

SECOND = 1_000_000


def _clock(response: Response, rules: Rules) -> tuple[Timer, Policy]:
    """The clock and its policy: it starts when the detractor answered, and the first contact ends it."""
    said = response.submitted if response.is_detractor else response.was_detractor
    assert said is not None
    policy = rules.followup_target(said.submitted_at)
    timer = Timer(said.submitted_at, Target(policy.value * SECOND))
    if response.contacted_at is not None:
        timer.end(response.contacted_at)
    return timer, policy


def deadline(response: Response, scope: Scope) -> int:
    """Return when the case becomes overdue if nobody makes contact; NEVER once contacted, voided or already overdue."""
    if not response.is_detractor or response.contacted_at is not None:
        return NEVER
    due = _clock(response, scope.rules)[0].due_at
    return NEVER if due <= scope.passed else due


def case_row(response: Response, scope: Scope) -> FollowupCaseRow:
    """The row of a response that is, or once was, a detractor's."""
    origin = response.was_detractor
    assert origin is not None
    timer, policy = _clock(response, scope.rules)
    timer.pass_to(scope.passed)
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
        response.contacted_at,
        response.closed_at,
        timer.breached_at if response.is_detractor else None,
        response.detractor_score,
        response.is_test,
    )


def _state(response: Response) -> str:
    if not response.is_detractor:
        return "voided"
    if response.contacted_at is None:
        return "waiting"
    return "contacted" if response.closed_at is None else "closed"


def signals(response: Response, last: Last, scope: Scope) -> dict[str, Signal]:
    """Return, by id, that the detractor of a response waits, and that the wait has passed its target.

    Nobody is called about the distant past: both need the response to have been stored before its deadline.
    """
    if response.contacted_at is not None:
        return {}
    timer, policy = _clock(response, scope.rules)
    due = timer.due_at
    if last.ingested_at >= due:
        return {}
    found = [_signal(response, "detractor_waiting", response.waits_by, timer.started_at, due, policy)]
    if due <= scope.passed:
        assert response.submitted is not None
        found.append(_signal(response, "detractor_overdue", response.submitted.event_id, due, due, policy))
    return {signal.signal_id: signal for signal in found}


def _signal(response: Response, kind: str, event_id: str, at: int, due: int, policy: Policy) -> Signal:
    said = response.submitted
    assert said is not None
    detail = {
        "score": f"{response.nps:g}",
        "survey_id": said.survey_id,
        "contact_id": said.contact_id or "",
        "due_at": str(due),
        "policy_version": policy.version,
    }
    return Signal(derived_id(event_id, kind), kind, said.account_id, said.response_id, at, detail)
