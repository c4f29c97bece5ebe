"""Who may do what in the embedded ClickHouse server: users.xml, for the server takes no SQL about users.

| user | may | password unless told otherwise |
|---|---|---|
| default | everything, from loopback only | none |
| cx_writer | SELECT and INSERT on the project's databases | cx_writer |
| bi_reader | SELECT on cx.* except cx.verbatim, within limits | bi_reader |
| verbatim_reader | the same, cx.verbatim included | verbatim_reader |
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.embedded.checks import LOOPBACK
from infra.embedded.xml import render

DEFAULT: Final = "default"
WRITER: Final = "cx_writer"
BI_READER: Final = "bi_reader"
VERBATIM_READER: Final = "verbatim_reader"
# For a server that only this machine reaches; anything else passes its own.
LOCAL_PASSWORDS: Final[Mapping[str, str]] = {
    DEFAULT: "",
    WRITER: "cx_writer",
    BI_READER: "bi_reader",
    VERBATIM_READER: "verbatim_reader",
}
_GIB: Final = 1024**3


@dataclass(frozen=True)
class ReaderLimits:
    """What one reading user may ask for: per query, and queries per hour; a reader may lower them only."""

    execution_s: int = 60
    memory_bytes: int = 2 * _GIB
    rows_to_read: int = 2_000_000_000
    result_rows: int = 1_000_000
    queries_per_hour: int = 20_000


def users_config(passwords: Mapping[str, str], limits: ReaderLimits) -> str:
    """Return users.xml; passwords stand in it as SHA-256 only."""
    grants = {
        DEFAULT: None,
        WRITER: ["GRANT SELECT, INSERT ON cx*.*", *_LISTING],
        BI_READER: ["GRANT SELECT ON cx.*", "REVOKE SELECT ON cx.verbatim", *_LISTING],
        VERBATIM_READER: ["GRANT SELECT ON cx.*", *_LISTING],
    }
    profiles = {DEFAULT: "default", WRITER: "default", BI_READER: "reader", VERBATIM_READER: "reader"}
    return render(
        {
            "profiles": {
                "default": {**_DEFAULT_PROFILE, "constraints": _NEVER_CHANGED},
                "reader": _reader_profile(limits),
            },
            "quotas": {"default": {}, "reader": {"keyed": {}, "interval": _interval(limits)}},
            "users": {user: _user(passwords[user], profiles[user], granted) for user, granted in grants.items()},
        }
    )


# BI tools list databases, tables and columns; what is listed is only what may be read.
_LISTING: Final = [
    "GRANT SELECT ON information_schema.*",
    "GRANT SELECT ON INFORMATION_SCHEMA.*",
    "GRANT SELECT ON system.parts",
]
_DEFAULT_PROFILE: Final[Mapping[str, Any]] = {
    # The server's own default needs a zstd package on the side of clickhouse-driver.
    "network_compression_method": "LZ4",
    # There is no queue for them here: an insert is acknowledged when it is written.
    "async_insert": False,
    # Python(x) looks x up in the interpreter around the engine: from a server's thread that ends the process.
    "allow_python_table_function": False,
}
_NEVER_CHANGED: Final[Mapping[str, Any]] = {"allow_python_table_function": {"const": {}}}


def _interval(limits: ReaderLimits) -> Mapping[str, int]:
    return {"duration": 3600, "queries": limits.queries_per_hour}


def _reader_profile(limits: ReaderLimits) -> Mapping[str, Any]:
    ceilings = {
        "max_execution_time": limits.execution_s,
        "max_memory_usage": limits.memory_bytes,
        "max_rows_to_read": limits.rows_to_read,
        "max_result_rows": limits.result_rows,
    }
    fixed = {
        "allow_ddl": False,
        "allow_introspection_functions": False,
        "allow_experimental_ai_functions": False,
        "allow_experimental_eval_table_function": False,
        "log_queries": True,
        "timeout_overflow_mode": "throw",
        "read_overflow_mode": "throw",
        "result_overflow_mode": "throw",
    }
    return {
        **_DEFAULT_PROFILE,
        "readonly": 2,
        **ceilings,
        **fixed,
        # Zero would mean no limit at all, hence the minimum.
        "constraints": {**_NEVER_CHANGED}
        | {name: {"min": 1, "max": ceiling} for name, ceiling in ceilings.items()}
        | {name: {"const": {}} for name in fixed},
    }


def _user(password: str, profile: str, grants: list[str] | None) -> Mapping[str, Any]:
    secret = {"password_sha256_hex": hashlib.sha256(password.encode()).hexdigest()} if password else {"password": ""}
    rights: Mapping[str, Any] = {} if grants is None else {"grants": {"query": grants}}
    return {
        **secret,
        "networks": {"ip": [LOOPBACK, "::1"]},
        "profile": profile,
        "quota": profile,
        **rights,
    }
