"""What must stand after a run, counted from the topics' records in plain Python.

The rules are those of docs/emitting.md as far as the mix goes; nothing here is shared with the product.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.faults.avro import BadRecordError, Contract
from tests.faults.murmur2 import home

Place = tuple[str, int, int]
"""Short topic name, partition, offset."""
Story = list[tuple[Any, str, str, dict[str, Any]]]
"""Events of one entity: business time, event id, event type, fields."""
POLICIES = ("cxledger", "stripe", "chartmogul", "profitwell")
_ENTITIES = ("response_id", "invitation_id", "subscription_id", "invoice_id", "ticket_id")
_CENT = 10_000
"""Millionths."""
_UUID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_DETRACTOR_TO = 6
_PROMOTER_FROM = 9


class Record(NamedTuple):
    """One record of a topic; `topic` without the deployment's prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset


class Invoice(NamedTuple):
    """A row of `invoice`, amounts in millionths."""

    account_id: str
    paid: int
    still_open: int


class Ticket(NamedTuple):
    """A row of `ticket`, as far as it is compared."""

    account_id: str
    status: str
    messages: int
    of_requester: int


class Response(NamedTuple):
    """A row of `response`, as far as it is compared."""

    account_id: str
    status: str
    nps: float | None
    corrections: int
    event_id: str


