"""State on local disk in RocksDB: for more keys than fit into memory, and restarts that read only what is new."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
from rocksdict import Options, Rdict, WriteBatch

from streams.live.store.port import Position, StoreBusyError, StoreCorruptedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Data keys carry a prefix so that no key of a partition can meet the position's.
_DATA = b"d"
_POSITION = b"p"
_CORRUPT = "CORRUPT"
_OWNER_ONLY = 0o700


class RocksStore:
    """`Store` in one directory. Raises StoreBusyError when another process has it open.

    A directory that once failed is marked and rebuilt at the next opening, since a damaged block may not show
    again until the very key is read. An estimate of RocksDB's is the number of keys.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        if (directory / _CORRUPT).exists():
            shutil.rmtree(directory)
        directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        directory.chmod(_OWNER_ONLY)
        self._db: Rdict | None = self._open()
        self._position = self._read_position()

    def get(self, key: bytes) -> bytes | None:
        try:
            found: bytes | None = self._live().get(_DATA + key)
        except Exception as error:
            raise self._corrupted(error) from error
        return found

    def put_all(self, changes: Mapping[bytes, bytes | None]) -> None:
        self._write(_changed(changes))

    def put_at(self, changes: Mapping[bytes, bytes | None], position: Position) -> None:
        """Take over changes and save the position behind them in one write: both survive a kill, or neither does."""
        batch = _changed(changes)
        batch.put(_POSITION, msgspec.msgpack.encode(position))
        self._write(batch)
        self._position = position

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        entries = self._live().iter()
        entries.seek(_DATA)
        while entries.valid() and (key := entries.key())[:1] == _DATA:
            yield key[1:], entries.value()
            entries.next()
        try:
            entries.status()  # an iterator that meets a damaged block just ends: only its status tells
        except Exception as error:
            raise self._corrupted(error) from error

    def __len__(self) -> int:
        return int(self._live().property_int_value("rocksdb.estimate-num-keys") or 0)

    @property
    def position(self) -> Position:
        return self._position

    def set_position(self, position: Position) -> None:
        batch = WriteBatch(raw_mode=True)
        batch.put(_POSITION, msgspec.msgpack.encode(position))
        self._write(batch)
        self._position = position

    def clear(self) -> None:
        self.close()
        shutil.rmtree(self._directory)
        self._directory.mkdir(mode=_OWNER_ONLY, parents=True)
        self._db = self._open()
        self._position = Position()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _live(self) -> Rdict:
        if self._db is None:
            raise ValueError(f"store {self._directory} is closed")
        return self._db

    def _write(self, batch: WriteBatch) -> None:
        try:
            self._live().write(batch)
        except Exception as error:
            raise self._corrupted(error) from error

    def _open(self) -> Rdict:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(32 << 20)
        options.set_keep_log_file_num(2)
        try:
            return Rdict(str(self._directory), options)
        except Exception as error:
            if "lock" in str(error).lower():
                raise StoreBusyError(str(self._directory)) from error
            raise self._corrupted(error) from error

    def _read_position(self) -> Position:
        try:
            saved = self._live().get(_POSITION)
            return Position() if saved is None else msgspec.msgpack.decode(saved, type=Position)
        except Exception as error:
            self.close()
            raise self._corrupted(error) from error

    def _corrupted(self, error: Exception) -> StoreCorruptedError:
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / _CORRUPT).touch()
        return StoreCorruptedError(f"{self._directory}: {error}")


def _changed(changes: Mapping[bytes, bytes | None]) -> WriteBatch:
    batch = WriteBatch(raw_mode=True)
    for key, value in changes.items():
        if value is None:
            batch.delete(_DATA + key)
        else:
            batch.put(_DATA + key, value)
    return batch
