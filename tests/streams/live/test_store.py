"""All stores keep the same promises: one suite, every test on each."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.live.store.local import rocks_stores
from streams.live.store.memory import MemoryStore
from streams.live.store.port import Position, Store, StoreBusyError, StoreCorruptedError
from streams.live.store.rocks import RocksStore
from streams.replay.store import ReplayStore

Make = Callable[[], Store]


@pytest.fixture(params=["memory", "rocks"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return MemoryStore if request.param == "memory" else lambda: RocksStore(tmp_path / "s")


def rocks_in_a_fresh_directory() -> Store:
    return RocksStore(Path(tempfile.mkdtemp()))


def replay_in_a_fresh_directory() -> Store:
    return ReplayStore(RocksStore(Path(tempfile.mkdtemp())))


@pytest.mark.parametrize("fresh", [MemoryStore, rocks_in_a_fresh_directory, replay_in_a_fresh_directory])
@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.binary(max_size=4), st.none() | st.binary(max_size=8), max_size=6), max_size=6))
def test_content_is_the_last_change_of_every_key(fresh: Make, batches: list[dict[bytes, bytes | None]]) -> None:
    """The one law of the port: a dict folded over the same changes is the model, empty keys and values too."""
    store, model = fresh(), {}
    for changes in batches:
        store.put_all(changes)
        store.put_all(changes)  # twice is the same as once
        model |= changes
    wanted = {key: value for key, value in model.items() if value is not None}
    assert dict(store.scan()) == wanted
    assert all(store.get(key) == wanted.get(key) for key in model)
    store.close()


def test_the_position_is_kept_apart_from_the_content(make: Make) -> None:
    """A position that showed up in a scan would be taken for the state of some entity."""
    store = make()
    assert store.position == Position()
    store.set_position(Position(changelog=7, saved_at=9, checkpoint=b"m"))
    store.put_all({b"p": b"1"})
    assert store.position == Position(changelog=7, saved_at=9, checkpoint=b"m")
    assert dict(store.scan()) == {b"p": b"1"}
    store.close()


def test_clear_forgets_content_and_position(make: Make) -> None:
    """Restoring in full starts here: anything left over would survive a deletion made by another worker."""
    store = make()
    store.put_all({b"a": b"1"})
    store.set_position(Position(changelog=3))
    store.clear()
    assert list(store.scan()) == []
    assert store.position == Position()
    store.put_all({b"b": b"2"})
    assert dict(store.scan()) == {b"b": b"2"}
    store.close()
    store.close()


def test_rocks_keeps_content_and_position_over_a_kill(tmp_path: Path) -> None:
    """The reason for RocksDB: after SIGKILL the next process reads only the difference."""
    script = (
        "import os,sys,pathlib\n"
        "from streams.live.store.rocks import RocksStore\n"
        "from streams.live.store.port import Position\n"
        "s=RocksStore(pathlib.Path(sys.argv[1]))\n"
        "s.put_all({b'k': b'v'}); s.set_position(Position(changelog=5))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "s")], check=False)
    assert killed.returncode == -9
    store = RocksStore(tmp_path / "s")
    assert store.get(b"k") == b"v"
    assert store.position == Position(changelog=5)
    store.close()


def damage(directory: Path) -> None:
    for path in directory.iterdir():
        if path.suffix == ".sst" or path.name.startswith(("MANIFEST", "CURRENT")):
            path.write_bytes(b"\x00garbage\x00" * 20)


def test_a_damaged_directory_is_rebuilt_not_served(tmp_path: Path) -> None:
    """G9: a corrupted file costs a restore, never a wrong figure and never a worker that cannot start."""
    open_store = rocks_stores(tmp_path)
    store = open_store("t", 0, "id")
    store.put_all({b"k": b"v"})
    store.close()
    damage(tmp_path / "t-0" / "id" / "0")
    store = open_store("t", 0, "id")
    assert list(store.scan()) == []
    assert store.position == Position()
    store.close()


def test_damage_found_while_reading_is_remembered(tmp_path: Path) -> None:
    """A damaged block may show only when its key is read: the next opening must not trust the directory."""
    store = RocksStore(tmp_path / "s")
    store.put_all({str(n).encode(): b"v" * 100 for n in range(1000)})
    store._live().flush()
    store.close()
    for path in (tmp_path / "s").glob("*.sst"):
        content = bytearray(path.read_bytes())
        content[50:400] = b"\xff" * 350
        path.write_bytes(content)
    with pytest.raises(StoreCorruptedError, match=str(tmp_path)):  # noqa: PT012 - opening may notice it already
        store = RocksStore(tmp_path / "s")
        list(store.scan())
    store.close()
    assert list(RocksStore(tmp_path / "s").scan()) == []


def test_a_directory_in_use_is_refused_and_the_next_slot_taken(tmp_path: Path) -> None:
    """A frozen worker keeps its lock; its successor on the same machine must still be able to work."""
    first = RocksStore(tmp_path / "t-0" / "id" / "0")
    with pytest.raises(StoreBusyError):
        RocksStore(tmp_path / "t-0" / "id" / "0")
    second = rocks_stores(tmp_path)("t", 0, "id")
    second.put_all({b"k": b"v"})
    assert first.get(b"k") is None
    first.close()
    second.close()


def test_a_topic_made_anew_gets_a_directory_of_its_own(tmp_path: Path) -> None:
    """State of a deleted topic under the same name is not state of the new one."""
    open_store = rocks_stores(tmp_path)
    old = open_store("t", 0, "id-1")
    old.put_all({b"k": b"v"})
    new = open_store("t", 0, "id-2")
    assert new.get(b"k") is None
    old.close()
    new.close()
