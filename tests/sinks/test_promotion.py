"""What a promotion and the way back do to tables and views: whole or not at all, and no live row is lost."""

from collections import Counter
from collections.abc import Callable

import pytest
from clickhouse_driver import Client

from sinks import generations, promotion, replays
from sinks.clickhouse import ClickHouseSink
from sinks.migrate import migrate
from sinks.promotion import LIVE_FROM, CrashHook
from sinks.settings import Warehouse
from sinks.tables import TABLES
from tests.sinks.example_rows import row

pytestmark = pytest.mark.servers


class KilledError(Exception):
    """Stands for a kill: the steps behind it do not happen."""


def killed_at(point: str, count: int) -> CrashHook:
    passed: Counter[str] = Counter()

    def hook(name: str) -> None:
        passed[name] += 1
        if (name, passed[name]) == (point, count):
            raise KilledError

    return hook


@pytest.fixture
def warehouse(client: Client, database: str) -> Warehouse:
    made = Warehouse(database=database)
    migrate(client, made)
    return made


def _answer(
    account: str, number: float, version: int = 1, is_deleted: int = 0, response: str = "r"
) -> tuple[object, ...]:
    told = {"account_id": account, "response_id": response, "question_id": "q"}
    return row("answer", version, is_deleted, **told, number=number)


def _shown(client: Client, database: str) -> dict[str, float]:
    final = "" if "_g" not in database else " FINAL"
    return dict(client.execute(f"SELECT concat(account_id, response_id), number FROM {database}.answer{final}"))


@pytest.mark.parametrize(
    ("point", "count"),
    [("before_line", 1), ("after_line", 1), ("between_views", 1), ("between_views", 7), ("between_views", len(TABLES))],
)
def test_each_view_is_whole_whenever_it_is_cut_short_and_a_repeat_ends_it(
    client: Client, warehouse: Warehouse, point: str, count: int
) -> None:
    """A BI tool reads between any two statements, and the operator runs the same command again."""
    first, second = f"{warehouse.database}_g1", generations.create(client, warehouse)
    with pytest.raises(KilledError):
        promotion.point(client, warehouse, second, crash=killed_at(point, count))
    moved = count if point == "between_views" else 0
    tables = list(TABLES)
    assert promotion.pointed(client, warehouse) == {
        table: second if at < moved else first for at, table in enumerate(tables)
    }
    promotion.point(client, warehouse, second)
    assert set(promotion.pointed(client, warehouse).values()) == {second}
    assert promotion.served(client, warehouse).order == (first, second)


def test_promotions_are_laid_on_each_other_and_taken_off_again(client: Client, warehouse: Warehouse) -> None:
    """Going back twice leads two steps back, and what was taken back is known as such."""
    names = [f"{warehouse.database}_g1"] + [generations.create(client, warehouse) for _ in range(2)]
    for name in names[1:]:
        promotion.point(client, warehouse, name)
    assert promotion.served(client, warehouse).order == tuple(names)
    promotion.point(client, warehouse, names[1], "back")
    assert promotion.served(client, warehouse).former == names[0]
    promotion.point(client, warehouse, names[0], "back")
    found = promotion.served(client, warehouse)
    assert (found.order, found.former, found.taken_back) == ((names[0],), None, frozenset(names[1:]))


def test_going_back_takes_every_live_row_along_and_nothing_else(client: Client, warehouse: Warehouse) -> None:
    """What workers wrote while the new generation was served, withdrawals included, must not be lost with it."""
    first, second = f"{warehouse.database}_g1", generations.create(client, warehouse)
    old, new = ClickHouseSink(client, first), ClickHouseSink(client, second)
    old.insert({"answer": [_answer(a, 1.0, LIVE_FROM) for a in ("kept", "again", "gone")]})
    new.insert({"answer": [_answer(a, 2.0, 5) for a in ("kept", "again", "gone", "other")]})
    new.insert({"answer": [_answer("again", 3.0, 2 * LIVE_FROM), _answer("new", 4.0, 2 * LIVE_FROM)]})
    new.insert({"answer": [_answer("gone", 2.0, 2 * LIVE_FROM, 1)]})
    assert promotion.live_rows(client, second, {}) == 3
    for _ in range(2):
        assert promotion.carry(client, second, first, {}) == 3
        assert _shown(client, first) == {"keptr": 1.0, "againr": 3.0, "newr": 4.0}


@pytest.fixture
def repair(client: Client, warehouse: Warehouse) -> replays.Replay:
    """A generation that holds account b only, replayed, beside one that holds a and b as workers wrote them."""
    base = ClickHouseSink(client, f"{warehouse.database}_g1")
    base.insert({"answer": [_answer(a, 1.0, LIVE_FROM, response=r) for a in "ab" for r in ("r", "s")]})
    base.insert({"policy": [row("policy", LIVE_FROM, policy="p", value="v")]})
    name = generations.create(client, warehouse)
    replays.begin(client, warehouse, name, plan_hash="p", kind="repair", accounts=["b"], plan="{}")
    ClickHouseSink(client, name).insert({"answer": [_answer("b", 2.0, 3)]})
    replays.finish(client, warehouse, name, records=1)
    found = replays.state(client, warehouse, name)
    assert found is not None
    return found


