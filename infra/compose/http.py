"""Let the ClickHouse server in compose.yaml answer those of the embedded one over HTTP, and the other containers."""

from typing import Final

from infra.embedded.clickhouse_config import LOCAL_NAMES, access, handlers
from infra.embedded.xml import render

SERVICE: Final = "clickhouse"
"""Name of the server in the network of the containers."""


def compose_http() -> str:
    return render({**handlers(*LOCAL_NAMES, SERVICE), **access()})
