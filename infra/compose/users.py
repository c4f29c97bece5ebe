"""The users of the ClickHouse server in compose.yaml: those of the embedded one."""

from typing import Final

from infra.embedded.clickhouse_profiles import ReaderLimits
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, PAY_READER, VERBATIM_READER, WRITER, users_config
from infra.embedded.xml import FromEnvironment

# Inside the network of the containers; the ports are published on loopback only.
ANYBODY: Final = ("::/0",)
PASSWORDS: Final = {
    ADMINISTRATOR: FromEnvironment("CX_CLICKHOUSE_PASSWORD"),
    WRITER: FromEnvironment("CX_WRITER_PASSWORD"),
    BI_READER: FromEnvironment("CX_BI_PASSWORD"),
    VERBATIM_READER: FromEnvironment("CX_VERBATIM_PASSWORD"),
    PAY_READER: FromEnvironment("CX_PAY_PASSWORD"),
}
"""compose.yaml refuses to start without them."""


def compose_users() -> str:
    return users_config(PASSWORDS, ReaderLimits(), "cx", networks=ANYBODY, engine_in_python=False)
