"""Whose account a delivery is about, and what of it may name a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from streams.core.limits import unfit_id
from streams.ingest.vendors.model import NotUnderstoodError

if TYPE_CHECKING:
    from streams.ingest.vendors.model import Instance


def account_of(
    instance: Instance,
    *,
    customer: object = None,
    metadata: Mapping[str, object] | None = None,
    organization: object = None,
    email: object = None,
) -> str:
    """Return the account by the first rule of the instance that knows one, else the key that `customer` waits under.

    `customer` is what the vendor calls the customer, and what `account_linked` will name. Of `email` the domain is
    looked up. Raises NotUnderstoodError where nothing is known, or where the account could be no key of Kafka.

    >>> account_of(Instance("zendesk", "main"), customer=4711)
    'zendesk:4711'
    """
    account = instance.known_account(
        metadata=metadata,
        organization=_text(organization) or None,
        email=email if isinstance(email, str) else None,
    )
    if account is None:
        if not _text(customer):
            raise NotUnderstoodError("no_customer", "it names no customer, and no rule of accounts knows it")
        account = instance.waiting_key(_text(customer))
    if (refusal := unfit_id("account_id", account)) is not None:
        raise NotUnderstoodError("invalid_field", refusal[1])
    return account


def person_id(instance: Instance, name: object) -> str | None:
    """Return the id of a person as the vendor gives it; a pseudonym where that is an e-mail address.

    The pseudonym is the same for the same address in the same instance, however it is capitalised.
    """
    text = _text(name)
    if "@" not in text:
        return text or None
    return f"person-{instance.event_id('person', text.lower())}"


def _text(value: object) -> str:
    """Return an id as text; nothing for what is no id, such as a list or true."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()