@dataclass
class Expected:
    """Every record is accepted, a repetition of an accepted one, or bad."""

    accepted: dict[Place, str] = field(default_factory=dict)
    bad: dict[Place, bytes] = field(default_factory=dict)
    repeated: set[Place] = field(default_factory=set)
    identities: dict[tuple[str, int], dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))
    responses: dict[str, Response] = field(default_factory=dict)
    invitations: dict[str, tuple[str, str]] = field(default_factory=dict)
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    subscriptions: dict[str, tuple[str, int]] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    @property
    def records(self) -> int:
        return len(self.accepted) + len(self.bad) + len(self.repeated)

    def scores(self) -> dict[str, tuple[int, int]]:
        """Return (answers, promoters minus detractors) of every account that has any."""
        n: Counter[str] = Counter()
        net: Counter[str] = Counter()
        for response in self.responses.values():
            if response.nps is not None:
                n[response.account_id] += 1
                net[response.account_id] += (response.nps >= _PROMOTER_FROM) - (response.nps <= _DETRACTOR_TO)
        return {account: (count, net[account]) for account, count in n.items()}

    def revenue(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return what every account with a subscription brings, by policy: as movements say it and as spans do.

        Nothing in the mix is what policies differ in.
        """
        total: Counter[str] = Counter()
        for account, micros in self.subscriptions.values():
            total[account] += micros
        return {(account, policy): (micros, micros) for account, micros in total.items() for policy in POLICIES}


def expect(records: Iterable[Record], partitions: Mapping[str, int]) -> Expected:
    """Count records, each partition's in the order of their offsets; `partitions` is how many each topic has."""
    contract, expected = Contract(), Expected()
    stories: dict[str, Story] = defaultdict(list)
    for record in records:
        try:
            event_type, fields = contract.decode(record.value)
            _require_sound(contract, record, event_type, fields)
            _require_home(record, partitions[record.topic])
        except BadRecordError:
            expected.bad[record.place] = record.value or b""
            continue
        if _is_new(expected, record, fields):
            expected.accepted[record.place] = fields["event_id"]
            entity = next((fields[name] for name in _ENTITIES if name in fields), fields["event_id"])
            stories[entity].append((fields["occurred_at"], fields["event_id"], event_type, fields))
    for entity, story in stories.items():
        _tell(expected, entity, _in_order(story))
        if _has_waited(story):
            expected.waiting.add(entity)
    return expected


def _require_sound(contract: Contract, record: Record, event_type: str, fields: dict[str, Any]) -> None:
    if contract.topic_of[event_type] != record.topic:
        raise BadRecordError("wrong topic")
    if record.key != fields["account_id"].encode():
        raise BadRecordError("wrong key")
    if not _UUID.fullmatch(fields["event_id"]):
        raise BadRecordError("no UUID")
    for answer in fields.get("answers", ()):
        if answer["kind"] == "NPS" and answer["number"] not in range(11):
            raise BadRecordError("outside the scale")


def _require_home(record: Record, partitions: int) -> None:
    if home(record.key or b"", partitions) != record.partition:
        raise BadRecordError("wrong partition")


def _is_new(expected: Expected, record: Record, fields: dict[str, Any]) -> bool:
    """Take an event's identity in; the same bytes again are a repetition, other bytes under its id are bad."""
    identity = hashlib.blake2b(f"{fields['source']}\0{fields['event_id']}".encode(), digest_size=16).digest()
    known = expected.identities[record.topic, record.partition]
    assert record.value is not None
    content = hashlib.blake2b(record.value, digest_size=8).digest()
    if identity not in known:
        known[identity] = content
        return True
    if known[identity] == content:
        expected.repeated.add(record.place)
    else:
        expected.bad[record.place] = record.value
    return False


def _in_order(story: Story) -> Story:
    return sorted(story, key=lambda each: each[:2])


def _has_waited(story: Story) -> bool:
    """Tell whether a response was a detractor's at any moment, as its events arrived."""
    return any(_is_detractor(_in_order(story[:heard])) for heard in range(1, len(story) + 1))


def _is_detractor(story: Story) -> bool:
    types = {event_type for _, _, event_type, _ in story}
    if "response_submitted" not in types or "response_deleted" in types:
        return False
    nps = _nps(story[-1][3])
    return nps is not None and nps <= _DETRACTOR_TO


def _nps(fields: dict[str, Any]) -> float | None:
    return next((answer["number"] for answer in fields["answers"] if answer["kind"] == "NPS"), None)


def _tell(expected: Expected, entity: str, story: Story) -> None:
    _, _, first, fields = story[0]
    account = fields["account_id"]
    if first == "account_upserted":
        expected.accounts[entity] = account, fields["name"]
    elif first == "policy_set":
        return  # what it brings about is the business of the scenario that sets it
    elif first.startswith("invitation"):
        types = {event_type for _, _, event_type, _ in story}
        reached = ("invitation_bounced", "invitation_opened", "invitation_delivered", "invitation_sent")
        furthest = next(event_type for event_type in reached if event_type in types)
        expected.invitations[entity] = account, furthest.removeprefix("invitation_")
    elif first.startswith("subscription"):
        _subscribe(expected, entity, account, story)
    elif first.startswith("invoice"):
        _owe(expected, entity, account, story)
    elif "ticket_id" in fields:
        _work(expected, entity, account, story)
    else:
        _respond(expected, entity, account, story)


def _respond(expected: Expected, entity: str, account: str, story: Story) -> None:
    status, nps, corrections = "submitted", None, 0
    for _, _, event_type, fields in story:
        if event_type == "response_deleted":
            status, nps = "deleted", None
            continue
        corrections += event_type == "response_corrected"
        nps = _nps(fields)
    expected.responses[entity] = Response(account, status, nps, corrections, story[-1][1])


def _subscribe(expected: Expected, entity: str, account: str, story: Story) -> None:
    _, _, last, fields = story[-1]
    items = () if last == "subscription_ended" else fields["items"]
    expected.subscriptions[entity] = account, sum(item["quantity"] * item["unit_amount"] * _CENT for item in items)


def _owe(expected: Expected, entity: str, account: str, story: Story) -> None:
    total = sum(fields["total"] for _, _, event_type, fields in story if event_type == "invoice_issued")
    paid = sum(fields["amount"] for _, _, event_type, fields in story if event_type == "invoice_paid")
    expected.invoices[entity] = Invoice(account, paid * _CENT, max(0, total - paid) * _CENT)


def _work(expected: Expected, entity: str, account: str, story: Story) -> None:
    status, authors = "new", Counter[str]()
    for _, _, event_type, fields in story:
        if event_type == "message_added":
            authors[fields["author_type"]] += 1
        elif event_type == "ticket_status_changed":
            status = fields["to_status"].lower()
        elif event_type == "ticket_solved":
            status = "solved"
    expected.tickets[entity] = Ticket(account, status, authors.total(), authors["REQUESTER"])
