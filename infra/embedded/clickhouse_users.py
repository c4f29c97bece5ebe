"""Write users.xml: who may do what in the embedded ClickHouse server, which takes no SQL about users.

| user | may |
|---|---|
| cx_admin | everything but to read or write files and other servers: migrates, promotes, repairs |
| cx_writer | SELECT on cx and cx_meta, SELECT and INSERT on the generations, cx_g1 ... |
| bi_reader | SELECT on cx.* except cx.verbatim, cx.personal_* and cx.pay_*, within limits |
| verbatim_reader | the same, what is personal included |
| pay_reader | the same as bi_reader, what people cost included |
| default | nothing: the embedded engine itself is this user, and takes the only session that it may have |

`cx` stands for the name of the reading database, which is a setting. Everybody but `default` has a password; no
password stands in the code (infra/embedded/passwords.py).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from infra.embedded.checks import LOOPBACK
from infra.embedded.clickhouse_profiles import ENGINE, READING, WRITING, ReaderLimits, profiles, quota
from infra.embedded.xml import FromEnvironment, render

ADMINISTRATOR: Final = "cx_admin"
WRITER: Final = "cx_writer"
BI_READER: Final = "bi_reader"
VERBATIM_READER: Final = "verbatim_reader"
PAY_READER: Final = "pay_reader"
USERS: Final = (ADMINISTRATOR, WRITER, BI_READER, VERBATIM_READER, PAY_READER)
"""Those who have a password."""
_ENGINE: Final = "default"
_READERS: Final = (BI_READER, VERBATIM_READER, PAY_READER)
_PROFILES: Final = {ADMINISTRATOR: WRITING, WRITER: WRITING, **dict.fromkeys(_READERS, READING)}
# What reaches beyond the server: its files, other servers, programs. Nobody needs it: a stolen login goes no further.
_BEYOND: Final = ("SOURCES", "TABLE ENGINE", "CREATE DICTIONARY", "CREATE FUNCTION", "BACKUP")
_KEEPING: Final = ("MergeTree", "ReplacingMergeTree", "View", "MaterializedView", "Memory", "Null")
"""Engines whose tables the server keeps itself."""
_REPLICATED: Final = ("ReplicatedMergeTree", "ReplicatedReplacingMergeTree")
# What the engine asks itself at its start.
_STARTING: Final = ("GRANT SYSTEM LISTEN ON *.*", "GRANT SELECT ON system.numbers", "GRANT SELECT ON system.one")
# BI tools list databases, tables and columns; what is listed is only what may be read.
_LISTING: Final = (
    "GRANT SELECT ON information_schema.*",
    "GRANT SELECT ON INFORMATION_SCHEMA.*",
    "GRANT SELECT ON system.parts",
)


def users_config(
    passwords: Mapping[str, str],
    limits: ReaderLimits,
    database: str,
    *,
    networks: Sequence[str] = (LOOPBACK, "::1"),
    engine_in_python: bool = True,
    others: Sequence[str] = (),
) -> str:
    """Return users.xml; nobody logs in from outside `networks`.

    `others` are databases, or beginnings with a star, of other deployments that the same writer serves. A password
    stands in it as SHA-256 only, or as the name of the variable that the server finds it in.
    """
    granted = _grants(database, others)
    users: dict[str, Mapping[str, Any]] = {
        user: {
            **_password(passwords[user]),
            "networks": {"ip": list(networks)},
            "profile": _PROFILES[user],
            "quota": user,
            "grants": {"query": granted[user]},
        }
        for user in USERS
    }
    tree = {
        "profiles": profiles(limits, engine_in_python=engine_in_python),
        "quotas": {user: quota(profile, limits) for user, profile in _PROFILES.items()},
        "users": {**users, **(_engine() if engine_in_python else {})},
    }
    return render(tree)


def _engine() -> Mapping[str, Any]:
    """Return the user that the embedded engine is.

    It can have no password, and no network from which nobody else comes: its own session counts as loopback. But its
    profile allows it one session, and that one begins before the ports are open and ends with the server.
    """
    only = {"password": "", "networks": {"ip": ["127.0.0.1", "::1"]}, "profile": ENGINE, "quota": _ENGINE}
    return {_ENGINE: {**only, "grants": {"query": list(_STARTING)}}}


def _writing(database: str, others: Sequence[str]) -> Iterator[str]:
    """Yield the writer's grants on generations: behind their name is a number, which no other deployment's has."""
    for first in range(1, 10):
        yield f"GRANT SELECT, INSERT ON {database}_g{first}*.*"
    yield from (f"GRANT SELECT, INSERT ON {other}.*" for other in others)


def _grants(database: str, others: Sequence[str]) -> Mapping[str, list[str]]:
    reading = f"GRANT SELECT ON {database}.*"
    # What the server keeps stored answers in: no reader has a use for it, and BI tools list it among the views.
    unseen = [f"REVOKE SELECT ON {database}.`{prefix}`*" for prefix in (".inner", ".tmp")]
    worded = [f"REVOKE SELECT ON {database}.{view}" for view in ("verbatim", "`personal_`*")]
    paid = [f"REVOKE SELECT ON {database}.`pay_`*"]
    return {
        ADMINISTRATOR: [
            "GRANT ALL ON *.*",
            *(f"REVOKE {right} ON *.*" for right in _BEYOND),
            *(f"GRANT TABLE ENGINE ON {engine}" for engine in (*_KEEPING, *_REPLICATED)),
        ],
        WRITER: [reading, f"GRANT SELECT ON {database}_meta.*", *_writing(database, others), *_LISTING],
        BI_READER: [reading, *worded, *paid, *unseen, *_LISTING],
        VERBATIM_READER: [reading, *paid, *unseen, *_LISTING],
        PAY_READER: [reading, *worded, *unseen, *_LISTING],
    }


def _password(password: str) -> Mapping[str, str]:
    if isinstance(password, FromEnvironment):
        return {"password": password}
    return {"password_sha256_hex": hashlib.sha256(password.encode()).hexdigest()}
