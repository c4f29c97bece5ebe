"""Runs of the engine on the test stack's broker, each on topics of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stack import Stack
from tests.streams.live.harness import Run, a_run


@pytest.fixture
def run(stack: Stack, prefix: str, tmp_path: Path) -> Iterator[Run]:
    with a_run(stack.bootstrap, tmp_path, prefix) as run:
        yield run
