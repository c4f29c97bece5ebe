"""Whether a killed broker may come back is read from its controller's log, in the words of the pinned Kafka."""

import pytest

from infra.embedded.kafka_fencing import nobody_in_office

ACTIVE = (
    "INFO QuorumController - [QuorumController id=1] Becoming the active controller at epoch 5, next write offset 3."
)
JOINED = "Replayed initial RegisterBrokerRecord for broker 1: RegisterBrokerRecord(brokerId=1, fenced=true, logDirs=[])"
BACK = "Replayed RegisterBrokerRecord establishing a new incarnation of broker 1: RegisterBrokerRecord(fenced=true)"
IN_A_SNAPSHOT = "Replayed initial RegisterBrokerRecord for broker 1: RegisterBrokerRecord(brokerId=1, fenced=false)"
IN_OFFICE = "Replayed BrokerRegistrationChangeRecord modifying the registration for broker 1: (brokerId=1, fenced=-1)"
UNTOUCHED = "Replayed BrokerRegistrationChangeRecord modifying the registration for broker 1: (brokerId=1, fenced=0)"
FENCED = "Replayed BrokerRegistrationChangeRecord modifying the registration for broker 1: (brokerId=1, fenced=1, x=0)"


@pytest.mark.parametrize(
    ("lines", "free"),
    [
        ([], False),
        ([JOINED, IN_OFFICE, FENCED], False),
        ([ACTIVE], True),
        ([JOINED, ACTIVE], True),
        ([JOINED, IN_OFFICE, UNTOUCHED, ACTIVE], False),
        ([JOINED, IN_OFFICE, UNTOUCHED, ACTIVE, FENCED], True),
        ([JOINED, IN_OFFICE, FENCED, BACK, IN_OFFICE, ACTIVE], False),
        ([IN_A_SNAPSHOT, ACTIVE], False),
        ([IN_A_SNAPSHOT, ACTIVE, FENCED], True),
    ],
    ids=lambda value: "" if isinstance(value, bool) else str(len(value)),
)
def test_the_broker_waits_until_its_former_self_is_fenced(lines: list[str], free: bool) -> None:
    """Started too early it loses commit markers; started never, it is no broker."""
    assert nobody_in_office("\n".join(lines)) is free
