"""What is remembered of replays: a kill, a second operator and a dropped generation must all find it true."""

from collections.abc import Callable

import pytest
from clickhouse_driver import Client

from sinks import generations, replays
from sinks.holders import actor, myself
from sinks.migrate import migrate
from sinks.settings import Warehouse

pytestmark = pytest.mark.servers
_QUOTED = """it's; DROP DATABASE cx -- "quoted" \\ `back`"""


@pytest.fixture
def warehouse(client: Client, database: str) -> Warehouse:
    made = Warehouse(database=database)
    migrate(client, made)
    return made


def _begin(client: Client, warehouse: Warehouse, **changes: object) -> str:
    generation = generations.create(client, warehouse)
    told: dict[str, object] = {"plan_hash": "p", "kind": "repair", "accounts": ["b", _QUOTED], "plan": "{}", **changes}
    replays.begin(client, warehouse, generation, **told)  # type: ignore[arg-type] # names are those of begin
    return generation


def test_a_replay_is_followed_from_its_beginning_to_its_end(client: Client, warehouse: Warehouse) -> None:
    """A run that was killed goes on from what stands here."""
    generation = _begin(client, warehouse)
    begun = replays.state(client, warehouse, generation)
    assert begun is not None
    assert (begun.kind, begun.accounts, begun.state, begun.holder) == (
        "repair",
        tuple(sorted(["b", _QUOTED])),
        "running",
        myself(),
    )
    assert begun.under_way
    replays.heartbeat(client, warehouse, generation, records=5, total=9, resume='{"a": 1}')
    replays.fail(client, warehouse, generation, _QUOTED)
    failed = replays.state(client, warehouse, generation)
    assert failed is not None
    assert (failed.state, failed.records, failed.total, failed.resume, failed.detail) == (
        "failed",
        5,
        9,
        '{"a": 1}',
        _QUOTED,
    )
    assert not failed.under_way
    replays.finish(client, warehouse, generation, records=9, resume="end")
    done = replays.state(client, warehouse, generation)
    assert done is not None
    assert (done.state, done.records, done.resume, done.detail) == ("filled", 9, "end", "")
    assert done.revision > failed.revision > begun.revision


def test_replays_are_found_by_their_plan(client: Client, warehouse: Warehouse) -> None:
    """`run` must see that the plan has a generation already, and must not see one that is gone."""
    first, second = _begin(client, warehouse), _begin(client, warehouse)
    _begin(client, warehouse, plan_hash="other")
    assert [each.generation for each in replays.of_plan(client, warehouse, "p")] == [second, first]
    replays.dropped(client, warehouse, second)
    assert [each.generation for each in replays.of_plan(client, warehouse, "p")] == [first]
    assert replays.state(client, warehouse, "cx_nowhere") is None


def test_a_generation_name_is_never_used_again(client: Client, warehouse: Warehouse) -> None:
    """What the logs say of a dropped generation would otherwise be believed of another."""
    generation = _begin(client, warehouse)
    generations.drop(client, warehouse, generation)
    assert generations.create(client, warehouse) != generation


def test_the_audit_log_keeps_every_action_in_order(client: Client, warehouse: Warehouse) -> None:
    """Who did what is asked after an incident, whatever text the actions carried."""
    replays.audit(client, warehouse, "diff", "done", generation="cx_g2", plan_hash="p", detail=_QUOTED)
    replays.audit(client, warehouse, "promote", "refused", generation="cx_g3")
    rows = replays.audited(client, warehouse)
    assert [(row.action, row.outcome, row.actor) for row in rows] == [
        ("promote", "refused", actor()),
        ("diff", "done", actor()),
    ]
    assert [row.detail for row in replays.audited(client, warehouse, action="diff", generation="cx_g2")] == [_QUOTED]
    assert replays.audited(client, warehouse, action="diff", generation="cx_g3") == []


def test_erased_subjects_are_found_by_account(client: Client, warehouse: Warehouse) -> None:
    """A replay of an erased person's account would bring the person back."""
    client.execute(
        f"INSERT INTO `{warehouse.meta}`.erased_subject VALUES",
        [("a", "c1", 0), ("a", "c1", 1), (_QUOTED, "", 0)],
    )
    assert len(replays.erased(client, warehouse)) == 2
    assert replays.erased(client, warehouse, ["a", "x"]) == [replays.Erased("a", "c1")]
    assert replays.erased(client, warehouse, [_QUOTED]) == [replays.Erased(_QUOTED, "")]
    assert replays.erased(client, warehouse, ["x"]) == []


def test_an_older_deployment_gains_the_tables(
    client: Client, open_client: Callable[[], Client], warehouse: Warehouse
) -> None:
    """Promotions written before replays existed keep their meaning, and migrating again changes nothing."""
    for table in ("replay", "replay_state", "replay_log", "erased_subject", "schema_versions"):
        client.execute(f"DROP TABLE `{warehouse.meta}`.{table} SYNC")
    client.execute(f"ALTER TABLE `{warehouse.meta}`.promotion DROP COLUMN action")
    other = open_client()
    migrate(other, warehouse)
    migrate(other, warehouse)
    other.disconnect()
    assert client.execute(f"SELECT action, generation FROM `{warehouse.meta}`.promotion") == [
        ("promote", f"{warehouse.database}_g1")
    ]
    assert replays.listed(client, warehouse) == []
