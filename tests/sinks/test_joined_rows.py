"""The recount of health from tables, as `cx proof` asks for them: what is read there is what rows in memory say."""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_driver import Client

from infra.proofs import joined, recount
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import row
from tests.support.joined import DAY, differences, folded, late_payer

pytestmark = pytest.mark.servers
UNTIL = 15_300 * DAY


@pytest.fixture
def reader(open_client: Callable[[], Client]) -> Iterator[Client]:
    client = open_client()
    yield client
    client.disconnect()


def test_tables_are_recounted_like_rows(client: Client, reader: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """A column that is read as another type would make every row differ, or none: one that is changed must show."""
    warehouse, generation = empty(Warehouse())
    told = folded(late_payer(), UNTIL)
    assert not differences(told, UNTIL)
    sink = ClickHouseSink(client, generation, checked=True)
    sink.insert({table: [row(table, **each) for each in rows] for table, rows in told.items() if rows})
    reader.execute(f"USE `{warehouse.database}`")
    health, episodes = joined.find(reader, UNTIL)
    wanted = joined.recounted({table: told[table] for table in recount.TABLES}, UNTIL)
    assert health.found == [[len(wanted.health), len(wanted.health), 0]]
    assert episodes.found == [[len(wanted.episodes), len(wanted.episodes), 0]]
    assert min(len(wanted.health), len(wanted.episodes)) > 2
    standing = joined.standing(reader)
    changed = next(each for each in told["risk_episode"] if not each["is_known"] and each["closed_at"] is not None)
    sink.insert({"risk_episode": [row("risk_episode", 2, **changed | {"closed_at": changed["closed_at"] + 1})]})
    assert joined.standing(reader) != standing
    assert [each.found[0][2] for each in joined.find(reader, UNTIL)] == [0, 2]
