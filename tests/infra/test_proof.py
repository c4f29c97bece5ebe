import os
from functools import partial
from pathlib import Path

import msgspec
import pytest

from infra import local, proof, wiring, workers
from infra.cli.importing import bring_in
from infra.settings import Settings
from infra.standing import settle
from schemas.codec import Codec
from streams.ingest import mapping, translate

_SETS = proof.load()


def test_every_set_names_its_publisher_and_has_its_mapping() -> None:
    """Without the data these lines are all that a reader has to find it again and to see what was done with it."""
    assert [data.name for data in _SETS] == ["sfo_2017", "receivables_ibm", "helpdesk_italian"]
    for data in _SETS:
        assert len(data.where_to_get) > 20
        assert data.figures
        assert mapping.load(data.rules).rows


@pytest.mark.parametrize("data", _SETS, ids=lambda data: data.name)
def test_what_a_mapping_sends_once_keeps_the_contract(data: proof.DataSet) -> None:
    """Definitions are constants of the mapping, so they can be held against the schemas without any data."""
    codec = Codec()
    rules = mapping.load(data.rules)
    events = [outcome.events[0] for outcome in translate.once(rules)]
    assert bool(events) == bool(rules.once)
    for event in events:
        assert codec.encode(event.type, event.fields)


def test_figures_are_compared_as_precisely_as_they_are_stated() -> None:
    """39.84 is a published figure of two decimals; a count is exact."""
    assert proof.rounded([(39.8397, 2746)], [[39.84, 2746]]) == [[39.84, 2746]]
    assert proof.rounded([(39.8349, 2747)], [[39.84, 2746]]) == [[39.83, 2747]]
    assert proof.rounded([], [[39.84, 2746]]) == []


@pytest.mark.real_data
@pytest.mark.servers
@pytest.mark.timeout(300)
@pytest.mark.parametrize("reverse", [False, True], ids=["twice", "reversed"])
@pytest.mark.parametrize("data", _SETS, ids=lambda data: data.name)
def test_real_answers_come_to_the_published_figures(
    data: proof.DataSet, reverse: bool, here: Settings, tmp_path: Path
) -> None:
    """The proof on real input: in order, again, and in reverse over more partitions."""
    file = Path(os.environ.get("CX_REAL_DATA", "")) / data.file
    if not file.is_file():
        pytest.skip(f"no {data.file} under CX_REAL_DATA; to be had from {data.where_to_get}")
    here = msgspec.structs.replace(here, partitions=proof.OTHER_PARTITIONS) if reverse else here
    local.prepare(here)
    worker = workers.start(here, 1, detach=False)
    try:
        for _ in range(1 if reverse else 2):
            bring_in(here, data.rules, file, tmp_path / "rejects.csv", reverse=reverse, advance=lambda _: None)
            settle(here, partial(_alive, worker))
            client = wiring.reader(here)
            findings = proof.ask(client, data, "")
            client.disconnect()
            assert [finding.found for finding in findings] == [each.expected for each in data.figures]
    finally:
        worker.stop(workers.STOP_GRACE_S)
    assert not (tmp_path / "rejects.csv").exists()


def _alive(worker: workers.ServerProcess) -> None:
    if not worker.alive():
        raise workers.death(worker)
