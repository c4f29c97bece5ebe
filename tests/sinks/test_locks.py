"""Locks: one holder at a time, and a dead one's work goes on in the hands of the same command only."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import msgspec
import psutil
import pytest
from clickhouse_driver import Client

from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.stack import Stack
from sinks import generations, locks
from sinks.holders import STALE_S, Holder, myself
from sinks.locks import LockedError, lock
from sinks.settings import Warehouse

_CHILD = """
import os, sys
from sinks.connection import connect
from sinks.locks import lock
from sinks.settings import Warehouse
host, port, password, database = sys.argv[1:]
with lock(lambda: connect(host, int(port), password=password), Warehouse(database=database), "s", "promote g2"):
    os._exit(9)
"""


@pytest.fixture
def warehouse(client: Client, database: str) -> Warehouse:
    made = Warehouse(database=database)
    generations.create_log(client, made)
    return made


Open = Callable[[], Client]


def _die_holding(stack: Stack, warehouse: Warehouse) -> None:
    told = [stack.clickhouse_host, str(stack.clickhouse_port), stack.passwords[ADMINISTRATOR], warehouse.database]
    assert subprocess.run([sys.executable, "-c", _CHILD, *told], env=os.environ, check=False).returncode == 9


@pytest.mark.servers
def test_a_held_lock_is_refused_and_a_released_one_free(open_client: Open, warehouse: Warehouse) -> None:
    """Two operators at once: the second reads who is at it."""
    with lock(open_client, warehouse, "s", "promote g2"):
        with pytest.raises(LockedError, match="`promote g2` is under way"), lock(open_client, warehouse, "s", "back"):
            pass
        with lock(open_client, warehouse, "other", "back") as free:
            assert not free.resumed
    with lock(open_client, warehouse, "s", "back") as again:
        assert not again.resumed


@pytest.mark.servers
def test_a_dead_holder_is_followed_by_the_same_command_only(
    open_client: Open, client: Client, warehouse: Warehouse, stack: Stack
) -> None:
    """After a kill the same command again finishes the work, and another one must not start from the middle."""
    _die_holding(stack, warehouse)
    claim = locks.interrupted(client, warehouse, "s")
    assert claim is not None
    assert claim.purpose == "promote g2"
    with pytest.raises(LockedError, match="`promote g2` was cut short"), lock(open_client, warehouse, "s", "back"):
        pass
    with lock(open_client, warehouse, "s", "promote g2") as held:
        assert held.resumed
    assert locks.interrupted(client, warehouse, "s") is None
    _die_holding(stack, warehouse)
    with lock(open_client, warehouse, "s", "back", whatever=True) as held:
        assert held.taken_from is not None
        assert held.taken_from.purpose == "promote g2"


@pytest.mark.servers
def test_a_dead_holder_can_be_given_up(open_client: Open, client: Client, warehouse: Warehouse, stack: Stack) -> None:
    """Dropping an unfinished generation gives up what was begun on it."""
    _die_holding(stack, warehouse)
    locks.give_up(client, warehouse, "s", "another")
    assert locks.interrupted(client, warehouse, "s") is not None
    locks.give_up(client, warehouse, "s", "promote g2")
    with lock(open_client, warehouse, "s", "back"), pytest.raises(LockedError, match="under way"):
        locks.give_up(client, warehouse, "s", "back")


def _stumble(open_client: Open, warehouse: Warehouse, *, underway: bool) -> None:
    with lock(open_client, warehouse, "s", "promote g2") as held:
        held.underway = underway
        raise ZeroDivisionError


@pytest.mark.servers
def test_an_error_releases_unless_work_is_under_way(open_client: Open, client: Client, warehouse: Warehouse) -> None:
    """A refusal leaves nothing behind; half a promotion leaves the mark that it is to be finished."""
    for underway in (False, True):
        with pytest.raises(ZeroDivisionError):
            _stumble(open_client, warehouse, underway=underway)
        released = bool(
            client.execute(f"SELECT countIf(word = 'released') FROM merge('{warehouse.meta}', '^lock_')")[0][0]
        )
        assert released is not underway


@pytest.mark.servers
def test_of_many_at_once_one_gets_it(open_client: Open, warehouse: Warehouse, stack: Stack) -> None:
    """Taking over from a dead holder is a race that exactly one may win, however it is run."""
    _die_holding(stack, warehouse)
    got: list[bool] = []
    ready, done = threading.Barrier(6), threading.Barrier(6)

    def take() -> None:
        ready.wait()
        try:
            with lock(open_client, warehouse, "s", "promote g2") as held:
                got.append(held.resumed)
                done.wait()
        except LockedError:
            done.wait()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [True]


@pytest.mark.servers
def test_a_holder_that_was_given_up_notices(open_client: Open, client: Client, warehouse: Warehouse) -> None:
    """A process that was frozen for minutes must not go on beside its successor."""
    with lock(open_client, warehouse, "s", "promote g2") as held:
        held.check()
        name = client.execute(
            "SELECT name FROM system.tables WHERE database = %(m)s AND name LIKE 'lock%%'", {"m": warehouse.meta}
        )[0][0]
        comment = client.execute(
            "SELECT comment FROM system.tables WHERE database = %(m)s AND name = %(n)s",
            {"m": warehouse.meta, "n": name},
        )[0][0]
        successor = name.rpartition("_")[0] + "_9"
        client.execute(
            f"CREATE TABLE `{warehouse.meta}`.{successor} AS `{warehouse.meta}`.{name} COMMENT %(c)s", {"c": comment}
        )
        with pytest.raises(LockedError, match="silent for so long"):
            held.check()


def test_a_process_is_judged_by_the_system_here_and_by_its_silence_elsewhere() -> None:
    """A process id alone would be believed after a reboot or when it is used again."""
    me = myself()
    assert me.alive(silent_s=10 * STALE_S)
    assert not msgspec.structs.replace(me, started=me.started - 60).alive(0)
    assert not msgspec.structs.replace(me, boot="another").alive(0)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    holder = Holder(me.host, me.boot, gone.pid, psutil.Process(gone.pid).create_time())
    gone.wait()
    assert not holder.alive(0)
    elsewhere = msgspec.structs.replace(me, host="elsewhere", pid=1)
    assert elsewhere.alive(STALE_S - 1)
    assert not elsewhere.alive(STALE_S)
