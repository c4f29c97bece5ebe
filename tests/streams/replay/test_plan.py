import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rules import Override
from streams.replay.errors import PlanError
from streams.replay.plan import Cost, Deployment, Kind, Plan, Stretch, canonical, fingerprint, seal, unseal

_TEXT = st.text(max_size=8)
_COUNT = st.integers(0, 2**53)
_STRETCHES = st.builds(Stretch, topic=_TEXT, partition=st.integers(0, 99), start=_COUNT, end=_COUNT)
PLANS = st.builds(
    Plan,
    format=st.just(1),
    kind=st.sampled_from(Kind),
    deployment=st.builds(Deployment, cluster=_TEXT, topics=st.dictionaries(_TEXT, _TEXT, max_size=3), database=_TEXT),
    stretches=st.lists(_STRETCHES, max_size=3).map(tuple),
    accounts=st.lists(_TEXT, max_size=3).map(tuple),
    overrides=st.lists(st.builds(Override, policy=_TEXT, value=_COUNT, version=_TEXT), max_size=2).map(tuple),
    python=_TEXT,
    code=_TEXT,
    cost=st.builds(
        Cost,
        records=_COUNT,
        passed_over=_COUNT,
        bytes=_COUNT,
        rows=st.dictionaries(_TEXT, _COUNT, max_size=3),
        seconds=_COUNT,
    ),
    created_at=_TEXT,
)


@given(PLANS)
def test_a_plan_file_says_what_was_planned(plan: Plan) -> None:
    """Quotes, semicolons, line breaks and other scripts in names included: what is read back is what was written."""
    assert unseal(seal(plan), "plan.json") == plan


@given(PLANS)
def test_layout_is_not_content(plan: Plan) -> None:
    """An editor or a version control system that reformats JSON must not make a plan useless."""
    laid_out = json.dumps(json.loads(seal(plan)), indent=7, sort_keys=True, ensure_ascii=False).encode()
    assert unseal(laid_out, "plan.json") == plan


@given(PLANS, PLANS)
def test_equal_plans_and_only_they_have_one_fingerprint(one: Plan, other: Plan) -> None:
    """The fingerprint names a replay: whoever runs the same plan again must find it, and nobody else."""
    assert (fingerprint(one) == fingerprint(other)) == (one == other)
    assert canonical(one) == canonical(msgspec.json.decode(canonical(one), type=Plan))


@given(PLANS, st.data())
def test_whatever_is_changed_by_hand_is_refused(plan: Plan, data: st.DataObject) -> None:
    """The plan was looked at and agreed to as it is; a longer range or another account is another plan."""
    document = json.loads(seal(plan))
    name = data.draw(st.sampled_from(sorted(document["plan"])))
    before = document["plan"][name]
    document["plan"][name] = data.draw(st.sampled_from([None, "x", 7, [], {"a": 1}]).filter(lambda new: new != before))
    with pytest.raises(PlanError, match=r"^p\.json was changed after it was planned"):
        unseal(json.dumps(document).encode(), "p.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"plan": {}}',
        b'{"plan": 1, "sha256": 2}',
        b'{"plan": {}, "more": 1}',
        b'{"plan": ' * 100_000,
    ],
)
def test_what_is_no_plan_is_one_sentence(content: bytes) -> None:
    """Somebody will give it the wrong file."""
    with pytest.raises(PlanError, match=r"^x is no plan: make one with `cx replay plan`"):
        unseal(content, "x")


@given(PLANS)
def test_a_sealed_plan_of_another_format_is_refused(plan: Plan) -> None:
    """A plan by a later version may ask for what this one does not know; its seal is good all the same."""
    with pytest.raises(PlanError, match="another version of cx"):
        unseal(seal(msgspec.structs.replace(plan, format=2)), "p.json")
