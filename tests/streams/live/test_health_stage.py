"""Health in the account stage: events of all topics, as partitions hand them over, become rows of accounts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import examples
from schemas.topics import load_topics
from streams.core import routes, segments
from streams.core.events import HealthBand, HealthComponent, HealthModelSet, HealthPoint
from streams.core.health.choices import content
from streams.core.health.facts import HEALTH, HEALTH_KNOWN, Fact, Revision, position
from streams.core.machine import Parts
from streams.core.revisions import revision_key
from streams.core.rows import TABLES
from streams.core.rules import Rules, rules_from
from streams.live.fold.partition import Partition
from streams.live.fold.parts import gathered
from streams.live.fold.stage import Stage
from streams.live.store.memory import MemoryStore
from tests.streams.core import test_health_watch
from tests.streams.core.risk import test_follow
from tests.support import invoices
from tests.support.batches import Tables, recorded, shown, written
from tests.support.records import CODEC, MICROS, NOW_MS, Record, event, record, submitted, uid
from tests.support.siblings import TOPICS, Siblings

DAY = 86_400_000_000
History = list[tuple[Parts, int]]


def taken(stage: Stage, tables: Tables, parts: Any, now: int) -> None:
    """Let a stage take parts, and carry out what it has."""
    batch = stage.take(parts)
    written(tables, batch)
    stage.commit(batch)
    while stage.next_deadline() <= now:
        batch = stage.tick(now)
        written(tables, batch)
        stage.commit(batch)


def test_every_example_of_the_contract_finds_its_way_into_health() -> None:
    """Facts come from entities of four topics: none may stop the stage, and their accounts must have rows."""
    tables, stage = Tables(), Stage(0, MemoryStore(), rules=Rules(), ledgers=routes.STAGE)
    accounts, last = set(), 0
    for topic in TOPICS:
        types = frozenset(load_topics()[topic].event_types)
        partition = Partition(topic, 0, MemoryStore(), codec=CODEC, rules=Rules(), types=types)
        good = [each for each in examples.load() if each.topic == topic and each.passes]
        for example in good:
            last = max(last, example.stored_at)
            values = (*example.earlier, example.value)
            records = [Record(at, example.key, value, example.stored_at // 1000) for at, value in enumerate(values)]
            batch = partition.process(records)
            partition.commit(batch)
            accounts.update(account for account, _, _ in batch.machine.parts)
            taken(stage, tables, gathered([batch.machine.parts]), example.stored_at)
    taken(stage, tables, {}, last + 400 * DAY)
    assert not stage.accounts_aside
    assert len(accounts) > 1
    now = {key[1]: row for key, row in tables.items() if key[0] == "account_now"}
    assert set(now) == accounts
    health = [row for key, row in tables.items() if key[0] == "account_health"]
    assert {row[0] for row in health} == accounts
    assert {(row[0], row[2]) for row in health} == {(each, known) for each in accounts for known in (False, True)}
    assert any(row[12] for row in health), "rows name the kind of entity that changed them"


@pytest.mark.parametrize("fate", ["crash", "void"])
def test_a_risk_is_told_once_whatever_happens_to_a_batch(fate: str) -> None:
    """Somebody is called about a payment that fails, and learns that it came, though every batch is lost once."""
    records = recorded([invoices.issued(1, 100), invoices.failed(4, 100), invoices.paid(12, 100)])
    siblings = Siblings(records, Rules(), routes.STAGE, kinds=routes.KINDS)
    for now, count in ((4, 2), (12, 1)):
        for each in (fate, "commit"):
            siblings.cycle({"billing": count}, each)
        while siblings.tick(invoices.day(now), fate):
            siblings.tick(invoices.day(now))
    siblings.finish(invoices.day(13))
    told = [(each.kind, each.at) for each in siblings.signals if each.detail["rule_id"] == "payment_failed"]
    assert told == [("risk_opened", invoices.day(4)), ("risk_cleared", invoices.day(12))]


def test_the_published_vector_through_the_stage() -> None:
    """Weights 30/30/20/10/10 over values 40, 100, none, 70, none: 70.0 with a coverage of 0.70, in the row itself."""
    told = (
        ("nps", 30, 40), ("escalations_open", 30, 100), ("sentiment", 20, 0), ("oldest_ticket_days", 10, 70),
        ("usage_share", 10, 0),
    )  # fmt: skip
    model = HealthModelSet(
        event_id=uid(9), account_id="health:vector", occurred_at=0, source="test", model_id="vector", model_version="1",
        position=1, bands=(HealthBand(name="all", up_to=100.0),), bands_version="1", valid_from=(NOW_MS - 1) * MICROS,
        components=tuple(
            HealthComponent(
                name=signal, signal=signal, weight=weight, points=(HealthPoint(signal_from=-2.0, value=float(value)),)
            )
            for signal, weight, value in told
        ),
    )  # fmt: skip
    assert content(model) is None
    rules = rules_from([model])
    records = {
        "survey": record(0, "response_submitted", submitted(1)),
        "support": record(0, "ticket_opened", event(2, ticket_id="t", channel="email")),
    }
    tables, stage = Tables(), Stage(0, MemoryStore(), rules=rules, ledgers=routes.STAGE)
    parts = []
    for topic, each in records.items():
        types = frozenset(load_topics()[topic].event_types)
        batch = Partition(topic, 0, MemoryStore(), codec=CODEC, rules=rules, types=types).process([each])
        assert not batch.dead
        parts.append(batch.machine.parts)
    taken(stage, tables, gathered(parts), NOW_MS * MICROS)
    names = TABLES["account_health"].__struct_fields__
    rows = [dict(zip(names, row, strict=True)) for key, row in shown(tables).items() if key[0] == "account_health"]
    mine = [row for row in rows if row["model_id"] == "vector"]
    assert {row["is_known"] for row in mine} == {False, True}
    for row in mine:
        assert (row["score"], row["coverage"], row["band"]) == (70.0, 0.7, "all")
        assert row["component_values"] == (40.0, 100.0, None, 70.0, None)
        assert sum(row["contributions"]) == pytest.approx(70.0)


def parts_of(number: int, at: int, added: list[Fact], taken: list[Fact]) -> Parts:
    """Return what a member states of facts that it adds and takes away, in both ledgers."""
    stated: dict[Any, Fact | None] = {position(each): None for each in taken}
    stated |= {position(each): each for each in added}
    revision = Revision(at, "k", "m", f"r{number:04}", tuple(taken), tuple(added))
    return {("A", HEALTH, ""): stated, ("A", HEALTH_KNOWN, ""): {revision_key(revision): revision}}


def together(parts: list[Parts]) -> Parts:
    found: Parts = {}
    for each in parts:
        for whose, stated in each.items():
            found.setdefault(whose, {}).update(stated)
    return found


@st.composite
def cycles(draw: st.DrawFn) -> History:
    """Draw what comes in each cycle, and its time: facts in order or late by little or much, and corrections."""
    facts = draw(test_health_watch.fact_lists() | test_follow.fact_lists())
    order = sorted(range(len(facts)), key=lambda place: place + draw(st.sampled_from([0, 0, 0, 0, 2, 9])))
    found: History = []
    waiting: list[Parts] = []
    held: list[Fact] = []
    at = facts[0].at
    for number, place in enumerate(order):
        fact = facts[place]
        at = max(at, fact.at) + draw(st.sampled_from([0, 0, 1, DAY]))
        taken = [held.pop(draw(st.integers(0, len(held) - 1)))] if held and draw(st.integers(0, 6)) == 0 else []
        waiting.append(parts_of(number, at, [fact], taken))
        held.append(fact)
        if draw(st.booleans()):
            found.append((together(waiting), at))
            waiting = []
    return [*found, (together(waiting), at)]


@pytest.mark.parametrize("segment", [2, 16])
@settings(max_examples=25)
@given(cycles(), st.data())
def test_what_is_kept_in_memory_never_shows(
    segment: int, history: list[tuple[Parts, int]], data: st.DataObject
) -> None:
    """A stage keeps logs and what it read of them from cycle to cycle: after a crash none of it is there.

    One stage lives on, and some of its batches are thrown away; another one is opened for every batch.
    """
    stores, rules = (MemoryStore(), MemoryStore()), Rules()

    def opened(store: MemoryStore) -> Stage:
        return Stage(0, store, rules=rules, ledgers=routes.STAGE, epoch=1)

    def done(stage: Stage, parts: Parts | None, now: int) -> Any:
        batch = stage.tick(now) if parts is None else stage.take(parts)
        made = {key: value for key, value in batch.changes.items() if key[:1] != b"\0"}
        return batch, (made, batch.rows, stage.accounts_aside)

    living, before = opened(stores[0]), segments.SEGMENT
    segments.SEGMENT = segment
    try:
        for parts, now in [*history, ({}, history[-1][1] + 3 * DAY)]:
            for step in (parts, None, None):
                if data.draw(st.integers(0, 4)) == 0:
                    done(living, step, now)  # lost before its commit
                other = opened(stores[1])
                (batch, made), (again, same) = done(living, step, now), done(other, step, now)
                assert made == same
                living.commit(batch)
                other.commit(again)
    finally:
        segments.SEGMENT = before
