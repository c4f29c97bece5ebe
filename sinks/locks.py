"""Locks that survive their holder: one process at a time does a thing, and a dead one's work is taken up again.

A lock is a table of the meta database. Making it is atomic, its comment names the holder from the first moment, and
its rows are the holder's heartbeats. Tables of one scope are numbered and the highest holds, so that of two processes
which take over from the same dead holder one fails; the highest is never dropped, hence no number is used twice.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
from clickhouse_driver import Client
from clickhouse_driver import errors as driver
from clickhouse_driver.errors import ErrorCodes, ServerException

from sinks import sql
from sinks.holders import Holder, actor, myself
from sinks.settings import Warehouse

BEAT_S = 5.0
OpenClient = Callable[[], Client]


class LockedError(Exception):
    """The lock is somebody else's; the message is one sentence."""


class Claim(msgspec.Struct, frozen=True):
    """What stands in a lock: its scope, what it is held for, and by whom."""

    scope: str
    purpose: str
    actor: str
    holder: Holder


class _Top(msgspec.Struct, frozen=True):
    number: int
    claim: Claim
    released: bool
    silent_s: float

    @property
    def held(self) -> bool:
        return not self.released and self.claim.holder.alive(self.silent_s)


class Lock:
    """A lock that this process holds.

    ``taken_from`` is the claim of a holder that died before its work was done. Set ``underway`` once stopping would
    leave something half done: an error then leaves the lock behind as a death would.
    """

    def __init__(self, series: "_Series", number: int, taken_from: Claim | None) -> None:
        self._series, self._number = series, number
        self.taken_from, self.underway = taken_from, False

    @property
    def resumed(self) -> bool:
        """Whether earlier work was cut short and is taken up now."""
        return self.taken_from is not None

    def check(self) -> None:
        """Raise LockedError when somebody took the lock over because this process was silent for too long."""
        top = self._series.top()
        if top is not None and top.number != self._number:
            raise LockedError(f"this process was silent for so long that {top.claim.actor} went on in its place")

    @contextmanager
    def beating(self, open_client: OpenClient) -> Iterator[None]:
        """Say every few seconds that the holder lives; an outage of the server passes or ends the work itself."""
        ended = threading.Event()

        def beat() -> None:
            client = open_client()
            own = _Series(client, self._series.warehouse, self._series.scope)
            while not ended.wait(BEAT_S):
                with suppress(driver.Error, OSError, EOFError):
                    own.say(self._number, "beat")
            client.disconnect()

        beats = threading.Thread(target=beat, daemon=True)
        beats.start()
        try:
            yield
        finally:
            ended.set()
            beats.join()

    def release(self) -> None:
        self._series.say(self._number, "released")


@contextmanager
def lock(
    open_client: OpenClient, warehouse: Warehouse, scope: str, purpose: str, *, whatever: bool = False
) -> Iterator[Lock]:
    """Hold the lock of the scope for the length of a block.

    A dead holder's lock is taken over by the same purpose only, or by any that can finish ``whatever`` was begun;
    ``purpose`` is the command as an operator would type it. ``open_client`` opens connections of the lock's own.
    Raises LockedError.
    """
    client = open_client()
    try:
        held = _take(_Series(client, warehouse, scope), purpose, whatever=whatever)
        with held.beating(open_client):
            try:
                yield held
            except BaseException:
                if not held.underway:
                    held.release()
                raise
            held.release()
    finally:
        client.disconnect()


def interrupted(client: Client, warehouse: Warehouse, scope: str) -> Claim | None:
    """Return the claim of a holder that died before its work was done; None where there is none."""
    top = _Series(client, warehouse, scope).top()
    return None if top is None or top.released or top.held else top.claim


def give_up(client: Client, warehouse: Warehouse, scope: str, purpose: str) -> None:
    """Release the lock that a dead holder left for the purpose. Raises LockedError while the holder lives."""
    series = _Series(client, warehouse, scope)
    top = series.top()
    if top is not None and not top.released and top.claim.purpose == purpose:
        if top.held:
            raise LockedError(_taken(top.claim))
        series.say(top.number, "released")


def _take(series: "_Series", purpose: str, *, whatever: bool) -> Lock:
    while True:
        top = series.top()
        if top is not None and top.held:
            raise LockedError(_taken(top.claim))
        left = None if top is None or top.released else top.claim
        if left is not None and left.purpose != purpose and not whatever:
            raise LockedError(f"`{left.purpose}` was cut short and must be finished first: run it again ({left.actor})")
        number = top.number + 1 if top else 1
        if series.make(number, Claim(series.scope, purpose, actor(), myself())):
            series.forget_below(number)
            return Lock(series, number, left)


def _taken(claim: Claim) -> str:
    return f"`{claim.purpose}` is under way ({claim.actor}, process {claim.holder.pid}): wait until it has ended"


class _Series:
    """The numbered lock tables of one scope."""

    def __init__(self, client: Client, warehouse: Warehouse, scope: str) -> None:
        self._client, self.warehouse, self.scope = client, warehouse, scope
        self._prefix = f"lock_{hashlib.sha256(scope.encode()).hexdigest()[:16]}_"

    def top(self) -> _Top | None:
        while found := self._found():
            number = max(found)
            comment, age_s = found[number]
            try:
                ((released, silent_s),) = self._client.execute(
                    "SELECT countIf(word = 'released') > 0, dateDiff('millisecond', max(at), now64(6)) / 1000"  # noqa: S608
                    f" FROM {self._table(number)}"
                )
            except ServerException as error:
                if error.code != ErrorCodes.UNKNOWN_TABLE:
                    raise
            else:
                claim = msgspec.json.decode(comment, type=Claim)
                return _Top(number, claim, bool(released), max(0.0, min(age_s, silent_s)))
        return None

    def make(self, number: int, claim: Claim) -> bool:
        """Make a table; False when somebody else was faster."""
        table, on_cluster = self._table(number), self.warehouse.on_cluster
        try:
            self._client.execute(
                f"CREATE TABLE {table} {on_cluster} (at DateTime64(6, 'UTC'), word LowCardinality(String))"
                f" ENGINE = {self.warehouse.engine_prefix}MergeTree ORDER BY at"
                f" COMMENT {sql.text(msgspec.json.encode(claim).decode())}"
            )
        except ServerException as error:
            if error.code != ErrorCodes.TABLE_ALREADY_EXISTS:
                raise
            return False
        if max(self._found()) == number:
            self.say(number, "taken")
            return True
        self._client.execute(f"DROP TABLE {table} {on_cluster} SYNC")
        return False

    def forget_below(self, number: int) -> None:
        """Drop the tables of earlier holders."""
        for former in self._found():
            if former < number:
                self._client.execute(f"DROP TABLE IF EXISTS {self._table(former)} {self.warehouse.on_cluster} SYNC")

    def say(self, number: int, word: str) -> None:
        self._client.execute(f"INSERT INTO {self._table(number)} SELECT now64(6), %(word)s", {"word": word})

    def _table(self, number: int) -> str:
        return f"{sql.name(self.warehouse.meta)}.{sql.name(f'{self._prefix}{number}')}"

    def _found(self) -> dict[int, tuple[str, float]]:
        """Return comment and age (s) of the scope's tables, by number."""
        rows = self._client.execute(
            "SELECT name, comment, dateDiff('second', metadata_modification_time, now()) FROM system.tables"
            " WHERE database = %(meta)s AND startsWith(name, %(prefix)s)",
            {"meta": self.warehouse.meta, "prefix": self._prefix},
        )
        return {int(name.removeprefix(self._prefix)): (comment, float(age)) for name, comment, age in rows}
