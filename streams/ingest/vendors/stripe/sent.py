"""An event object of Stripe as it was sent: what it is about, when, whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.translate import Event
from streams.ingest.vendors.fields import Fields
from streams.ingest.vendors.model import NotUnderstoodError
from streams.ingest.vendors.stripe.money import micros

if TYPE_CHECKING:
    from streams.ingest.vendors.model import Instance

_PLACES = 100
_LAST = {"created": 0, "deleted": 90}
_ELSE = 50


class Sent(msgspec.Struct, frozen=True):
    """An event object with the instance that it came to.

    `thing` is the whole object after the change. `before` has the former values of what a change changed, and is empty
    for all else. `created` is in seconds: Stripe knows no finer time.
    """

    instance: Instance
    id: str
    type: str
    created: int
    is_test: bool
    thing: Fields
    before: Fields

    @property
    def version(self) -> int:
        """The place among the events of one object: its second, then creation, changes, deletion.

        Two changes of one second cannot be told apart; both are whole states, and the core takes them in the order of
        their ids (docs/sources/stripe.md).
        """
        return self.created * _PLACES + _LAST.get(self.type.rpartition(".")[2], _ELSE)

    @property
    def account(self) -> str:
        """The account of what it is about: that of its customer; where none is named, its payment's own key."""
        if (customer := self.thing.maybe_reference("customer")) is not None:
            return self.account_of(customer)
        payment = self.thing.maybe_reference("payment_intent") or self.thing.maybe_reference("charge")
        return self.instance.waiting_key(payment or self.thing.reference("id"))

    def account_of(self, customer: str) -> str:
        """Return the account that events of a customer stand under: always the same one, whatever else is told."""
        return self.instance.accounts.organizations.get(customer) or self.instance.waiting_key(customer)

    def event(self, kind: str, *, at: int | None = None, account: str = "", name: str = "", **fields: Any) -> Event:
        """Return an event that this one stands for.

        `at` (seconds) says when it happened: when it was sent, unless told. `name` tells several of one kind apart.
        """
        told = {
            "event_id": self.instance.event_id(self.id, kind, *([name] if name else [])),
            "account_id": account or self.account,
            "occurred_at": micros(self.created if at is None else at),
            "source": self.instance.source,
            "actor": "SYSTEM",
            "is_test": self.is_test,
        }
        return Event(kind, {**told, **fields})

    def not_before(self, *moments: int | None) -> int:
        """Return when it was sent, or the newest of these moments (seconds) that it tells of.

        Events that Stripe makes for tests have been sent in 2012.
        """
        return max([self.created, *(each for each in moments if each is not None)])


def sent(found: Fields, instance: Instance) -> Sent:
    """Read an event object; raises NotUnderstoodError."""
    return Sent(
        instance,
        found.text("id"),
        found.text("type"),
        found.whole("created"),
        not _is_live(found),
        found.part("data.object"),
        found.maybe_part("data.previous_attributes") or Fields({}),
    )


def _is_live(found: Fields) -> bool:
    """Return whether real money is meant; raises NotUnderstoodError where that is not said."""
    if "livemode" not in found:
        raise NotUnderstoodError("missing_field", "livemode is not there")
    return found.flag("livemode")
