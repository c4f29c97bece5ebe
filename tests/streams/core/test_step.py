"""What the laws leave open: an identity that means two things, policies chosen by an event's own time, derived ids."""

import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import NAMESPACE, RecordedEvent, derived_id
from streams.core.events import Answer, FollowupLogged, PolicySet, ResponseCorrected, ResponseSubmitted
from streams.core.rows_survey import FollowupRow
from streams.core.rules import DEFAULT_FOLLOWUP, rules_from
from tests.support.machine import restated, run

ID = "00000000-0000-4000-8000-000000000001"
CALL = FollowupLogged(
    event_id=ID, account_id="acme", occurred_at=1, source="desk:main", response_id="r1", followup_id="f1", kind="call"
)


@pytest.mark.parametrize("turned", [False, True])
def test_an_id_that_two_sources_use_has_one_order(turned: bool) -> None:
    """Importers derive equal ids from equal records: which of two events stands must not depend on which came first."""
    other = msgspec.structs.replace(CALL, source="mail:main", kind="email")
    calls = [RecordedEvent(CALL, 1), RecordedEvent(other, 1)]
    machine = run(list(reversed(calls)) if turned else calls)
    assert [row.kind for row in machine.tables.values() if isinstance(row, FollowupRow)] == ["email"]


@pytest.mark.parametrize("number", [4.0, 5.0])
def test_a_score_that_was_another_metrics_leaves_that_one(number: float) -> None:
    """A question was sent with the wrong kind: the log takes NPS's 4 away and gives CSAT 5, the same number too."""
    answers = [Answer(question_id="q", kind="NPS", number=4.0), Answer(question_id="q", kind="CSAT", number=number)]
    fields: dict[str, Any] = {
        "event_id": ID,
        "account_id": "acme",
        "occurred_at": 5,
        "source": "desk:main",
        "response_id": "r1",
    }
    said = ResponseSubmitted(
        **fields, survey_id="s", survey_version=1, submitted_at=5, finished=True, answers=(answers[0],)
    )
    corrected = ResponseCorrected(**(fields | {"event_id": ID[:-1] + "2"}), answers=(answers[1],))
    log = restated(run([RecordedEvent(said, 5), RecordedEvent(corrected, 6)]))
    assert {(row.metric, row.old_value, row.new_value) for row in log} == {
        ("nps", 4.0, None),
        ("csat", None, number),
        ("closed_loop_rate", None, None),
    }


def policy(valid_from: int, value: str, number: int = 1, version: int | None = None) -> PolicySet:
    return PolicySet(
        event_id=f"00000000-0000-4000-8000-{number:012d}",
        account_id="policy:followup_target_seconds",
        occurred_at=5,
        source="console",
        entity_version=version,
        policy="followup_target_seconds",
        value=value,
        policy_version=f"v{number}",
        valid_from=valid_from,
    )


def test_a_policy_holds_from_its_start_until_the_next() -> None:
    """A stricter target must not turn last year's calls into late ones."""
    rules = rules_from([policy(200, "20", 2), policy(100, "10", 1)])
    assert rules.followup_target(99) == DEFAULT_FOLLOWUP
    assert [rules.followup_target(at).value for at in (100, 199, 200, 10**18)] == [10, 10, 20, 20]


@pytest.mark.parametrize("turned", [False, True])
def test_a_policy_set_again_for_the_same_moment_replaces_it_in_any_order(turned: bool) -> None:
    """Settings are corrected like everything else: by source version, not by who came last."""
    versions = [policy(100, "10", 2, version=1), policy(100, "30", 1, version=2)]
    rules = rules_from(reversed(versions) if turned else versions)
    assert rules.followup_target(150).value == 30


@given(st.text(max_size=60), st.sampled_from(["detractor_waiting", "tally"]), st.integers(-1, 2**40))
def test_a_derived_id_is_the_standard_uuid_of_its_name(event_id: str, kind: str, ordinal: int) -> None:
    """Receivers know a signal by its id: one that came out differently would be delivered a second time."""
    assert derived_id(event_id, kind, ordinal) == str(uuid.uuid5(NAMESPACE, f"{event_id}/{kind}/{ordinal}"))
