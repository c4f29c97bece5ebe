"""Settings that name the shared servers, with topics, tables and a group of their own for each test."""

from pathlib import Path

import pytest

from infra.embedded.clickhouse_users import ADMINISTRATOR, WRITER
from infra.secret import Secret
from infra.settings import Settings
from infra.stack import Stack


@pytest.fixture
def here(stack: Stack, prefix: str, database: str, tmp_path: Path) -> Settings:
    """Views are read by the full-access user: the restricted one is granted the product's database name only."""
    password = Secret(stack.passwords[ADMINISTRATOR])
    return Settings(
        stack="external",
        data_dir=tmp_path / "cx",
        topic_prefix=prefix,
        database=database,
        group=prefix.rstrip("."),
        kafka_bootstrap=stack.bootstrap,
        clickhouse_host=stack.clickhouse_host,
        clickhouse_port=stack.clickhouse_port,
        clickhouse_http_port=stack.clickhouse_http_port,
        clickhouse_user=ADMINISTRATOR,
        clickhouse_password=password,
        writer_password=Secret(stack.passwords[WRITER]),
        bi_user=ADMINISTRATOR,
        bi_password=password,
        web_port=0,
    )
