"""Whose a delivery is: money and answers that land with the wrong customer are worse than those that wait."""

import pytest

from streams.ingest.vendors.accounts import account_of, person_id
from streams.ingest.vendors.model import AccountRules, Instance, NotUnderstoodError

RULES = AccountRules("account", {"4711": "globex"}, {"acme.example": "acme"})
DESK = Instance("zendesk", "main", RULES)


def test_the_first_rule_that_knows_wins() -> None:
    """The customer's own word goes before the vendor's organization, and that before an address."""
    told = {"customer": 7, "metadata": {"account": "initech"}, "organization": 4711, "email": "anna@ACME.example"}
    assert account_of(DESK, **told) == "initech"
    assert account_of(DESK, **{**told, "metadata": {"other": "initech"}}) == "globex"
    assert account_of(DESK, **{**told, "metadata": None, "organization": None}) == "acme"


def test_who_is_not_known_waits_under_the_vendor_s_name() -> None:
    """As `account_linked` will name it (ADR 0175)."""
    assert account_of(DESK, customer=42, organization="42", email="bob@mail.example") == "zendesk:42"


@pytest.mark.parametrize("customer", [None, "", " ", True, [], {}, 1.5, "x" * 300, "a\x00b"])
def test_nobody_is_no_account(customer: object) -> None:
    """An empty key would be one account for all who are not known."""
    with pytest.raises(NotUnderstoodError):
        account_of(DESK, customer=customer)


def test_a_rule_takes_no_odd_values() -> None:
    """A list in a metadata field is no account, and no crash."""
    assert account_of(DESK, customer="7", metadata={"account": ["acme"]}, organization={}, email=5) == "zendesk:7"


def test_an_address_is_a_pseudonym() -> None:
    """People use addresses as ids; ids are kept for ever and read by everybody."""
    known = person_id(DESK, "Anna@Acme.example")
    assert known is not None
    assert "anna" not in known.lower()
    assert known == person_id(DESK, "anna@acme.example") != person_id(Instance("zendesk", "eu"), "anna@acme.example")
    assert person_id(DESK, 17) == "17"
    assert person_id(DESK, None) is None
