"""The fold as Faust's guide shows it: one agent, one Table, one event at a time, at-least-once.

Run by the benchmark as `python -m bench.faust_worker worker --without-web`.
"""

from __future__ import annotations

import faust

from bench.job import job_from_environment
from bench.nps import EMPTY, ResponseReader, fold, nps_score, output

job = job_from_environment()
app = faust.App(
    job.group,
    broker=f"kafka://{job.bootstrap}",
    store="memory://",
    datadir=job.scratch,
    topic_partitions=4,
)
source = app.topic(job.source, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
results = app.topic(job.output, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
scores = app.Table("nps", default=lambda: list(EMPTY))
read = ResponseReader(job.schema)


@app.agent(source)  # type: ignore[untyped-decorator]
async def count(stream: faust.StreamT[bytes]) -> None:
    async for value in stream:
        event = read(value)
        account = event["account_id"]
        scores[account] = state = fold(scores[account], nps_score(event))
        await results.send(key=account.encode(), value=output(state))


if __name__ == "__main__":
    app.main()
