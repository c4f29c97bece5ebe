"""A plan: what a replay reads, what it writes and what that costs, as one file that cannot be changed unseen.

The file is JSON. Its seal is the SHA-256 of the plan in canonical form (names sorted, no spaces, UTF-8), so that
layout does not matter and content does.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from streams.core.rules import Override
from streams.replay.errors import PlanError

FORMAT = 1


class Kind(StrEnum):
    """Name the purpose of a replay."""

    REBUILD = "rebuild"
    REPAIR = "repair"
    WHAT_IF = "what-if"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parts of a plan say everything they mean, and nothing that this version does not know."""


class Stretch(_Part, frozen=True, kw_only=True):
    """Records of one partition, from offset `start` up to but without `end`."""

    topic: str
    partition: int
    start: int
    end: int

    @property
    def records(self) -> int:
        return max(0, self.end - self.start)


class Deployment(_Part, frozen=True, kw_only=True):
    """Say where a plan holds: the ids of the Kafka cluster and of its topics by name, and the database of the views."""

    cluster: str
    topics: dict[str, str]
    database: str


class Cost(_Part, frozen=True, kw_only=True):
    """Tell what is to be read and written, and how long it takes; everything but `records` is an estimate.

    `records` are decoded and folded; of those that are `passed_over` only the key is read. `bytes` are those of keys
    and values read, `rows` are by table.
    """

    records: int
    passed_over: int
    bytes: int
    rows: dict[str, int]
    seconds: int


class Plan(_Part, frozen=True, kw_only=True):
    """Say what `cx replay run` does.

    `accounts` is empty where every account is meant. `python` is the interpreter that runs another version of the
    code, empty for this one; `code` is the fingerprint of the code that runs. `created_at` is ISO 8601, UTC.
    """

    format: int = FORMAT
    kind: Kind
    deployment: Deployment
    stretches: tuple[Stretch, ...]
    accounts: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    python: str = ""
    code: str
    cost: Cost
    created_at: str

    @property
    def sparse(self) -> bool:
        """Tell whether only some accounts' rows come out."""
        return bool(self.accounts)


class _Sealed(_Part, frozen=True, kw_only=True):
    plan: msgspec.Raw
    sha256: str


def canonical(plan: Plan) -> bytes:
    """Return the one form of a plan that its seal is taken of."""
    return msgspec.json.encode(plan, order="sorted")


def fingerprint(plan: Plan) -> str:
    """Return the SHA-256 of a plan in hexadecimal: its name among replays."""
    return hashlib.sha256(canonical(plan)).hexdigest()


def seal(plan: Plan) -> bytes:
    """Return the content of a plan file."""
    sealed = _Sealed(plan=msgspec.Raw(canonical(plan)), sha256=fingerprint(plan))
    return msgspec.json.format(msgspec.json.encode(sealed), indent=2) + b"\n"


def unseal(content: bytes, name: str) -> Plan:
    """Read a plan file back; `name` is for messages. Raises PlanError for anything that `seal` did not write."""
    try:
        sealed = msgspec.json.decode(content, type=_Sealed)
        said = msgspec.json.decode(sealed.plan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PlanError(f"{name} is no plan: make one with `cx replay plan` ({error})") from error
    if hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest() != sealed.sha256:
        raise PlanError(f"{name} was changed after it was planned: plan again with the options you want")
    try:
        plan = msgspec.convert(said, Plan)
    except msgspec.ValidationError as error:
        raise PlanError(f"{name} was made by another version of cx: plan again ({error})") from error
    if plan.format != FORMAT or fingerprint(plan) != sealed.sha256:
        raise PlanError(f"{name} was made by another version of cx: plan again")
    return plan
