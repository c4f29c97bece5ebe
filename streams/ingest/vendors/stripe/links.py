"""Whose customer, and whose payment: what rules find is told as links, and never moves an event.

Events of a customer always stand under one key. Metadata and addresses change, and other objects than the customer lack
them: were they to decide the key, one customer's subscription and invoice would lie apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ingest.vendors.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ingest.translate import Event
    from streams.ingest.vendors.stripe.sent import Sent


def customer(sent: Sent) -> Iterator[Event]:
    """Yield that a customer is an account's, or is so no longer, by its metadata or the domain of its address."""
    thing, name = sent.thing, sent.thing.text("id")
    if name in sent.instance.accounts.organizations:
        return  # its events stand under the account itself
    now = _found(sent, thing)
    was = _found(sent, _former(sent)) if sent.before.plain() else None
    if sent.type.endswith(".updated") and was == now and not sent.before.plain().keys() & {"metadata", "email"}:
        return
    if was is not None and was != now:
        yield _link(sent, "account_unlinked", was, name)
    if now is not None:
        yield _link(sent, "account_linked", now, name)


def payment(sent: Sent) -> Iterator[Event]:
    """Yield whose payment a charge is: its refunds and disputes name the payment alone."""
    thing = sent.thing
    name = thing.maybe_reference("payment_intent") or thing.text("id")
    if thing.maybe_reference("customer") is not None:
        yield _link(sent, "account_linked", sent.account, name)


def _former(sent: Sent) -> Fields:
    """Return the customer as it was; of metadata only the keys that changed are told."""
    now, was = sent.thing.maybe_part("metadata"), sent.before.maybe_part("metadata")
    metadata = {**(now.plain() if now else {}), **(was.plain() if was else {})}
    return Fields({**sent.thing.plain(), **sent.before.plain(), "metadata": metadata})


def _found(sent: Sent, thing: Fields) -> str | None:
    """Return the account that the rules give."""
    metadata = thing.maybe_part("metadata")
    return sent.instance.known_account(metadata=metadata.plain() if metadata else None, email=thing.maybe_text("email"))


def _link(sent: Sent, kind: str, account: str, name: str) -> Event:
    return sent.event(kind, account=account, name=account, system=sent.instance.vendor, external_id=name)
