import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rules import DEFAULT_FOLLOWUP, FOLLOWUP_TARGET, Override, Policy, Rules, overridden

_VERSIONS = st.lists(
    st.builds(Policy, valid_from=st.integers(1, 99), version=st.sampled_from("abc"), value=st.integers(1, 9)),
    max_size=4,
    unique_by=lambda policy: policy.valid_from,
)


@given(_VERSIONS, st.sampled_from(["", "default", "a"]), st.integers(10, 20))
def test_an_override_changes_values_and_nothing_else(versions: list[Policy], version: str, value: int) -> None:
    """What-if asks about one thing: from when versions hold, and what they are called, stays."""
    rules = Rules((DEFAULT_FOLLOWUP, *sorted(versions)))
    meant = [version in ("", policy.version) for policy in rules.followup]
    if not any(meant):
        with pytest.raises(KeyError, match=version):
            overridden(rules, [Override(FOLLOWUP_TARGET, value, version)])
        return
    found = overridden(rules, [Override(FOLLOWUP_TARGET, value, version)])
    for before, after, changed in zip(rules.followup, found.followup, meant, strict=True):
        assert (after.valid_from, after.version) == (before.valid_from, before.version)
        assert after.value == (value if changed else before.value)


def test_another_policy_is_refused() -> None:
    """Views apply the others; overriding one here would do nothing, silently."""
    with pytest.raises(KeyError, match="low_sample_n"):
        overridden(Rules(), [Override("low_sample_n", 5)])
