"""Every setting of a deployment in one frozen value, read from the environment.

A setting is named ``CX_`` and its field's name in capitals. A secret may also be given as ``CX_..._FILE``:
the name of a file that holds it. :func:`from_environment` reports everything that is wrong at once, and a name
that no setting has is wrong too: a typing error must not leave a default in force unseen.
"""

from __future__ import annotations

import difflib
import re
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from infra.secret import Secret
from streams.live.worker.webhook_key import signing_key

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "CX_"
# Read elsewhere: the test suite's choices, and the faults that its worker processes are told to have.
_FOREIGN = ("CX_TEST_", "CX_FAULT_", "CX_CRASH_", "CX_BENCH_")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# ClickHouse's own, and what the databases of a deployment's tables end with: its writer may write those.
_RESERVED = frozenset({"system", "information_schema", "default"})
_OF_ANOTHER = re.compile(r"_g[0-9]|_meta$")

Port = Annotated[int, Meta(ge=0, le=65535)]


class SettingsError(Exception):
    """The environment describes no deployment; ``problems`` has a sentence for each thing wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a deployment is made of; docs/settings.md is rendered from the sentences below."""

    stack: Annotated[
        Literal["auto", "embedded", "docker", "external"],
        Meta(description="Where `cx up` and `cx demo` find their servers; auto prefers Docker where it can."),
    ] = "auto"
    data_dir: Annotated[
        Path,
        Meta(description="Folder of the embedded servers' data, their logs and the record of what runs."),
    ] = Path(".cx")
    topic_prefix: Annotated[
        str, Meta(pattern=r"^[a-zA-Z0-9._-]{0,60}$", description="Put before the name of every topic.")
    ] = "cx."
    database: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_]{0,30}$",
            description="ClickHouse database of the views that BI tools read.",
        ),
    ] = "cx"
    partitions: Annotated[
        int, Meta(ge=1, le=1024, description="Partitions of each account-keyed topic when it is created.")
    ] = 4
    replication: Annotated[
        int, Meta(ge=1, le=9, description="Replication factor of each topic when it is created.")
    ] = 1

    kafka_bootstrap: Annotated[str, Meta(description="Brokers to start from: host:port, separated by commas.")] = (
        "127.0.0.1:9092"
    )
    kafka_security: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        Meta(description="Protocol to the brokers; credentials in plain text are refused off loopback."),
    ] = "PLAINTEXT"
    kafka_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], Meta(description="SASL mechanism to the brokers.")
    ] = "SCRAM-SHA-512"
    kafka_user: Annotated[str, Meta(description="SASL user name to the brokers; empty without SASL.")] = ""
    kafka_password: Annotated[Secret, Meta(description="SASL password to the brokers.")] = Secret()
    kafka_ca_file: Annotated[
        str, Meta(description="Certificates that the brokers' are checked against; empty takes the system's.")
    ] = ""
    registry_url: Annotated[
        str,
        Meta(description="Schema Registry for the Confluent frame; empty frames events without a server."),
    ] = ""

    clickhouse_host: Annotated[str, Meta(description="ClickHouse server.")] = "127.0.0.1"
    clickhouse_port: Annotated[Port, Meta(description="Its native TCP port.")] = 9000
    clickhouse_http_port: Annotated[Port, Meta(description="Its HTTP port, for BI tools.")] = 8123
    clickhouse_secure: Annotated[bool, Meta(description="Speak TLS to ClickHouse.")] = False
    clickhouse_user: Annotated[
        str, Meta(description="User that migrates; on servers of your own, the one that writes, too.")
    ] = "cx_admin"
    clickhouse_password: Annotated[
        Secret,
        Meta(description="Password of that user; without it, and the next four, `cx up` makes random ones."),
    ] = Secret()
    writer_password: Annotated[
        Secret, Meta(description="Password of `cx_writer`, whom the workers of `cx up` write as.")
    ] = Secret()
    bi_user: Annotated[str, Meta(description="User that `cx sql` reads as: SELECT on views only.")] = "bi_reader"
    bi_password: Annotated[Secret, Meta(description="Password of that user.")] = Secret()
    verbatim_password: Annotated[
        Secret, Meta(description="Password of `verbatim_reader`, who also reads what is personal.")
    ] = Secret()
    pay_password: Annotated[Secret, Meta(description="Password of `pay_reader`, who also reads what people cost.")] = (
        Secret()
    )

    cluster: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{0,60}$",
            description="ClickHouse cluster to create replicated tables on; empty for one server.",
        ),
    ] = ""

    group: Annotated[str, Meta(min_length=1, description="Consumer group of the workers.")] = "cxledger"
    state_store: Annotated[
        Literal["memory", "rocksdb"],
        Meta(description="Where a worker keeps the state of its partitions between micro-batches."),
    ] = "memory"
    workers: Annotated[
        int,
        Meta(
            ge=0,
            le=1024,
            description="Workers that there should be where `cx up` does not start them: with fewer `status` fails;"
            " 0 says nothing.",
        ),
    ] = 0
    batch_records: Annotated[int, Meta(ge=1, le=100_000, description="Most records of a micro-batch.")] = 10_000
    batch_ms: Annotated[
        int, Meta(ge=1, le=60_000, description="Longest wait for a micro-batch to fill, in milliseconds.")
    ] = 50
    dead_run: Annotated[
        int,
        Meta(
            ge=1,
            description="Bad records in a row that stop a worker; one sender's alone do not while others are well.",
        ),
    ] = 1000
    dead_share: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Share of bad records in a window that stops a worker, the worst sender left out; 1 for none.",
        ),
    ] = 0.5
    dead_window: Annotated[int, Meta(ge=1, description="Records of a partition that make a window.")] = 4000
    web_host: Annotated[
        str, Meta(description="Address of a worker's web endpoints; loopback unless told otherwise.")
    ] = "127.0.0.1"
    web_port: Annotated[Port, Meta(description="Port of a worker's web endpoints; 0 takes a free one.")] = 6066
    stall_seconds: Annotated[
        float,
        Meta(ge=1, le=3600, description="Seconds without a commit while records wait that end a worker (status 4)."),
    ] = 60.0
    insert_seconds: Annotated[
        float, Meta(ge=1, le=3600, description="Seconds after which an insert that is not acknowledged is reported.")
    ] = 30.0
    shutdown_seconds: Annotated[
        float, Meta(ge=1, le=3600, description="Seconds that a worker may take to stop before it is cut short.")
    ] = 20.0
    webhook_url: Annotated[
        Secret,
        Meta(description="Where signals are delivered to, http or https; empty writes them to the worker's log."),
    ] = Secret()
    webhook_secret: Annotated[
        Secret, Meta(description="Key that signs delivered signals; needed with an address to deliver to.")
    ] = Secret()

    sources: Annotated[
        str, Meta(description="File that names the sources of webhooks: docs/receiving.md; empty for none.")
    ] = ""
    raw_days: Annotated[
        int,
        Meta(
            ge=1,
            le=3650,
            description="Days for which what sources sent is kept on the raw topics, closed under their keys.",
        ),
    ] = 30

    time_zone: Annotated[str, Meta(description="IANA zone whose days, weeks and months the views count in.")] = "UTC"
    health: Annotated[
        Literal["on", "off"],
        Meta(
            description="Whether workers keep the health and the risks of accounts, which takes most of their time;"
            " for one that had it off and turns it on, a rebuild is promoted first."
        ),
    ] = "on"
    week_start: Annotated[Literal["monday", "sunday"], Meta(description="First day of the week in the views.")] = (
        "monday"
    )
    response_window_days: Annotated[
        int, Meta(ge=1, le=365, description="Days in which an answer counts for its invitation's cohort.")
    ] = 14
    low_sample: Annotated[
        int, Meta(ge=0, description="Below this number of answers a ratio is flagged as a low sample.")
    ] = 30
    reporting_currency: Annotated[
        str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217 currency that recurring revenue is also stated in.")
    ] = "USD"
    portfolio_least: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Accounts of which a manager should have no fewer.")
    ] = 8
    portfolio_most: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Accounts of which a manager should have no more.")
    ] = 20
    stored_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=1440,
            description="Minutes after which stored answers, such as mrr_bridge_stored, are computed anew;"
            " sla_running_stored ten times as often, at most once a minute.",
        ),
    ] = 10

    real_data: Annotated[
        str, Meta(description="Folder of real data sets that `cx proof` goes through; empty skips them all.")
    ] = ""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__]


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _hook(kind: type, value: Any) -> Any:
    if kind is Secret:
        return Secret(str(value))
    if kind is Path:
        return Path(str(value)).expanduser()
    raise NotImplementedError(kind)