def test_a_repair_replaces_its_accounts_and_shares_the_rest(
    client: Client, warehouse: Warehouse, repair: replays.Replay
) -> None:
    """Account b lacks a row that it should never have had; account a and the tables of nobody stay as they are."""
    base = f"{warehouse.database}_g1"
    before = client.execute(f"SELECT * FROM {base}.answer ORDER BY ALL")
    name = promotion.merge(client, warehouse, repair, base)
    assert _shown(client, name) == {"ar": 1.0, "as": 1.0, "br": 2.0}
    assert client.execute(f"SELECT value FROM {name}.policy FINAL") == [("v",)]
    assert client.execute(f"SELECT * FROM {base}.answer ORDER BY ALL") == before
    again = promotion.merge(client, warehouse, repair, base)
    assert name not in generations.names(client, warehouse)
    assert [each.generation for each in promotion.merges(client, warehouse, repair.generation)] == [again]


@pytest.mark.parametrize("optimized", [False, True])
def test_going_back_from_a_repair_takes_only_what_came_since(
    client: Client, warehouse: Warehouse, repair: replays.Replay, optimized: bool
) -> None:
    """The merged tables are full of live rows that the former ones hold already, and merges must hide no new ones."""
    base = f"{warehouse.database}_g1"
    name = promotion.merge(client, warehouse, repair, base)
    known = replays.state(client, warehouse, name)
    assert known is not None
    blocks = promotion.merged_of(known).blocks
    assert promotion.carry(client, name, base, blocks) == 0
    ClickHouseSink(client, name).insert(
        {"answer": [_answer("b", 9.0, 2 * LIVE_FROM), _answer("c", 9.0, 2 * LIVE_FROM)]}
    )
    if optimized:
        client.execute(f"OPTIMIZE TABLE {name}.answer FINAL")
    carried = promotion.carry(client, name, base, blocks)
    assert carried >= 2 if optimized else carried == 2
    assert _shown(client, base) == {"ar": 1.0, "as": 1.0, "br": 9.0, "bs": 1.0, "cr": 9.0}


def test_a_second_repair_of_a_merged_generation_is_right(
    client: Client, warehouse: Warehouse, repair: replays.Replay
) -> None:
    """Rows that were replaced once are hidden, not gone: a copy of the copy must hide them too."""
    base = f"{warehouse.database}_g1"
    first = promotion.merge(client, warehouse, repair, base)
    promotion.point(client, warehouse, first)
    ClickHouseSink(client, first).insert({"answer": [_answer("b", 5.0, 2 * LIVE_FROM)]})
    second = promotion.merge(client, warehouse, repair, first)
    assert _shown(client, second) == {"ar": 1.0, "as": 1.0, "br": 2.0}
    assert _shown(client, first) == {"ar": 1.0, "as": 1.0, "br": 5.0}


def test_a_merge_cut_short_is_made_anew(client: Client, warehouse: Warehouse, repair: replays.Replay) -> None:
    """Half a copy must never be served, nor lie about for ever."""
    base = f"{warehouse.database}_g1"
    with pytest.raises(KilledError):
        promotion.merge(client, warehouse, repair, base, killed_at("mid_clone", 2))
    (left,) = promotion.merges(client, warehouse, repair.generation)
    assert left.state == "running"
    name = promotion.merge(client, warehouse, repair, base)
    assert generations.names(client, warehouse) == [base, repair.generation, name]
    assert _shown(client, name) == {"ar": 1.0, "as": 1.0, "br": 2.0}


def test_many_accounts_and_any_names_can_be_repaired(
    client: Client, warehouse: Warehouse, open_client: Callable[[], Client]
) -> None:
    """A range of an hour may concern every account, and account names are whatever producers send."""
    accounts = ['it\'s; "q" \\ `', *(f"account-{at}" for at in range(20_000))]
    base, name = f"{warehouse.database}_g1", generations.create(client, warehouse)
    replays.begin(client, warehouse, name, plan_hash="p", kind="repair", accounts=accounts, plan="{}")
    replays.finish(client, warehouse, name, records=1)
    ClickHouseSink(client, base).insert({"answer": [_answer(a, 1.0) for a in (accounts[0], accounts[-1], "z")]})
    ClickHouseSink(client, name).insert({"answer": [_answer(accounts[0], 2.0)]})
    other = open_client()
    known = replays.state(other, warehouse, name)
    assert known is not None
    merged = promotion.merge(other, warehouse, known, base)
    other.disconnect()
    assert _shown(client, merged) == {f"{accounts[0]}r": 2.0, "zr": 1.0}
