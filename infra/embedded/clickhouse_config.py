"""The configuration of the embedded ClickHouse server: config.xml."""

import re
from pathlib import Path
from typing import Final

from infra.embedded.checks import LOOPBACK
from infra.embedded.clickhouse_process import HOLD
from infra.embedded.clickhouse_profiles import GREETING
from infra.embedded.xml import render

LOCAL_NAMES: Final = ("localhost", LOOPBACK, "[::1]")
_MIB: Final = 1024 * 1024
KEEP_FREE: Final = 128 * _MIB
"""Bytes of its disk that the server leaves free. Below, it refuses to insert and to merge: the embedded engine goes on
when a write fails, and would keep parts that hold nothing."""
# Without these, every user reads every system table, the texts of other users' queries included.
_GRANTS_REQUIRED: Final = {
    "select_from_system_db_requires_grant": True,
    "select_from_information_schema_requires_grant": True,
    "settings_constraints_replace_previous": True,
    "table_engines_require_grant": True,
}

_QUERY_LOG: Final = {
    "database": "system",
    "table": "query_log",
    "partition_by": "toYYYYMM(event_date)",
    "ttl": "event_date + INTERVAL 14 DAY DELETE",
    "flush_interval_milliseconds": 7500,
}


def handlers(*names: str) -> dict[str, object]:
    """Return what the server answers over HTTP: queries and its health, to whoever calls it by one of its names.

    A browser that visits somebody else's page sends that page's Origin, or, where its name was bound to this address,
    that Host. The pages that the server itself has (play, dashboard) send one too, and are not served.
    """
    own = {"Host": f"regex:(?i)({'|'.join(map(re.escape, names))})(:[0-9]+)?", "Origin": ""}
    asking = {"methods": "GET,HEAD,POST", "url": r"regex:/(\?.*)?", "headers": own}
    health = {"methods": "GET,HEAD", "url": "/ping", "headers": own}
    return {
        "http_handlers": {
            "rule": [
                {**health, "handler": {"type": "ping"}},
                {**asking, "handler": {"type": "dynamic_query_handler", "query_param_name": "query"}},
            ]
        }
    }


def access() -> dict[str, object]:
    """Return what a user needs a grant for, and how long a connection may say nothing until somebody has logged in."""
    return {"access_control_improvements": _GRANTS_REQUIRED, "default_profile": GREETING}


def storage() -> dict[str, object]:
    """Return what server_config says of disks."""
    return {"disks": {"default": {"keep_free_space_bytes": KEEP_FREE}}}


def server_config(home: Path, *, tcp_port: int, http_port: int, memory_ratio: float) -> str:
    """Return config.xml; port 0 lets the server take any free one."""
    return render(
        {
            "logger": {"level": "warning", "log": home / "server.log", "size": "20M", "count": 2},
            "log-level": "warning",
            "query_log": _QUERY_LOG,
            "storage_configuration": storage(),
            "listen_host": LOOPBACK,
            "tcp_port": tcp_port,
            "http_port": http_port,
            **handlers(*LOCAL_NAMES),
            "users_config": "users.xml",
            "query_id": HOLD,
            "display_name": "cxledger",
            "timezone": "UTC",
            "max_connections": 4096,
            "max_concurrent_queries": 100,
            "max_server_memory_usage_to_ram_ratio": memory_ratio,
            "mark_cache_size": 128 * _MIB,
            # Two, its default under clickhouse-local, fills the log with complaints.
            "background_schedule_pool_size": 64,
            **access(),
        }
    )
