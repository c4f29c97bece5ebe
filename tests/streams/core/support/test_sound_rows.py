"""What no row may say, whatever was told: each is a contradiction that somebody would act on."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import Event, TicketDeleted, TicketMarkedSpam, TicketPriorityChanged, TicketRestored
from streams.core.rows_sla import SlaInstanceRow
from streams.core.rows_ticket import TicketNextReplyRow, TicketRow, TicketSolveRow, TicketSpanRow
from streams.core.rules import Rules
from streams.core.support.sla_policy import METRICS, Limit, SlaPolicy
from tests.support.histories import HOUR, START
from tests.support.histories_support import crowded, support_histories
from tests.support.levels import LEVELS, levels
from tests.support.machine import run
from tests.support.tickets import made, opened, recorded_events, rows, turned

HORIZON = START + 80 * 24 * HOUR
GONE = ("deleted", "merged", "spam")
moments = st.integers(0, 80).map(lambda days: START + days * 24 * HOUR)


@given(support_histories() | crowded(), levels, moments)
def test_clocks_end_once_and_run_only_until_then(history: list[RecordedEvent], rules: Rules, now: int) -> None:
    """A clock that was kept or cancelled and still runs would be called about, or counted in two shares."""
    machine = run(history, until=now, rules=rules)
    status = {row.ticket_id: row.status for row in rows(machine, TicketRow)}
    for row in rows(machine, SlaInstanceRow):
        ends = [at for at in (row.fulfilled_at, row.cancelled_at) if at is not None]
        lasting = [at for at in (row.running_since, row.paused_since) if at is not None]
        assert len(ends) + len(lasting) == 1
        assert all(at >= row.activated_at for at in (*ends, *lasting))
        assert row.breached_at is None or all(row.activated_at <= row.breached_at <= at for at in ends)
        assert row.elapsed_us >= 0
        assert not ends or row.is_business or row.elapsed_us <= ends[0] - row.activated_at
        assert row.state != "fulfilled" or row.elapsed_us <= row.target_us
        assert row.state != "running" or status[row.ticket_id] not in GONE


@given(support_histories() | crowded())
def test_solves_and_waits_follow_each_other(history: list[RecordedEvent]) -> None:
    """Nothing is reopened before it was solved, and nobody waits twice at once."""
    machine = run(history)
    for row in rows(machine, TicketRow):
        solves = [each for each in rows(machine, TicketSolveRow) if each.ticket_id == row.ticket_id]
        assert all(each.reopened_at is None or each.reopened_at >= each.solved_at for each in solves)
        assert all((one.reopened_at or one.solved_at) <= other.solved_at for one, other in pairwise(solves))
        waits = [each for each in rows(machine, TicketNextReplyRow) if each.ticket_id == row.ticket_id]
        assert all(one.answered_at is not None and one.answered_at <= other.asked_at for one, other in pairwise(waits))
        assert all((each.waited_us is None) == (each.answered_at is None) == (each.ended_by == "") for each in waits)
        assert all(each.waited_us is None or each.waited_us >= 0 for each in waits)


_NEVER_LATE = Rules(
    sla=(SlaPolicy(0, "all", 0, "v1", True, "", ((),) * 5, tuple(Limit(m, "", 10**5 * HOUR, False) for m in METRICS)),)
)
"""Every clock has a target in calendar time, and none runs out."""


@given(support_histories() | crowded())
def test_a_clock_and_a_duration_of_one_name_are_one_thing(history: list[RecordedEvent]) -> None:
    """Who reports next_reply and who is paid by the clock of that name speak of the same waits."""
    machine = run(history, until=HORIZON, rules=_NEVER_LATE)
    for row in rows(machine, TicketRow):
        own = [each for each in rows(machine, SlaInstanceRow) if each.ticket_id == row.ticket_id]
        clocks = {metric: [each for each in own if each.metric == metric] for metric in METRICS}
        assert row.opened_at is not None or not own
        if row.opened_at is None:
            continue
        if row.status in ("solved", "closed"):
            waits = (row.requester_wait_us, row.agent_work_us)
            counted = [sum(each.elapsed_us for each in clocks[of]) for of in ("requester_wait", "agent_work")]
            assert tuple(counted) == waits
        first = row.first_reply_at
        for each in clocks["first_reply"]:
            if each.fulfilled_at is not None:
                ends = [max(at, each.activated_at) for at in (first, row.first_solved_at) if at is not None]
                assert each.fulfilled_at == min(ends)
        waited = [each for each in rows(machine, TicketNextReplyRow) if each.ticket_id == row.ticket_id]
        later = [each for each in waited if first is not None and each.asked_at > first]
        assert [(max(each.asked_at, row.opened_at), each.answered_at) for each in later] == [
            (each.activated_at, each.fulfilled_at or each.cancelled_at) for each in clocks["next_reply"]
        ]


def story(turns: list[tuple[int, str]]) -> list[RecordedEvent]:
    """One ticket from its opening on: statuses, removals, restorations and priorities by the hour."""
    kinds: dict[str, type[Event]] = {"deleted": TicketDeleted, "spam": TicketMarkedSpam, "restored": TicketRestored}
    told: list[Event] = [opened()]
    for number, (hour, what) in enumerate(turns, start=1):
        if what in kinds:
            told.append(made(kinds[what], hour, number=number))
        elif what.isupper():
            told.append(turned(hour, what, number=number))
        else:
            told.append(made(TicketPriorityChanged, hour, number=number, priority=what))
    return recorded_events(*told)


_WHAT = ["NEW", "OPEN", "PENDING", "HOLD", "SOLVED", "deleted", "spam", "restored", "low", "high"]
stories = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(_WHAT)), max_size=6).map(story)


@given(support_histories() | stories)
def test_a_ticket_has_its_status_for_as_long_as_its_spans_say(history: list[RecordedEvent]) -> None:
    """What it waited is the spans that ended with what runs since then: a gap between would be in no figure."""
    machine = run(history)
    for row in rows(machine, TicketRow):
        spans = [each for each in rows(machine, TicketSpanRow) if each.ticket_id == row.ticket_id]
        since = None
        for span in reversed(spans):
            if span.status != row.status:
                break
            since = span.from_at
        assert row.status_since == since
        ended = [each for each in spans if each.until_at is not None and since is not None and each.until_at <= since]
        waited = {each.status: 0 for each in ended}
        for each in ended:
            waited[each.status] += (each.until_at or 0) - each.from_at
        assert row.agent_wait_us == waited.get("pending", 0)
        assert row.requester_wait_us == sum(waited.get(each, 0) for each in ("new", "open", "hold"))


@given(support_histories() | stories)
def test_what_is_removed_is_waited_for_no_longer(history: list[RecordedEvent]) -> None:
    """Every clock of it has ended by the moment at which its last spans of removal begin."""
    machine = run(history, until=HORIZON, rules=LEVELS)
    for row in rows(machine, TicketRow):
        spans = [each for each in rows(machine, TicketSpanRow) if each.ticket_id == row.ticket_id]
        gone_at = None
        for span in reversed(spans):
            if span.status not in GONE:
                break
            gone_at = span.from_at
        mine = [each for each in rows(machine, SlaInstanceRow) if each.ticket_id == row.ticket_id]
        for each in mine:
            if gone_at is not None and each.metric != "next_reply" and each.cancelled_at is not None:
                assert each.cancelled_at <= gone_at
