"""A deployment may do without the account stage: what takes most of a worker's time is a choice."""

import pytest

from infra import wiring
from infra.settings import Settings
from streams.live.fold import stage


@pytest.mark.parametrize(("health", "named"), [("on", stage.NAME), ("off", "")])
def test_the_stage_is_opened_where_health_is_on(health: str, named: str) -> None:
    """A worker and a replay both open what the engine's settings name; with health off they name nothing."""
    chosen = Settings(health=health)  # type: ignore[arg-type] # one of the two
    assert wiring.engine_settings(chosen).stage == named
