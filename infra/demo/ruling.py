"""Set what the house goes by in the present: a model of health beside the shipped one, and a rule of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.demo.voice import Told, Voice
from infra.demo.world import ACCOUNTS, DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.demo.world import Chapter

MODEL, RULE = "renewals", "urgent_ticket"


def _component(
    name: str, weight: int, points: Sequence[tuple[float, float]], signal: str = "", **more: Any
) -> dict[str, Any]:
    made = [{"signal_from": float(start), "value": float(value)} for start, value in points]
    return {"name": name, "signal": signal or name, "weight": weight, "points": made, **more}


_NPS = ((0, 0), (7, 60), (9, 100))
_SENTIMENT: dict[str, Any] = {"is_linear": True, "max_age_days": 90}
_FADING: dict[str, Any] = {"max_age_days": 180, "is_fading": True}
_OF_ANY = (
    _component("nps", 40, _NPS, **_FADING),
    _component("overdue_share", 30, ((0, 100), (50, 0)), is_linear=True),
    _component("touch_days", 30, ((0, 100), (30, 50), (91, 0))),
)
_OF_LARGE = (
    _component("sentiment", 40, ((-2, 0), (2, 100)), **_SENTIMENT),
    _component("nps", 20, _NPS, **_FADING),
    _component("usage_share", 20, ((0, 0), (50, 50), (80, 100))),
    _component("overdue_share", 20, ((0, 100), (50, 0)), is_linear=True),
)
_BANDS = [{"name": "red", "up_to": 40.0}, {"name": "yellow", "up_to": 70.0}, {"name": "green", "up_to": 100.0}]


def settings(now: Chapter, seed: int) -> list[Told]:
    """Return a model of two variants, what large accounts are judged by and what all others are, and the rule."""
    voice, since = Voice(ACCOUNTS[0], seed, "/ruling", now), now.begin - DAY
    of_model = {
        "account_id": f"health:{MODEL}", "model_id": MODEL, "model_version": "1", "bands": _BANDS,
        "bands_version": "1", "valid_from": since,
    }  # fmt: skip
    condition = {"signal": "tickets_urgent", "risky_when": "at_least", "enter": 1.0, "exit": 0.0,
                 "worse": [{"enter": 2.0, "severity": "high"}]}  # fmt: skip
    return [
        voice.event("health_model_set", since, **of_model, variant_id="large", position=0, segments=["enterprise"],
                    components=list(_OF_LARGE)),
        voice.event("health_model_set", since, **of_model, variant_id="any", position=1, components=list(_OF_ANY)),
        voice.event("risk_rule_set", since, account_id=f"risk:{RULE}", rule_id=RULE, rule_version="1",
                    conditions=[condition], severity="medium", dwell_in_s=0, dwell_out_s=0, rearm_s=14 * 86_400,
                    valid_from=since),
    ]  # fmt: skip
