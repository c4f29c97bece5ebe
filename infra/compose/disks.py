"""Keep room free on the disk of the ClickHouse server in compose.yaml: as much as the embedded one does."""

from infra.embedded.clickhouse_config import storage
from infra.embedded.xml import render


def compose_disks() -> str:
    return render({"storage_configuration": storage()})
