"""The health of accounts on past days, worked out in SQL, beside what the account stage says of the same histories."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec
import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sinks import views
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from sinks.tables import TABLES
from streams.core.algebra import RecordedEvent
from streams.core.columns import Row
from streams.core.events import HealthBand, HealthComponent, HealthModelSet, HealthPoint
from streams.core.health.choices import variant_of
from streams.core.health.facts import DAY, Fact
from streams.core.health.model import AGEING, SIGNALS
from streams.core.health.picture import Picture
from streams.core.health.watch import Assessed, Watch, apply, assess, project
from streams.core.histories import config_rows
from streams.core.outputs import Outputs, Scope
from streams.core.rows_health import AccountHealthRow, AccountNowRow
from tests.sinks.conftest import Migrated
from tests.streams.core.test_laws import WORLDS
from tests.support import handed
from tests.support.busy_accounts import Busy
from tests.support.histories import START
from tests.support.levels import LEVELS

FIRST = START // DAY
FAR = int(time.time()) * 1_000_000
DAYS = tuple(FIRST + day for day in (0, 1, 3, 6, 10, 15, 29, 30, 31, 45, 60, 89, 90, 91, 121, 150, 181, 215))


def _component(
    name: str, signal: str, weight: int, *, linear: bool, age: int = 0, fades: bool = False
) -> HealthComponent:
    points = ((-2.0, 10), (1.0, 40), (9.0, 65), (60.0, 100))
    told = tuple(HealthPoint(signal_from=start, value=value) for start, value in points)
    return HealthComponent(
        name=name,
        signal=signal,
        weight=weight,
        points=told,
        is_linear=linear,
        max_age_days=age or None,
        is_fading=fades,
    )


def _model(variant: str, position: int, since: int, *components: HealthComponent, **others: Any) -> HealthModelSet:
    return HealthModelSet(
        event_id=f"{variant}/{since}", account_id="", occurred_at=since, source="test:main", model_id="other",
        model_version=f"v{since}", variant_id=variant, position=position, components=components,
        bands=tuple(HealthBand(up_to=up, name=name) for up, name in ((40, "low"), (66, "middle"), (100, "high"))),
        bands_version="b",        valid_from=since, **others,
    )  # fmt: skip


_EVERY = tuple(
    _component(
        f"{signal}/{number}",
        signal,
        number + 1,
        linear=linear,
        age=45 if signal in AGEING else 0,
        fades=signal in AGEING and linear,
    )
    for number, (signal, linear) in enumerate(
        (signal, linear) for signal in sorted(SIGNALS) for linear in (True, False)
    )
)
MODELS = (
    _model("every", 3, 0, *_EVERY, minimum_coverage=0.0),
    _model("every", 3, START + 40 * DAY + 7, *_EVERY[:9], minimum_coverage=0.3),
    _model("young", 1, 0, *_EVERY[5:25], from_month=0, until_month=1, minimum_coverage=0.1),
    _model("large", 0, START + 5 * DAY, *_EVERY[::2], segments=("large",)),
    _model("large", 0, START + 100 * DAY, *_EVERY[::2], segments=("large",), is_active=False),
)
"""A model beside the shipped one that reads every signal, by variants that come and go."""
RULES = msgspec.structs.replace(LEVELS, health=tuple(variant_of(each) for each in MODELS))


class Told(NamedTuple):
    """An account: rows of its entities, and the facts that these handed over."""

    rows: list[Row]
    facts: list[Fact]


def _fold(recorded_events: Iterable[RecordedEvent]) -> Told:
    machine = handed.told(recorded_events, rules=RULES)
    machine.tick(FAR)
    return Told(list(machine.tables.values()), handed.facts_of(machine))


def _stage(facts: Iterable[Fact]) -> list[Row]:
    """Return what the stage writes of facts, as corrected, once time has come to now."""
    watch, scope, sealed = Watch("acme"), Scope(RULES, FAR), Outputs()
    for fact in facts:
        apply(watch, fact, scope, sealed)
    project(watch, scope, sealed)
    return [row for row in sealed.rows if isinstance(row, AccountHealthRow | AccountNowRow)]


def _assessed(facts: list[Fact], day: int) -> dict[str, tuple[Any, ...]]:
    """Return what the fold of the stage says at the end of a day."""
    end, picture = (day + 1) * DAY, Picture()
    held = [fact for fact in facts if fact.at < end]
    for fact in held:
        picture.take(fact, 1, fact.at // DAY)
    if not held:
        return {}
    found = assess(picture, RULES, end - 1)
    return {model: _said(each) for model, each in found.models.items()}


def _said(found: Assessed) -> tuple[Any, ...]:
    listed = found.listed
    return (
        listed.variant_id,
        listed.version,
        None if listed.score is None else listed.score / 100,
        listed.coverage / 10_000,
        listed.band,
        listed.disagreement,
        listed.override,
        [(line.component.name, line.raw, None if line.value is None else line.value / 100) for line in found.every],
    )


_WORLDS = (
    "others",
    "survey",
    "returns",
    "invoices",
    "money",
    "subscriptions",
    "tickets",
    "contracts",
    "onboardings",
    "relationship",
    "identity",
)
_AGES_AGO = 10**15
"""Whole numbers of events beyond this are moments, but for versions of entities."""


def _moved(value: Any, suffix: str, later: int) -> Any:
    """Return an event, or a part of one, about other things and so much later; the account stays."""
    if isinstance(value, tuple):
        return tuple(_moved(each, suffix, later) for each in value)
    if not isinstance(value, msgspec.Struct):
        return value + later if type(value) is int and value > _AGES_AGO else value
    changed = {name: _moved(each, suffix, later) for name, each in msgspec.structs.asdict(value).items()}
    for name, each in changed.items():
        if isinstance(each, str) and name.endswith("_id") and name not in {"account_id", "manager_id", "model_id"}:
            changed[name] = each + suffix
    if hasattr(value, "entity_version"):
        changed["entity_version"] = value.entity_version
    return type(value)(**changed)


def _pieces(each: int) -> dict[str, list[list[RecordedEvent]]]:
    """Return so many histories of each world; drawn at once, they would be too much for one example."""
    return {name: _drawn(WORLDS[name], each) for name in _WORLDS}


def _drawn(histories: st.SearchStrategy[list[RecordedEvent]], each: int) -> list[list[RecordedEvent]]:
    found: list[list[RecordedEvent]] = []

    @settings(max_examples=each, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(histories)
    def draw(recorded_events: list[RecordedEvent]) -> None:
        found.append(recorded_events)

    draw()
    return found


def _account(chance: random.Random, pieces: dict[str, list[list[RecordedEvent]]]) -> list[RecordedEvent]:
    """Return a history of several topics, some of them several times and months apart, as one account has them."""
    found: list[RecordedEvent] = []
    for place in range(chance.randrange(1, 60)):
        later, has_tests = chance.choice([0, 0, 20, 55, 90]) * DAY, chance.random() < 0.2
        for recorded in chance.choice(pieces[chance.choice(_WORLDS)]):
            event: Any = _moved(recorded.event, f"-{place}", later)
            if not has_tests:
                event = msgspec.structs.replace(event, is_test=False)
            found.append(msgspec.structs.replace(recorded, event=event, ingested_at=recorded.ingested_at + later))
    return found


def _rows(accounts: dict[str, Told]) -> dict[str, list[Any]]:
    """Return the rows of accounts, those of the stage and the models that were set, by table, as sinks take them."""
    known = {view.name: view for view in views.load()}
    tables = {*views.references(known["health_fact"].select), "account_health", "account_now"}
    made: dict[str, list[Any]] = defaultdict(list)
    for account, told in accounts.items():
        for row in (*told.rows, *_stage(told.facts)):
            if row.TABLE in tables:
                renamed = msgspec.structs.replace(row, account_id=account)
                made[row.TABLE].append((*msgspec.structs.astuple(renamed), 1, 0))
    for event in MODELS:
        for row in config_rows(RecordedEvent(event, event.occurred_at)):
            made[row.TABLE].append((*msgspec.structs.astuple(row), 1, 0))
    return made


@pytest.fixture(scope="module")
def accounts() -> dict[str, Told]:
    """Accounts of random histories, some of them long ones with much of everything."""
    chance = random.Random(179)
    pieces = _pieces(12)
    found = {f"a{number}": _fold(_account(chance, pieces)) for number in range(18)}
    return found | {f"b{number}": _fold(Busy(chance, START, 160).all()) for number in range(12)}


@pytest.mark.servers
def test_views_say_what_the_fold_says_on_every_day(
    client: Client, empty: Callable[[Warehouse], Migrated], accounts: dict[str, Told]
) -> None:
    """A score that two programs find by themselves, from facts and from tables, is no mistake of one of them."""
    warehouse, generation = empty(Warehouse())
    ClickHouseSink(client, generation, checked=True).insert(_rows(accounts))
    days, cx = ", ".join(f"toDate({day})" for day in DAYS), warehouse.database
    lines: dict[Any, list[Any]] = defaultdict(list)
    for account, day, model, *line in client.execute(
        f"SELECT account_id, toInt32(day), model_id, component, raw, value FROM {cx}.health_component_on"
        f" WHERE day IN ({days}) ORDER BY account_id, day, model_id, place"
    ):
        lines[account, day, model].append(tuple(line))
    found = {
        (account, day, model): (*said, lines[account, day, model])
        for account, day, model, *said in client.execute(
            "SELECT account_id, toInt32(day), model_id, variant_id, model_version, score, coverage, band, disagreement,"
            f" override FROM {cx}.health_on WHERE day IN ({days})"
        )
    }
    expected = {
        (account, day, model): said
        for account, told in accounts.items()
        for day in DAYS
        for model, said in _assessed(told.facts, day).items()
    }
    assert found.keys() == expected.keys()
    for place, said in expected.items():
        assert found[place][:-1] == said[:-1], place
        assert found[place][-1] == [(name, pytest.approx(raw), value) for name, raw, value in said[-1]], place
    read = {name.split("/")[0] for *_, every in expected.values() for name, raw, _ in every if raw is not None}
    assert read >= SIGNALS, "no signal is compared in nothing but its absence"
    client.execute(f"SELECT throwIf(count() > 0) FROM {cx}.health_difference")


@pytest.mark.servers
def test_a_stage_or_a_table_that_is_wrong_is_told(
    client: Client, empty: Callable[[Warehouse], Migrated], accounts: dict[str, Told]
) -> None:
    """Two answers to one question are worth having as long as somebody learns when they part, whichever is wrong."""
    warehouse, generation = empty(Warehouse())
    sink, made = ClickHouseSink(client, generation, checked=True), _rows(accounts)
    sink.insert(made)
    parted = f"SELECT DISTINCT account_id FROM {warehouse.database}.health_difference"
    assert not client.execute(parted)
    names = TABLES["account_health"].names
    last = max((row for row in made["account_health"] if row[0] == "b1" and not row[2]), key=lambda row: row[3])
    coverage = last[names.index("coverage")] / 2
    assert coverage
    for version, others in ((2, {"coverage": coverage}), (3, {})):
        changed = {"version": version, **others}
        sink.insert({"account_health": [tuple(changed.get(*each) for each in zip(names, last, strict=True))]})
        assert client.execute(parted) == ([("b1",)] if others else [])
    used = [row for row in made["usage_report"] if row[0] == "b2"]
    assert used
    sink.insert({"usage_report": [(*row[:-2], 2, 1) for row in used]})
    sink.insert({"account_health": [(*row[:-2], 9, 1) for row in made["account_health"] if row[0] == "b3"]})
    told = client.execute(
        "SELECT account_id, position(detail, 'the account stage says nothing') > 0"
        f" FROM {warehouse.database}.broken_invariant WHERE invariant = 'health_is_what_the_tables_make_it'"
    )
    assert {account for account, _ in told} == {"b2", "b3"}
    assert any(is_missing for account, is_missing in told if account == "b3")
