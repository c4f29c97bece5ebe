"""cx proof: real data sets through the whole pipeline, expected beside found."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infra import local, proof, wiring
from infra.cli import output
from infra.cli.context import sentences, settings
from infra.cli.importing import bring_in
from infra.cli.pipeline import until_told
from infra.proofs import joined
from infra.standing import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_driver import Client

    from infra.proof import DataSet, Finding
    from infra.settings import Settings
    from infra.watching import Watch

STILL_S = 30.0


def _watch(pipeline: Watch) -> None:
    pipeline.look()


def once(
    settings: Settings, data: DataSet, file: Path, folder: Path, *, reverse: bool, turn: Callable[[], object]
) -> None:
    """Import a data set and wait until it is taken in."""
    bring_in(settings, data.rules, file, folder / f"{data.name}.rejects.csv", reverse=reverse)
    settle(settings, turn)


def prove(data: DataSet, file: Path, folder: Path, told: Settings) -> list[Finding]:
    """Run a data set forwards, again, and backwards, each way in a pipeline of its own; return what the views say."""
    findings: list[Finding] = []
    for name, partitions, runs in (
        ("forwards", told.partitions, ("imported", "imported twice")),
        ("backwards", proof.OTHER_PARTITIONS, ("imported in reverse",)),
    ):
        here = msgspec.structs.replace(told, data_dir=folder / data.name / name, web_port=0, partitions=partitions)
        with local.running(here, say=output.say, told=output.say) as pipeline:
            reader, turn = wiring.reader(pipeline.settings), partial(_watch, pipeline)
            for run in runs:
                output.say(f"{data.name}, {name}: {run}")
                once(pipeline.settings, data, file, folder, reverse=name == "backwards", turn=turn)
                findings += proof.ask(reader, data, run)
            reader.disconnect()
    return findings


def prove_joined(help_desk: Path, receivables: Path, folder: Path, told: Settings) -> list[Finding]:
    """Import both sets as one company's, and recount the health and the risks of its accounts."""
    here = msgspec.structs.replace(told, data_dir=folder / "joined", web_port=0)
    with local.running(here, say=output.say, told=output.say) as pipeline:
        turn = partial(_watch, pipeline)
        output.say("helpdesk_italian and receivables_ibm, joined: imported")
        for rules, file in ((joined.RECEIVABLES, receivables), (joined.HELP_DESK, help_desk)):
            bring_in(pipeline.settings, rules, file, folder / f"joined-{rules.stem}.rejects.csv")
            settle(pipeline.settings, turn)
        reader = wiring.reader(pipeline.settings)
        _until_still(reader, turn)
        output.say("joined: recounted")
        findings = joined.find(reader, wiring.clock())
        reader.disconnect()
    return findings


def _until_still(reader: Client, turn: Callable[[], object]) -> None:
    """Wait until clocks, health and risks have come to today: for some time, no row of theirs changes."""
    before, since = joined.standing(reader), time.monotonic()
    while time.monotonic() - since < STILL_S:
        turn()
        time.sleep(1)
        if (now := joined.standing(reader)) != before:
            before, since = now, time.monotonic()


def _shown(rows: proof.Rows) -> str:
    return "\n".join(", ".join(f"{value:,}" for value in row) for row in rows)


def show(findings: list[Finding], form: output.Format) -> None:
    """Print expected beside found."""
    rows = [
        (each.data, each.imports, each.what, _shown(each.expected), _shown(each.found), "yes" if each.holds else "NO")
        for each in findings
    ]
    if rows:
        output.rows(form, ("data", "imports", "figure", "expected", "found", "same"), rows)


def prove_all(form: output.RowFormat = output.Format.TABLE) -> None:
    """Take every real data set under CX_REAL_DATA through the pipeline: exit status 1 where a figure differs.

    Each set is imported, imported again, and imported in reverse into an empty pipeline of eight partitions. Sets that
    are not there are skipped, with where to get them. Help desk and receivables are then imported as one company's, and
    the health and the risks of its accounts are recounted row by row.
    """
    with sentences(), until_told(), tempfile.TemporaryDirectory(prefix="cx-proof-") as folder:
        told = settings()
        if told.stack == "external":
            told = msgspec.structs.replace(told, stack="embedded")
        findings: list[Finding] = []
        for data in proof.load():
            file = Path(told.real_data) / data.file
            if told.real_data and file.exists():
                findings += prove(data, file, Path(folder), told)
            else:
                output.say(
                    f"skipped {data.name}: no {data.file} under CX_REAL_DATA; to be had from {data.where_to_get}"
                )
        files = {data.name: Path(told.real_data) / data.file for data in proof.load()}
        pair = files["helpdesk_italian"], files["receivables_ibm"]
        if told.real_data and all(file.exists() for file in pair):
            findings += prove_joined(*pair, Path(folder), told)
        else:
            output.say("skipped joined: it needs helpdesk_italian and receivables_ibm")
        show(findings, form)
        if wrong := sum(not finding.holds for finding in findings):
            output.fail(f"{wrong} of {len(findings)} figures differ")
        output.say(f"{len(findings)} figures as expected")
