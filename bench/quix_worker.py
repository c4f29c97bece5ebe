"""The fold as Quix Streams does it: stateful apply with a changelog, exactly-once, one output per event.

Run by the benchmark inside a virtual environment of its own (bench/requirements.lock).
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application, State

from bench.job import job_from_environment
from bench.nps import EMPTY, ResponseReader, fold, nps_score, output


def main() -> None:
    job = job_from_environment()
    app = Application(
        broker_address=job.bootstrap,
        consumer_group=job.group,
        state_dir=job.scratch,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        loglevel="WARNING",
    )
    read = ResponseReader(job.schema)

    def step(event: dict[str, Any], state: State) -> bytes:
        folded = fold(state.get("nps", EMPTY), nps_score(event))
        state.set("nps", folded)
        return output(folded)

    source = app.topic(job.source, key_deserializer="bytes", value_deserializer="bytes")
    results = app.topic(job.output, key_serializer="bytes", value_serializer="bytes")
    app.dataframe(source).apply(read).apply(step, stateful=True).to_topic(results)
    app.run()


if __name__ == "__main__":
    main()
