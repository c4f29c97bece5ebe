from infra.demo import oracle, plan
from schemas.codec import Codec
from tests.infra.demo.tables import MESSAGES, demonstration, processed


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    """The figures that `cx demo` checks and the ids that make a second run harmless both hang on it."""
    encode = Codec().encode
    assert plan.messages(encode) == MESSAGES
    assert MESSAGES[0] != plan.messages(encode, seed=1)[0]


def test_exactly_the_records_that_are_meant_to_be_bad_are_refused() -> None:
    """The demonstration promises a number of dead letters: each fault is found, and no good record is refused."""
    sink, faults, duplicates = demonstration()
    assert (len(sink.tables()["event"]), duplicates, len(faults)) == plan.tally(MESSAGES)
    assert sorted(faults) == sorted(message.fault for message in MESSAGES if message.fault)
    assert len(set(faults)) == len(faults) == 13
    assert duplicates > 100


def test_the_oracle_and_the_reducers_agree_on_every_response() -> None:
    """Two independent readings of the same events: where they differ, one of them misreads the definitions."""
    rows = demonstration()[0].tables()
    found = {
        (row[1], row[13])
        for row in rows["response"]
        if row[9] == "submitted" and not row[16]
    }  # fmt: skip
    counted = oracle.responses(oracle.gather(MESSAGES))
    assert found == {(name, answered.scores.get("NPS")) for name, answered in counted.items()}


def test_a_second_run_adds_nothing_but_the_same_dead_letters() -> None:
    """`cx demo` may be run again on the same data: its records are then all duplicates or bad."""
    once, twice = demonstration(), processed([*MESSAGES, *MESSAGES])
    tables = [
        {name: rows for name, rows in sink.tables().items() if name != "dead_letter"} for sink, *_ in (once, twice)
    ]
    assert tables[0] == tables[1]
    assert len(twice[1]) == 2 * len(once[1])
