"""Who may do what in the embedded ClickHouse server: users.xml, for the server takes no SQL about users.

| user | may | password unless told otherwise |
|---|---|---|
| default | everything, from loopback only | none, and it can have none: the engine itself is this user |
| cx_writer | SELECT and INSERT on cx and its generations, cx_g1 ... | cx_writer |
| bi_reader | SELECT on cx.* except cx.verbatim, within limits | bi_reader |
| verbatim_reader | the same, cx.verbatim included | verbatim_reader |

`cx` stands for the name of the reading database, which is a setting.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra.embedded.checks import LOOPBACK
from infra.embedded.clickhouse_profiles import READING, WRITING, ReaderLimits, profiles, quota
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
_PROFILES: Final = {DEFAULT: WRITING, WRITER: WRITING, BI_READER: READING, VERBATIM_READER: READING}
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
) -> str:
    """Return users.xml; passwords stand in it as SHA-256 only, and nobody logs in from outside `networks`."""
    users = {
        user: {
            **_password(passwords[user]),
            "networks": {"ip": list(networks)},
            "profile": _PROFILES[user],
            "quota": user,
            **granted,
        }
        for user, granted in _grants(database).items()
    }
    tree = {
        "profiles": profiles(limits, engine_in_python=engine_in_python),
        "quotas": {user: quota(profile, limits) for user, profile in _PROFILES.items()},
        "users": users,
    }
    return render(tree)


def _grants(database: str) -> Mapping[str, Mapping[str, Any]]:
    reading = f"GRANT SELECT ON {database}.*"
    granted = {
        WRITER: [f"GRANT SELECT, INSERT ON {database}*.*"],
        BI_READER: [reading, f"REVOKE SELECT ON {database}.verbatim"],
        VERBATIM_READER: [reading],
    }
    # A user without a list of grants has them all.
    return {DEFAULT: {}} | {user: {"grants": {"query": [*own, *_LISTING]}} for user, own in granted.items()}


def _password(password: str) -> Mapping[str, str]:
    if not password:
        return {"password": ""}
    return {"password_sha256_hex": hashlib.sha256(password.encode()).hexdigest()}
