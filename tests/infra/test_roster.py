"""When a worker that ended is started again, and when that is no use."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from infra import roster
from infra.roster import Member, Rule, after_end, is_due
from infra.settings import Settings

NOW = 1_800_000_000.0
RULES = st.builds(
    Rule,
    first_s=st.floats(0.1, 10),
    longest_s=st.floats(10, 100),
    most=st.integers(1, 12),
    within_s=st.floats(1, 10_000),
)


def _lives(rule: Rule, pauses: list[float]) -> list[tuple[float, Member]]:
    """A worker that ends, is started when that is due, and ends so many seconds later again."""
    now, member, found = NOW, Member(1), list[tuple[float, Member]]()
    for lived in pauses:
        member = after_end(member, now, "it fell over", final=False, rule=rule)
        found.append((now, member))
        if member.over:
            break
        assert not is_due(member, member.again_at - 0.01, rule)
        assert is_due(member, member.again_at, rule)
        now = member.again_at + lived
        member = Member(member.number, member.ends, member.reason)
    return found


@given(rule=RULES, pauses=st.lists(st.floats(0, 3_000), min_size=1, max_size=30))
def test_each_end_in_a_row_waits_longer_until_a_limit(rule: Rule, pauses: list[float]) -> None:
    """A worker that cannot start must neither keep two cores busy nor be forgotten without a word."""
    for now, member in _lives(rule, pauses):
        recent = [at for at in member.ends if now - rule.within_s < at <= now]
        assert list(member.ends) == recent
        assert member.over == (len(recent) >= rule.most)
        if not member.over:
            assert member.again_at - now <= rule.longest_s + 0.001
            assert abs(member.again_at - now - min(rule.longest_s, rule.first_s * 2 ** (len(recent) - 1))) < 0.001


@given(rule=RULES, ends=st.integers(0, 50))
def test_ends_of_long_ago_are_forgiven(rule: Rule, ends: int) -> None:
    """A worker that falls over once a week is started again every time."""
    before = Member(1, tuple(NOW - rule.within_s - 1 - at for at in range(ends)))
    assert after_end(before, NOW, "", final=False, rule=rule).over == (rule.most == 1)


@given(rule=RULES)
def test_what_would_only_repeat_itself_is_not_started_again(rule: Rule) -> None:
    """At the dead-letter limit a restart reads the same records, and stops at them."""
    member = after_end(Member(1), NOW, "dead-letter limit: 1000 bad records in a row", final=True, rule=rule)
    assert member.over
    assert not is_due(member, NOW + 1e9, rule)


@given(rule=RULES, back=st.floats(0, 1e8))
def test_a_clock_that_is_set_back_keeps_nobody_waiting(rule: Rule, back: float) -> None:
    """The time of the next start is a time of day, for people to read."""
    member = after_end(Member(1), NOW, "", final=False, rule=rule)
    if not member.over and back > rule.longest_s:
        assert is_due(member, NOW - back, rule)


def test_what_is_written_down_is_read_and_known_to_be_watched(tmp_path: Path) -> None:
    """Another process reads it: `status` names the dead, and a promotion leaves starting to whoever watches."""
    told = Settings(data_dir=tmp_path)
    assert roster.read(told) is None
    assert not roster.is_watched(roster.read(told))
    members = (Member(1), Member(2, (NOW,), "it was killed (SIGKILL)", NOW + 1))
    roster.write(told, members)
    found = roster.read(told)
    assert found is not None
    assert (found.members, found.watcher) == (members, os.getpid())
    assert roster.is_watched(found)
    assert not roster.is_watched(msgspec.structs.replace(found, created=found.created - 100))
    assert [each.ends for each in roster.recent(found, NOW + 1e6)] == [(), ()]
    (tmp_path / "workers.json").write_bytes(b"{")
    assert roster.read(told) is None
    roster.ask(told, roster.Request(3))
    assert roster.requested(told) == roster.Request(3)
    roster.forget(told)
    assert roster.requested(told) is None
    assert list(tmp_path.glob("workers.json")) == []
