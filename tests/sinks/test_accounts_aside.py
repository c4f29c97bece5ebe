"""An account whose stage our code fails on: an alarm while it is put aside, silence once it is taken up again."""

from collections.abc import Callable

import msgspec
import pytest
from clickhouse_driver import Client

from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from streams.core.rows_reference import AccountAsideRow
from tests.sinks.conftest import Migrated


@pytest.mark.servers
def test_an_account_that_is_put_aside_rings_until_it_is_taken_up_again(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """Health that stands still without anybody being told is wrong for as long as nobody looks."""
    warehouse, generation = empty(Warehouse())
    row = msgspec.structs.astuple(AccountAsideRow("acme", 3, "ZeroDivisionError in streams.core.log.append"))
    asked = f"SELECT invariant, account_id, subject_id, detail FROM {warehouse.database}.broken_invariant"
    sink = ClickHouseSink(client, generation, checked=True)
    sink.insert({AccountAsideRow.TABLE: [(*row, 1, 0)]})
    ((invariant, account, subject, detail),) = client.execute(asked)
    assert (invariant, account, subject) == ("our_code_folds_what_topics_say_together", "acme", "acme")
    assert detail.endswith("the code failed: ZeroDivisionError in streams.core.log.append")
    sink.insert({AccountAsideRow.TABLE: [(*row, 2, 1)]})
    assert client.execute(asked) == []
