"""The ledger of credit, whose members are found by key: the same books as by looking through all of them."""

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import members
from streams.core.billing import credit
from streams.core.billing.credit import CLAIMED, CREDIT_LEDGER, LEFT, UNCLAIMED, USED, Account, Move
from streams.core.outputs import Outputs, Scope
from streams.core.rules import Rules
from streams.core.segments import Overlay
from tests.support import plain_credit

SCOPE = Scope(Rules(), 0)
IDS = ["", "I1", "I2"]
ENDS = {"refunded": "refund_failed", "charged_back": "claim_ended"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST", 2)


@st.composite
def moves(draw: Any) -> list[Move]:
    """What invoices, payments and claims may hand over, in order; some claims end."""
    found = []
    for number in range(draw(st.integers(1, 25))):
        at, amount = draw(st.integers(1, 6)), draw(st.integers(1, 4))
        invoice, payment = draw(st.sampled_from(IDS)), draw(st.sampled_from(["", "P1", "P2"]))
        told = Move(
            at,
            LEFT,
            "rest",
            f"b{number}",
            "",
            False,
            "USD",
            amount,
            invoice,
            "" if invoice else payment or "P1",
            "e",
            at,
        )
        change = msgspec.structs.replace
        match draw(st.sampled_from("lllnuuccr")):
            case "l":
                found.append(told)
            case "n":
                found.append(change(told, amount=-amount))
            case "u":
                found.append(change(told, rank=USED, kind="use", invoice_id=invoice, payment_id=payment))
            case "r":
                back = {"kind": "returned", "invoice_id": "", "payment_id": payment or "P2"}
                found.append(change(told, rank=CLAIMED, **back))
            case _:
                kind = draw(st.sampled_from([*ENDS]))
                paid = {"payment_id": payment or "P2", "invoice_id": invoice}
                paid["invoices"] = () if invoice else tuple(draw(st.lists(st.sampled_from(IDS[1:]), unique=True)))
                claim = change(told, rank=CLAIMED, kind=kind, **paid)
                found.append(claim)
                if draw(st.booleans()):
                    later = at + draw(st.integers(0, 4))
                    found.append(change(claim, at=later, rank=UNCLAIMED, kind=ENDS[kind], ends=(at, kind)))
    found += [change(each, currency="EUR", member=f"{each.member}x") for each in found[:4]]
    return sorted(found, key=credit.sort_key)


@given(moves(), st.randoms(use_true_random=False))
def test_the_books_are_those_of_plain_lists(told: list[Move], chance: Any) -> None:
    """Which credit is whose must not depend on how it is kept, nor on when it was stored and read again."""
    records = Overlay(lambda _: None)
    account = Account("acme")
    account.members.bind(records, b"key")
    plain: defaultdict[str, plain_credit.Credit] = defaultdict(plain_credit.Credit)
    for move in told:
        outputs = Outputs()
        credit.apply(account, move, SCOPE, outputs)
        changed: Any = defaultdict(int)
        plain[move.currency].apply(move, changed)
        wanted = {line: amount for line, amount in changed.items() if amount}
        found: Any = {(row.book, row.kind, row.invoice_id, row.payment_id): row.amount_micros for row in outputs.rows}
        assert found == wanted
        if chance.random() < 0.5:
            account = CREDIT_LEDGER.codec.accumulator(_encode(account))
            account.members.bind(records, b"key")
        assert len(account.members) == sum(map(_kept, plain.values())), "what is settled leaves nothing behind"


def _kept(plain: plain_credit.Credit) -> int:
    """Return how many members there are: lots, those with something left once more, takers and how they are found."""
    found = len(plain.lots) + sum(each.amount > 0 for each in plain.lots)
    for taker in plain.takers:
        if taker.taken or taker.lacking:
            named = 1 + bool(taker.invoice_id) + len(taker.invoices)
            lacks = 1 if taker.rank == USED or taker.is_return else named
            found += 1 + len(taker.taken) + bool(taker.lacking) * lacks
    return found


_encode = msgspec.msgpack.Encoder(enc_hook=members.encode_members).encode
