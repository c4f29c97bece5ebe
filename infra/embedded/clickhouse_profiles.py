"""Bound what ClickHouse's users may ask for: settings profiles, and the limits that readers cannot lift."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SESSIONS: Final = 128
WRITING: Final = "default"
READING: Final = "reader"
ENGINE: Final = "engine"
GREETING: Final = "greeting"
"""Limit a connection until somebody has logged in on it."""
_GIB: Final = 1024**3
GREETING_S: Final = 10
_EVERYBODY: Final[Mapping[str, Any]] = {
    # The server's own default needs a zstd package on the side of clickhouse-driver.
    "network_compression_method": "LZ4",
    # An insert is acknowledged when it is written, not when it is queued.
    "async_insert": False,
    # Whoever has logged in may be slow again: the server's own seconds.
    "receive_timeout": 300,
    "http_receive_timeout": 30,
}
# Seconds without a word from somebody whom nobody knows yet.
_GREETING: Final[Mapping[str, Any]] = {
    "receive_timeout": GREETING_S,
    "http_receive_timeout": GREETING_S,
    "http_headers_read_timeout": GREETING_S,
}
# Each names a file or a server: the answer, or the error, would bring what is there to whoever asks (adr 0138).
_REACHING: Final[Mapping[str, Any]] = {
    "format_avro_schema_registry_url": "",
    "format_schema": "",
    "format_schema_source": "string",
    "format_template_resultset": "",
    "format_template_row": "",
    "input_format_record_errors_file_path": "",
    "output_format_schema": "",
    "rename_files_after_processing": "",
    "s3_base": "",
    "url_base": "",
}
# A disk of a table's own may be a folder or an address: tables are kept where the server's configuration says.
_KEPT_ELSEWHERE: Final = ("merge_tree_disk", "merge_tree_storage_policy")
# Python(x) looks x up in the interpreter around the engine: asked over the network, it ends the server.
_ENGINE_IN_PYTHON: Final[Mapping[str, Any]] = {"allow_python_table_function": False}
_READER_FIXED: Final[Mapping[str, Any]] = {
    "allow_ddl": False,
    "allow_introspection_functions": False,
    "allow_experimental_ai_functions": False,
    "allow_experimental_eval_table_function": False,
    "log_queries": True,
    "timeout_overflow_mode": "throw",
    "read_overflow_mode": "throw",
    "result_overflow_mode": "throw",
}


@dataclass(frozen=True)
class ReaderLimits:
    """Limit one reading user: per query, at once, and queries per hour; a reader may only lower them.

    `at_once`, `user_memory_bytes` and `spill_bytes` (what is put on disk meanwhile) are sums over a user's queries.
    Both readers together leave most of the server's places for queries to the writer.
    """

    execution_s: int = 60
    memory_bytes: int = 2 * _GIB
    rows_to_read: int = 2_000_000_000
    result_rows: int = 1_000_000
    at_once: int = 16
    user_memory_bytes: int = 3 * _GIB
    spill_bytes: int = 2 * _GIB
    queries_per_hour: int = 20_000


def profiles(limits: ReaderLimits, *, engine_in_python: bool) -> Mapping[str, Any]:
    """Return the profiles by name; `engine_in_python` adds what only the embedded server knows."""
    own = _ENGINE_IN_PYTHON if engine_in_python else {}
    ceilings = {
        "max_execution_time": limits.execution_s,
        "max_memory_usage": limits.memory_bytes,
        "max_rows_to_read": limits.rows_to_read,
        "max_result_rows": limits.result_rows,
        "max_concurrent_queries_for_user": limits.at_once,
        "max_memory_usage_for_user": limits.user_memory_bytes,
        "max_temporary_data_on_disk_size_for_user": limits.spill_bytes,
        "max_temporary_data_on_disk_size_for_query": limits.spill_bytes,
        "max_sessions_for_user": _SESSIONS,
    }
    # Zero would mean no limit at all, hence a minimum beside each maximum.
    within = {name: {"min": 1, "max": ceiling} for name, ceiling in ceilings.items()}
    fixed = {**_REACHING, **own}
    everybody = {**_EVERYBODY, **fixed}
    alone = {"max_sessions_for_user": 1}
    return {
        GREETING: {**everybody, **_GREETING},
        WRITING: {**everybody, "constraints": _constant([*fixed, *_KEPT_ELSEWHERE])},
        **({ENGINE: {**everybody, **alone, "constraints": _constant({**fixed, **alone})}} if own else {}),
        READING: {
            **everybody,
            "readonly": 2,
            **ceilings,
            **_READER_FIXED,
            "constraints": {**_constant(fixed), **_constant(_READER_FIXED), **within},
        },
    }


def quota(profile: str, limits: ReaderLimits) -> Mapping[str, Any]:
    """Return a user's quota.

    Each user has one of its own: a quota keyed by user also takes a key from the client, who could evade it.
    """
    return {"interval": {"duration": 3600, "queries": limits.queries_per_hour}} if profile == READING else {}


def _constant(settings: Iterable[str]) -> Mapping[str, Any]:
    return {name: {"const": {}} for name in settings}
