"""Models of health as settings: what cannot be one is refused, what can is a rule that holds from its moment."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import HealthBand, HealthComponent, HealthModelSet, HealthOverrideSet, HealthPoint
from streams.core.health.choices import content
from streams.core.health.model import AGEING, SIGNALS
from streams.core.health.shipped import SHIPPED_MODEL, SHIPPED_VARIANTS
from streams.core.rules import Rules, rules_from
from streams.core.success import admission

SINCE = 1_800_000_000_000_000
ENVELOPE: dict[str, Any] = {"event_id": "e", "account_id": "health:m", "occurred_at": SINCE, "source": "office"}
MONEY = HealthComponent(name="money", signal="overdue_share", weight=3, points=(HealthPoint(signal_from=0, value=100),))
ANSWERS = HealthComponent(
    name="answers",
    signal="nps",
    weight=1,
    points=(HealthPoint(signal_from=0, value=0), HealthPoint(signal_from=9, value=100)),
    max_age_days=90,
    is_fading=True,
)
BANDS = (HealthBand(name="low", up_to=40), HealthBand(name="high", up_to=100))
MODEL = HealthModelSet(
    **ENVELOPE,
    model_id="m",
    model_version="1",
    position=0,
    components=(MONEY, ANSWERS),
    bands=BANDS,
    bands_version="b",
    valid_from=SINCE,
)


def with_component(**changes: Any) -> HealthModelSet:
    return msgspec.structs.replace(MODEL, components=(msgspec.structs.replace(ANSWERS, **changes),))


WRONG = {
    "no components": msgspec.structs.replace(MODEL, components=()),
    "weights of nothing": with_component(weight=0),
    "a weight below nothing": with_component(weight=-1),
    "no such signal": with_component(signal="mood"),
    "no points": with_component(points=()),
    "points that fall": with_component(points=ANSWERS.points[::-1]),
    "two points in one place": with_component(points=(ANSWERS.points[0], ANSWERS.points[0])),
    "a value above 100": with_component(points=(HealthPoint(signal_from=0, value=101),)),
    "a signal that is no number": with_component(points=(HealthPoint(signal_from=float("nan"), value=1),)),
    "fading without an age": with_component(max_age_days=None),
    "an age of nothing": with_component(max_age_days=0),
    "an age of money": with_component(signal="overdue_share"),
    "one component twice": msgspec.structs.replace(MODEL, components=(MONEY, MONEY)),
    "no bands": msgspec.structs.replace(MODEL, bands=()),
    "bands that fall": msgspec.structs.replace(MODEL, bands=(HealthBand(name="a", up_to=100), *BANDS)),
    "bands that end below 100": msgspec.structs.replace(MODEL, bands=BANDS[:1]),
    "a band called unknown": msgspec.structs.replace(MODEL, bands=(HealthBand(name="unknown", up_to=100),)),
    "months that end before they begin": msgspec.structs.replace(MODEL, from_month=6, until_month=6),
    "a coverage above one": msgspec.structs.replace(MODEL, minimum_coverage=1.5),
    "a coverage that is no number": msgspec.structs.replace(MODEL, minimum_coverage=float("nan")),
    "a segment twice": msgspec.structs.replace(MODEL, segments=("a", "a")),
}


@pytest.mark.parametrize("event", WRONG.values(), ids=[*WRONG])
def test_what_is_no_model_is_refused_with_a_reason(event: HealthModelSet) -> None:
    """A model that cannot be computed would make every account unknown, or stop its stage."""
    refusal = content(event)
    assert refusal is not None
    assert refusal[0] in ("invalid_field", "repeated_item")
    assert refusal[1]


def test_a_model_holds_from_its_moment_beside_the_shipped_one() -> None:
    """Scores of the past keep the model of their time, and the shipped model goes on."""
    assert content(MODEL) is None
    rules = rules_from([MODEL])
    assert set(rules.health_models(SINCE - 1)) == {SHIPPED_MODEL}
    models = rules.health_models(SINCE)
    assert set(models) == {SHIPPED_MODEL, "m"}
    (variant,) = models["m"]
    assert [(each.name, each.weight) for each in variant.components] == [("money", 3), ("answers", 1)]
    assert (variant.minimum_coverage, variant.band(4_000), variant.band(4_001)) == (5_000, "low", "high")
    assert rules.name != Rules().name
    later = msgspec.structs.replace(MODEL, event_id="f", is_active=False, valid_from=SINCE + 1)
    assert set(rules_from([MODEL, later]).health_models(SINCE + 1)) == {SHIPPED_MODEL}


def test_the_shipped_model_follows_its_own_rules() -> None:
    """What is shipped is not read by admission, so it is held against the same limits here."""
    for variant in SHIPPED_VARIANTS:
        assert sum(each.weight for each in variant.components) > 0
        assert [band.up_to for band in variant.bands] == sorted({band.up_to for band in variant.bands})
        assert variant.bands[-1].up_to == 10_000
        assert len({each.name for each in variant.components}) == len(variant.components)
        for each in variant.components:
            starts = [start for start, _ in each.points]
            assert each.signal in SIGNALS
            assert starts == sorted(set(starts))
            assert not each.max_age_days or each.signal in AGEING


@given(st.floats(allow_nan=True), st.floats(allow_nan=True), st.integers(), st.integers())
def test_no_number_crashes_admission(value: float, coverage: float, month: int, weight: int) -> None:
    """Settings come from people and scripts: any number is taken or refused."""
    event = msgspec.structs.replace(
        with_component(points=(HealthPoint(signal_from=value, value=value),), weight=weight),
        minimum_coverage=coverage,
        from_month=month,
    )
    if content(event) is None:
        rules_from([event]).fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 101.0},
        {"score": float("nan")},
        {"score": 1.0, "band": "red"},
        {"band": ""},
        {"reason": " ", "band": "red"},
        {"band": "red", "expires_at": None},
        {"band": "red", "expires_at": SINCE},
        {},
    ],
    ids=str,
)
def test_an_override_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    """An override without an end or a reason outlives both."""
    base: dict[str, Any] = {"reason": "why", "expires_at": SINCE + 1} | changes
    event = HealthOverrideSet(**ENVELOPE, override_id="o", set_by="ann", set_at=SINCE, **base)
    refusal = admission.content(event, SINCE)
    assert refusal is not None
    assert refusal[0] == "invalid_field"
