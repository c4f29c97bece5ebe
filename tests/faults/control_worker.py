"""The control group's program: a count per account, as Faust's guide shows it, with a Table and an output topic.

Each output says which record it comes from and what the count was, so that it can be recounted. Run by the suite as
`python -m tests.faults.control_worker worker --without-web`.
"""

from __future__ import annotations

import os
from pathlib import Path

import faust

from tests.faults.avro import BadRecordError, Contract

# Faust's default of 60 s would keep it standing from one kill to the next, and a restart is the same member again.
SESSION_SECONDS = 10.0

told = {name: os.environ[f"CX_FAULT_{name.upper()}"] for name in ("bootstrap", "prefix", "group", "guarantee", "home")}
app = faust.App(
    told["group"],
    broker=f"kafka://{told['bootstrap']}",
    broker_session_timeout=SESSION_SECONDS,
    broker_heartbeat_interval=SESSION_SECONDS / 5,
    consumer_group_instance_id=os.environ.get("CX_FAULT_NAME") or None,
    processing_guarantee=told["guarantee"],
    store="memory://",
    datadir=told["home"],
    topic_partitions=int(os.environ["CX_FAULT_PARTITIONS"]),
)
source = app.topic(
    f"{told['prefix']}survey", key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
)
results = app.topic(f"{told['group']}-results", key_serializer="raw", value_serializer="raw")
counts = app.Table("counts", default=int)
contract = Contract()


@app.agent(source)  # type: ignore[untyped-decorator]
async def count(stream: faust.StreamT[bytes]) -> None:
    async for event in stream.events():
        try:
            _, fields = contract.decode(event.value)
        except BadRecordError:
            continue
        account = fields["account_id"]
        if event.key != account.encode():
            continue
        counts[account] += 1
        origin = f"{event.message.partition}/{event.message.offset}/{counts[account]}"
        await results.send(key=event.key, value=origin.encode())


if __name__ == "__main__":
    Path(told["home"]).mkdir(parents=True, exist_ok=True)
    app.main()
