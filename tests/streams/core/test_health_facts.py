"""Facts as entities hand them over: their names, their places in the ledgers, and their encoding."""

import msgspec

from streams.core.health.facts import (
    DAY,
    HAPPENED,
    HEALTH,
    LEVELS,
    STATED,
    Fact,
    Happened,
    Level,
    Revision,
    Stated,
    day_of,
    handed,
)
from streams.core.revisions import revision_key


def test_no_name_means_two_things() -> None:
    """A name shared by two kinds of facts would be summed and stated at once."""
    assert not LEVELS & (HAPPENED | STATED)
    assert not HAPPENED & STATED


def test_facts_survive_their_encoding() -> None:
    """Positions and facts lie in changelogs: what comes back must be the fact that was handed over."""
    facts: tuple[Fact, ...] = (
        Level(3 * DAY, "ticket", "T1", "tickets_open", "e1", "tickets_open", 1, day_of(3 * DAY + 5)),
        Happened(DAY, "response", "R1", "nps_answer", "e2", "nps_answer", 1, 9),
        Stated(2, "contract", "C1", "renewal_due/C1", "e3", "renewal_due", None, "C1"),
        Stated(2, "account", "A", "segment", "e4", "segment", "large"),
    )
    packed = msgspec.msgpack.encode(facts)
    assert msgspec.msgpack.decode(packed, type=tuple[Fact, ...]) == facts
    place, fact = handed(facts[0])
    assert (place.ledger, place.name, place.key) == (HEALTH, "", (3 * DAY, "ticket", "T1", "tickets_open"))
    assert fact is facts[0]
    revision = Revision(7, "ticket", "T1", "e1", (), facts)
    assert revision_key(revision) == (7, "ticket", "T1", "e1", "")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(revision), type=Revision) == revision
