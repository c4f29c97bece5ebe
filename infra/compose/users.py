"""The users of the ClickHouse server in compose.yaml: those of the embedded one."""

from typing import Final

from infra.embedded.clickhouse_profiles import ReaderLimits
from infra.embedded.clickhouse_users import LOCAL_PASSWORDS, users_config

# Inside the network of the containers; the ports are published on loopback only.
ANYBODY: Final = ("::/0",)


def compose_users() -> str:
    return users_config(LOCAL_PASSWORDS, ReaderLimits(), "cx", networks=ANYBODY, engine_in_python=False)
