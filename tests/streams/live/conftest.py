"""One broker for all engine tests of a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import kafka
from tests.streams.live.harness import Run, a_run


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kafka.start(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker.bootstrap


@pytest.fixture
def run(bootstrap: str, tmp_path: Path) -> Iterator[Run]:
    with a_run(bootstrap, tmp_path) as run:
        yield run
