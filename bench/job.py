"""What a contender is told: one value, handed over in one environment variable.

Contenders run in different virtual environments, so this file keeps to the standard library.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

VARIABLE = "CX_BENCH_JOB"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Destination of rows: a ClickHouse server, a user who may insert, and the database that holds the tables."""

    host: str
    port: int
    user: str
    password: str
    database: str


@dataclass(frozen=True, slots=True)
class Job:
    """Where to read, where to write and how to decode.

    `schema` is the path of the writer schema (.avsc) of the events in `source`; `scratch` a directory of the
    contender's own. Topics exist before the contender starts; `output` has as many partitions as `source`. Only a
    contender that writes rows is given a `warehouse`.
    """

    bootstrap: str
    source: str
    output: str
    changelog: str
    group: str
    schema: str
    scratch: str
    warehouse: Warehouse | None = None

    def environment(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self))}


def job_from_environment() -> Job:
    """The job of this process. Raises KeyError outside of a benchmark."""
    fields = json.loads(os.environ[VARIABLE])
    warehouse = fields.pop("warehouse")
    return Job(**fields, warehouse=None if warehouse is None else Warehouse(**warehouse))
