"""Find the servers that a command works on: those of `cx up` on the data directory, or those that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from infra.demo import webhook
from infra.embedded import clickhouse, kafka, passwords
from infra.embedded.checks import make_private
from infra.embedded.clickhouse_users import ADMINISTRATOR, BI_READER, PAY_READER, VERBATIM_READER, WRITER
from infra.secret import Secret
from infra.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.stack import Stack

_RECORD = "stack.json"


class NotRunning(Exception):  # noqa: N818  # a state of the world that `cx up` ends
    """Nothing runs on the data directory; the message is one sentence with the remedy."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Note where the servers of a data directory listen; written while they run.

    Detached ones have no process that watches over their workers.
    """

    kind: str
    bootstrap: str
    host: str
    port: int
    http_port: int
    detached: bool = False


def note(settings: Settings, stack: Stack, *, detached: bool) -> None:
    """Write down where a started stack listens, for the commands of other terminals."""
    record = Record(
        kind=stack.kind,
        bootstrap=stack.bootstrap,
        host=stack.clickhouse_host,
        port=stack.clickhouse_port,
        http_port=stack.clickhouse_http_port,
        detached=detached,
    )
    make_private(settings.data_dir)
    (settings.data_dir / _RECORD).write_bytes(msgspec.json.encode(record))


def forget(settings: Settings) -> None:
    (settings.data_dir / _RECORD).unlink(missing_ok=True)


def is_noted(settings: Settings) -> bool:
    """Tell whether a stack is noted on the data directory: from its start until its owner or `cx down` ends it."""
    return _read(settings) is not None


def recorded(settings: Settings) -> Record | None:
    """Return where the data directory's servers listen, None where not all of them run."""
    record = _read(settings)
    return record if record is not None and all(_alive(settings, record)) else None


def _read(settings: Settings) -> Record | None:
    try:
        return msgspec.json.decode((settings.data_dir / _RECORD).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def _alive(settings: Settings, record: Record) -> list[bool]:
    """Return for each server whether its process runs; true where that is not ours to see."""
    if record.kind != "embedded":
        return [True]
    found = kafka.running(settings.data_dir / "kafka"), clickhouse.running(settings.data_dir / "clickhouse")
    return [server is not None for server in found]


def on_record(settings: Settings, record: Record) -> Settings:
    """Return the settings that name a record's servers and the users that local servers are made with.

    A password that no setting names is the one that the data directory keeps, and so is the file of sources to try.
    """
    to_try = webhook.file_in(settings.data_dir)

    def kept(user: str) -> Secret:
        return Secret(passwords.read(settings.data_dir / "clickhouse", user))

    return msgspec.structs.replace(
        settings,
        stack="external",
        sources=settings.sources or (str(to_try) if to_try.exists() else ""),
        kafka_bootstrap=record.bootstrap,
        clickhouse_host=record.host,
        clickhouse_port=record.port,
        clickhouse_http_port=record.http_port,
        clickhouse_user=ADMINISTRATOR,
        clickhouse_password=settings.clickhouse_password or kept(ADMINISTRATOR),
        writer_password=settings.writer_password or kept(WRITER),
        bi_user=BI_READER,
        bi_password=settings.bi_password or kept(BI_READER),
        verbatim_password=settings.verbatim_password or kept(VERBATIM_READER),
        pay_password=settings.pay_password or kept(PAY_READER),
    )


def locate(settings: Settings) -> Settings:
    """Return settings that name running servers; raises NotRunning where there are none to name.

    One server that runs is enough: who asks the other hears that this one does not answer.
    """
    if settings.stack == "external":
        return settings
    record = _read(settings)
    if record is None or not any(_alive(settings, record)):
        raise NotRunning(
            f"nothing runs on {settings.data_dir}: start it with `cx up`, or set CX_STACK=external and the addresses"
            " to work on servers of your own"
        )
    return on_record(settings, record)


def as_writer(settings: Settings) -> Settings:
    """Return the settings for a worker on local servers: a user that may insert and nothing more."""
    return msgspec.structs.replace(
        settings,
        clickhouse_user=WRITER,
        clickhouse_password=settings.writer_password,
        writer_password=Secret(),
        bi_password=Secret(),
        verbatim_password=Secret(),
        pay_password=Secret(),
    )


def surroundings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without any of our settings: a process is told all of them by whoever starts it."""
    return {name: value for name, value in variables.items() if not name.startswith(PREFIX)}


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment that reads back as these settings."""
    return {PREFIX + name.upper(): _text(getattr(settings, name)) for name in settings.__struct_fields__}


def _text(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    return str(value).lower() if isinstance(value, bool) else str(value)


def worker_directory(settings: Settings, number: int) -> Path:
    return settings.data_dir / f"worker-{number}"
