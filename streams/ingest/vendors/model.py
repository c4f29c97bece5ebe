"""The shapes that translators of vendors take and return.

A translator gets one raw delivery and returns the events that it stands for. It has no client and no clock, so the same
delivery always gives the same events, with the same ids: whoever translates a raw topic again changes nothing.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from streams.ingest.translate import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.ingest.raw import Raw

# Ids of translated events live in a name space of their own; changing it would count every event a second time.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cxledger.dev/vendors")


class AccountRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an instance tells which account a customer of the vendor is, the first rule that gives one.

    `metadata_key` is a field that the vendor lets its users fill, with our account in it. `organizations` and `domains`
    give accounts by the vendor's organization id and by the domain of an e-mail address, in lower case. A customer that
    no rule knows has the key `vendor:id` until `account_linked` says whose it is.

    >>> AccountRules(metadata_key="account", organizations={"4711": "acme"}, domains={"acme.example": "acme"})
    """

    metadata_key: str = ""
    organizations: dict[str, str] = {}
    domains: dict[str, str] = {}


class Instance(msgspec.Struct, frozen=True):
    """One installation of a vendor, such as a Stripe account or a help desk, as its operator described it.

    `name` is the operator's. `options` are the vendor's own, checked by its module: fields of surveys, for example.

    >>> Instance("typeform", "main", AccountRules(), {"forms": {"lT4Z3j": {"nps": "rating_1"}}})
    """

    vendor: str
    name: str
    accounts: AccountRules = AccountRules()
    options: dict[str, Any] = {}

    @property
    def source(self) -> str:
        """The `source` of its events: vendor and name, joined by a colon."""
        return f"{self.vendor}:{self.name}"

    def event_id(self, *parts: object) -> str:
        """Return the id of the event that these parts of a delivery stand for: the same for the same parts.

        The first part is the vendor's own id of what happened; others tell several events of it apart.
        """
        return str(uuid.uuid5(NAMESPACE, "\0".join((self.source, *map(str, parts)))))

    def waiting_key(self, customer: object) -> str:
        """Return the account of a customer that nobody has told of yet (ADR 0175)."""
        return f"{self.vendor}:{customer}"

    def known_account(
        self, *, metadata: Mapping[str, object] | None = None, organization: object = None, email: str | None = None
    ) -> str | None:
        """Return the account that the first of its rules gives which knows one: metadata, organization, domain.

        All that a delivery says of one entity must lead to one account, for an entity lives under one key.
        """
        rules = self.accounts
        told = (metadata or {}).get(rules.metadata_key) if rules.metadata_key else None
        if isinstance(told, str) and told:
            return told
        if organization is not None and (found := rules.organizations.get(str(organization))):
            return found
        return rules.domains.get(email.rpartition("@")[2].lower()) if email and "@" in email else None


class Translation(msgspec.Struct, frozen=True):
    """What a delivery stands for.

    `unmapped` are the vendor's own names of what no one maps: it is counted, and is no fault. A delivery may give
    events and such names at once.
    """

    events: tuple[Event, ...] = ()
    unmapped: tuple[str, ...] = ()


class NotUnderstoodError(Exception):
    """Raised for a delivery that cannot be translated as it is; it waits as a dead letter of its raw topic.

    `reason` is one of few words, to count by. `detail` says what is wrong and where, without values: a person's name
    may be among them.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Translator(Protocol):
    """What a vendor's module offers as `translate`: pure, raises NotUnderstoodError and nothing else."""

    def __call__(self, raw: Raw, instance: Instance) -> Translation: ...