def _texts(environment: Mapping[str, str], hints: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    """Read each setting's text: from its variable, or for a secret from the file named by ``..._FILE``."""
    texts: dict[str, str] = {}
    for field, hint in hints.items():
        name = PREFIX + field.upper()
        if name in environment:
            texts[field] = environment[name]
        if _bare(hint) is Secret and (file := environment.get(f"{name}_FILE")):
            if field in texts:
                problems.append(f"{name} and {name}_FILE are both set: give one of them.")
            try:
                texts[field] = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{name}_FILE cannot be read: {error}.")
    return texts


def _unknown(environment: Mapping[str, str], hints: Mapping[str, Any]) -> list[str]:
    known = {PREFIX + field.upper() for field in hints}
    known |= {f"{PREFIX}{field.upper()}_FILE" for field, hint in hints.items() if _bare(hint) is Secret}
    problems = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(_FOREIGN):
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(f"{name} is no setting{f': is {near[0]} meant?' if near else '.'}")
    return problems


def _is_address(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and int(port) < 2**16


def _host(address: str) -> str:
    return address.strip().rsplit(":", 1)[0].strip("[]")


def _unsafe(settings: Settings) -> list[str]:
    """Name what two settings together make wrong; credentials never leave this machine in plain text."""
    problems = []
    if not all(map(_is_address, settings.kafka_bootstrap.split(","))):
        problems.append("CX_KAFKA_BOOTSTRAP: give host:port, several of them separated by commas.")
    hosts = {_host(address) for address in settings.kafka_bootstrap.split(",")}
    if settings.kafka_security == "SASL_PLAINTEXT" and not hosts <= _LOOPBACK:
        problems.append("CX_KAFKA_SECURITY: SASL_PLAINTEXT would send the password in plain text; use SASL_SSL.")
    if settings.kafka_security.startswith("SASL") and not (settings.kafka_user and settings.kafka_password):
        problems.append("CX_KAFKA_USER and CX_KAFKA_PASSWORD are needed with SASL.")
    passwords = (settings.clickhouse_password, settings.writer_password, settings.bi_password)
    plain = any(passwords) or settings.verbatim_password or settings.pay_password
    if plain and not settings.clickhouse_secure and settings.clickhouse_host not in _LOOPBACK:
        problems.append("CX_CLICKHOUSE_SECURE: a password would travel in plain text; set it to true.")
    for name in ("kafka_bootstrap", "registry_url"):
        if "@" in getattr(settings, name):
            problems += [f"{PREFIX}{name.upper()}: addresses are logged, so they may hold no credentials."]
    problems += _webhook(settings)
    if settings.database in _RESERVED or _OF_ANOTHER.search(settings.database):
        said = "is a name of ClickHouse's, or of the tables of another deployment: take another"
        problems.append(f"CX_DATABASE: {settings.database} {said}.")
    if settings.portfolio_least > settings.portfolio_most:
        problems.append("CX_PORTFOLIO_LEAST: it is above CX_PORTFOLIO_MOST, so no portfolio would be within both.")
    try:
        zoneinfo.ZoneInfo(settings.time_zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        problems.append(f"CX_TIME_ZONE: {settings.time_zone!r} is no IANA time zone.")
    return problems


def _webhook(settings: Settings) -> list[str]:
    """Name what would let signals through unsigned, or not at all; neither address nor key is repeated."""
    problems = []
    if settings.webhook_url:
        scheme, found, _ = settings.webhook_url.reveal().partition("://")
        if not found or scheme.lower() not in ("http", "https"):
            problems.append("CX_WEBHOOK_URL: give an address that begins with https:// or http://.")
        if not settings.webhook_secret:
            problems.append("CX_WEBHOOK_SECRET is needed with CX_WEBHOOK_URL: signals are signed.")
    if settings.webhook_secret:
        try:
            signing_key(settings.webhook_secret.reveal().encode("utf-8", "surrogateescape"))
        except ValueError as error:
            problems.append(f"CX_WEBHOOK_SECRET: {error}.")
    return problems


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises SettingsError with a sentence for each thing that is wrong."""
    hints = get_type_hints(Settings, include_extras=True)
    problems = _unknown(environment, hints)
    values: dict[str, Any] = {}
    for field, text in _texts(environment, hints, problems).items():
        try:
            values[field] = msgspec.convert(text, hints[field], strict=False, dec_hook=_hook)
        except msgspec.ValidationError as error:
            shown = "its value" if _bare(hints[field]) is Secret else repr(text)
            problems.append(f"{PREFIX}{field.upper()}: {shown} is not valid: {error}.")
    settings = Settings(**values)
    problems += _unsafe(settings)
    if problems:
        raise SettingsError(problems)
    return settings
