"""What the ClickHouse server in compose.yaml leaves free on its disk: as much as the embedded one."""

from infra.embedded.clickhouse_config import storage
from infra.embedded.xml import render


def compose_disks() -> str:
    return render({"storage_configuration": storage()})
