"""The control group: stock Faust on the same events under the same faults, held to the same arithmetic.

A suite that finds nothing wrong anywhere proves little. Stock Faust loses and doubles under kills (its documented
guarantees say so), so the same faults must show it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from confluent_kafka.admin import AdminClient, NewTopic

from tests.faults.avro import BadRecordError, Contract
from tests.faults.expected import Record
from tests.faults.fleet import Fleet
from tests.faults.product import Product
from tests.faults.recount import Where, committed, read
from tests.faults.recount import consumer as asking
from tests.faults.verdict import Part, Verdict

Guarantee = Literal["at_least_once", "exactly_once"]
GUARANTEES: tuple[Guarantee, ...] = ("at_least_once", "exactly_once")
COMMAND = (sys.executable, "-m", "tests.faults.control_worker", "worker", "--without-web")
ROOT = Path(__file__).parents[2]


class Control(Fleet):
    """Faust workers of one guarantee, in a group of their own on the survey topic of a deployment."""

    def __init__(self, product: Product, guarantee: Guarantee) -> None:
        super().__init__(product.directory / guarantee)
        self.guarantee = guarantee
        self._product = product.told
        self.group = f"{product.told.topic_prefix}{guarantee}"
        self.where = Where(product.told.kafka_bootstrap, product.told.topic_prefix, self.group, "", "")

    def program(self, home: Path, name: str) -> tuple[list[str], dict[str, str]]:
        told = {
            "BOOTSTRAP": self._product.kafka_bootstrap,
            "PREFIX": self._product.topic_prefix,
            "GROUP": self.group,
            "GUARANTEE": self.guarantee,
            "HOME": str(home / "faust"),
            "NAME": name,
            "PARTITIONS": str(self._product.partitions),
        }
        return list(COMMAND), {"PYTHONPATH": str(ROOT), **{f"CX_FAULT_{key}": value for key, value in told.items()}}

    def create_topics(self) -> None:
        """Create the output topic; Faust makes its table's changelog itself."""
        admin = AdminClient({"bootstrap.servers": self.where.bootstrap, "log_level": 0})
        for made in admin.create_topics([NewTopic(f"{self.group}-results", self._product.partitions, 1)]).values():
            made.result()

    def judge(self, records: Iterable[Record]) -> Verdict:
        """Recount outputs and table; what lies behind the committed offsets is not lost, only late."""
        reached = committed(self.where, [("survey", number) for number in range(self._product.partitions)])
        outputs = [origin_of(message.value() or b"") for message in read(self.where, f"{self.guarantee}-results")]
        return tally(records, reached, outputs, self._table())

    def _table(self) -> dict[str, int]:
        changelog = f"{self.guarantee}-counts-changelog"
        reader = asking(self.where)
        exists = f"{self.where.prefix}{changelog}" in reader.list_topics(timeout=60).topics
        reader.close()
        newest = {m.key(): m.value() for m in read(self.where, changelog)} if exists else {}
        return {json.loads(key): json.loads(value) for key, value in newest.items()}


def origin_of(output: bytes) -> tuple[int, int]:
    """Return partition and offset of the record that an output comes from."""
    partition, offset, _count = map(int, output.split(b"/"))
    return partition, offset


def tally(
    records: Iterable[Record], reached: Mapping[Part, int], outputs: list[tuple[int, int]], table: Mapping[str, int]
) -> Verdict:
    """Hold outputs against the survey records before the committed offsets, and sums where none is left behind them.

    A table may be ahead of the offsets while work is under way: that is late, not wrong.
    """
    survey = [record for record in records if record.topic == "survey"]
    origins, totals = countable(each for each in survey if each.offset < reached["survey", each.partition])
    verdict = Verdict(records=len(survey), accepted=len(origins))
    verdict.table("output", dict.fromkeys(origins), ((each, None) for each in outputs if each in origins))
    verdict.duplicated += sum(count - 2 for count in Counter(outputs).values() if count > 2)  # each copy counts
    if all(each.offset < reached["survey", each.partition] for each in survey):
        verdict.table("sum", totals, table.items())
    return verdict


def countable(records: Iterable[Record]) -> tuple[set[tuple[int, int]], dict[str, int]]:
    """Return the places of the records that the program counts, and the counts by account."""
    contract, origins, totals = Contract(), set(), Counter[str]()
    for record in records:
        try:
            _, fields = contract.decode(record.value)
        except BadRecordError:
            continue
        if record.key == fields["account_id"].encode():
            origins.add((record.partition, record.offset))
            totals[fields["account_id"]] += 1
    return origins, dict(totals)
