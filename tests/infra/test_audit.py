"""How an action ended is written down also where the connection that it worked over takes no statement any more."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NoReturn

import pytest
from clickhouse_driver import Client

from infra import wiring
from infra.cli.pipeline import Stopped
from infra.promoting import Desk
from infra.replaying import running
from infra.settings import Settings
from sinks import generations, replays
from streams.replay.plan import Cost, Deployment, Kind, Plan

pytestmark = pytest.mark.servers
Action = Callable[[Client, Settings], AbstractContextManager[None]]
_PLAN = Plan(
    kind=Kind.REBUILD,
    deployment=Deployment(cluster="a", topics={}, database="cx"),
    stretches=(),
    code="b",
    cost=Cost(records=0, passed_over=0, bytes=0, rows={}, seconds=0),
    created_at="2026-11-01T00:00:00Z",
)


def _run(client: Client, here: Settings) -> AbstractContextManager[None]:
    return running._recorded(client, here, _PLAN, "cx_g2")


def _promote(client: Client, here: Settings) -> AbstractContextManager[None]:
    desk = Desk(here, here)
    desk.client = client
    return desk.audited("promote", "cx_g2")


def _told_to_stop_amid_an_answer(client: Client) -> NoReturn:
    answer = client.execute_iter("SELECT number FROM system.numbers LIMIT 1000000")
    next(answer)
    raise Stopped


@pytest.mark.parametrize(("action", "states"), [(_run, ["failed"]), (_promote, [])])
def test_what_a_signal_cuts_short_amid_an_answer_is_written_down(
    here: Settings, action: Action, states: list[str]
) -> None:
    """Ctrl-C while an answer is read: who looks at the log the next day must not see an action that never ended."""
    warehouse = wiring.warehouse(here)
    with wiring.clickhouse(here) as client, wiring.clickhouse(here) as other:
        generations.create_log(other, warehouse)
        with pytest.raises(Stopped), action(client, here):
            _told_to_stop_amid_an_answer(client)
        assert replays.audited(other, warehouse)[0].outcome == "failed"
        assert [each.state for each in replays.listed(other, warehouse)] == states
