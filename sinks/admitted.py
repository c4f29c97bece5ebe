"""Records that one generation took in and another refuses: what other rules of admission do to a rebuild."""

import msgspec
from clickhouse_driver import Client

from sinks import sql
from sinks.compare import LIMITS

_PLACE = "topic, partition, offset"


class Turned(msgspec.Struct, frozen=True):
    """So many records that are refused for one reason in one generation and taken in in the other.

    `accounts` counts their Kafka keys; `example` is the first of them, topic-partition@offset.
    """

    reason: str
    records: int
    accounts: int
    example: str


def refused(client: Client, taken: str, other: str) -> tuple[Turned, ...]:
    """Return what database `taken` has as events and `other` as dead letters, by reason, the most first.

    Only the letters' places are held in memory; the event table is read once.
    """
    letters, events = f"{sql.name(other)}.dead_letter", f"{sql.name(taken)}.event"
    both = f"SELECT {_PLACE} FROM {events} FINAL WHERE ({_PLACE}) IN (SELECT {_PLACE} FROM {letters} FINAL)"  # noqa: S608
    rows = client.execute(
        "SELECT toString(reason) AS why, count() AS n, uniqExact(account_key),"  # noqa: S608
        f" min(({_PLACE})) FROM {letters} FINAL WHERE ({_PLACE}) IN ({both}) GROUP BY why ORDER BY n DESC, why",
        settings=LIMITS,
    )
    return tuple(
        Turned(why, records, accounts, f"{topic}-{partition}@{offset}")
        for why, records, accounts, (topic, partition, offset) in rows
    )
