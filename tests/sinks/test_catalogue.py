"""docs/metrics.md says what the database says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_driver import Client

from sinks import catalogue, metric
from sinks.settings import Warehouse
from sinks.views import load
from tests.sinks.conftest import Migrated

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.mark.servers
def test_the_document_is_what_the_database_holds(client: Client, migrated: Callable[[Warehouse], Migrated]) -> None:
    """A catalogue that is kept by hand is wrong within a month."""
    warehouse, _ = migrated(Warehouse())
    written = catalogue.write(client, warehouse)
    assert DOCUMENT.read_text("utf-8") == written, "run: python -m sinks.catalogue HOST PORT PASSWORD_FILE"


@pytest.mark.servers
def test_every_view_and_column_is_described_in_the_database(
    client: Client, migrated: Callable[[Warehouse], Migrated]
) -> None:
    """BI tools show these comments, and nobody reads a view's SQL there."""
    warehouse, _ = migrated(Warehouse())
    at = {"db": warehouse.database}
    bare = (
        "SELECT table, name FROM system.columns WHERE database = %(db)s AND comment = '' AND NOT startsWith(table, '.')"
    )
    assert client.execute(bare, at) == []
    bare = "SELECT name FROM system.tables WHERE database = %(db)s AND comment = '' AND NOT startsWith(name, '.')"
    assert client.execute(bare, at) == []


def test_every_metric_is_named_as_its_file_and_told_in_full() -> None:
    """A definition with a blank field is no definition."""
    folder = Path(metric.__file__).parent / "metrics"
    assert {record.name for record in metric.load()} == {path.stem for path in folder.glob("*.yaml")}
    for view in load():
        if view.catalogue is not None:
            told = {name: getattr(view.catalogue, name) for name in view.catalogue.__struct_fields__}
            assert all(told.values()), (view.name, told)
