"""Dead letters as ClickHouse counts them for a look: what is open, and an upper bound where that cannot be told."""

from __future__ import annotations

import msgspec
import pytest

from infra import wiring
from infra.health import tables
from infra.health.model import DeadLetters
from infra.letters import discarding
from infra.settings import Settings
from sinks.letters import At, Chosen
from tests.infra.letters.seed import Seeds

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

_ENDLESS = "SELECT 'x' AS topic, 0 AS partition, number AS offset, now() AS ingested_at FROM system.numbers"
_WORST = "{} of them from senders that cannot be read as malformed"


@pytest.fixture
def places(here: Settings) -> list[At]:
    """Three letters of one partition; the second one is discarded."""
    seeds = Seeds(here)
    made = [seeds.letter(b"no event") for _ in range(3)]
    discarding.perform(here, Chosen(at=made[1]), "a test of theirs")
    return made


def _counted(here: Settings, places: list[At]) -> DeadLetters | None:
    return tables.look(here, {(places[0].topic, 0): places[-1].offset + 1}).dead_letters


def _order(here: Settings, statement: str) -> None:
    with wiring.clickhouse(here) as client:
        client.execute(statement.format(cx=here.database))


def test_only_what_is_open_is_counted(here: Settings, places: list[At]) -> None:
    """What somebody has dealt with is no flood any more: its alarm must not outlast the work by an hour."""
    assert _counted(here, places) == DeadLetters(
        open=2, recent=2, looked_at=3, hour=2, hour_of=2, worst=_WORST.format(2)
    )
    discarding.perform(here, Chosen(), "all of them")
    assert _counted(here, places) == DeadLetters(open=0, recent=0, looked_at=3, hour=0, hour_of=0)


@pytest.mark.parametrize(
    "change",
    [
        "DROP VIEW {cx}.dead_letter_open",
        "DROP TABLE {cx}_meta.dead_letter_action",
        f"CREATE OR REPLACE VIEW {{cx}}.dead_letter_open AS {_ENDLESS}",
    ],
    ids=["before the migration", "without what was decided", "too slow"],
)
def test_all_letters_are_the_bound_where_the_open_ones_cannot_be_told(
    here: Settings, places: list[At], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A deployment that was not migrated yet, or has very many letters, must not miss a flood for that."""
    if _ENDLESS in change:  # an answer that is merely slow must not be taken for none
        monkeypatch.setattr(tables, "_PATIENCE", {**tables._PATIENCE, "max_execution_time": 1})
    _order(here, change)
    bound = DeadLetters(open=3, recent=3, looked_at=3, hour=3, hour_of=3, told_apart=False, worst=_WORST.format(3))
    assert _counted(here, places) == bound
    _order(here, "DROP VIEW {cx}.event")
    assert _counted(here, places) == msgspec.structs.replace(bound, hour_of=None)


def test_without_letters_nothing_is_guessed(here: Settings, places: list[At]) -> None:
    """That nothing could be counted is not that there is nothing."""
    for view in ("dead_letter_open", "dead_letter"):
        _order(here, f"DROP VIEW {{cx}}.{view}")
    assert _counted(here, places) is None


def test_a_server_that_says_nothing_for_long_is_not_down(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it while it plans: `cx status` once took that for its end, on a machine with much to do."""
    _order(here, "CREATE DATABASE {cx}")
    _order(
        here, "CREATE VIEW {cx}.broken_invariant AS SELECT 'x' AS invariant FROM numbers(3) WHERE sleepEachRow(1) = 0"
    )
    with monkeypatch.context() as silent, wiring.clickhouse(here, timeout=1) as client:
        silent.setattr(tables, "_PATIENCE", {"interactive_delay": 60_000_000})
        assert tables._broken(client, here) is None
    with wiring.clickhouse(here) as client:
        assert tables._broken(client, here) == {"x": 3}
