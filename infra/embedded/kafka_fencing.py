"""A killed broker that is alone is fenced before it comes back, so that it keeps what it had committed.

The metadata of a killed broker still name it as the leader of everything. Started like that, it resumes unfinished
transactions as if it were in office; the moment the controller fences its former incarnation there are no leaders,
and Kafka 4.1 to 4.4 takes partitions without a leader for deleted ones: it drops their commit markers and closes the
transaction (KAFKA-20734). What was answered as committed is then hidden for ever. So the controller is run first,
without a broker, until it has fenced the old incarnation; docs/adr/0078 tells the whole story.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from infra.embedded.errors import EmbeddedServerError
from infra.embedded.kafka_config import controller_properties, render
from infra.embedded.kafka_java import DATA, NAME, environment, is_formatted
from infra.embedded.last_words import explain
from infra.embedded.process import ServerProcess, launch

_CLEAN: Final = ".kafka_cleanshutdown"
_SESSION_MS: Final = 1000
_POLL_S: Final = 0.05
_STOP_GRACE_S: Final = 20.0
_TOLD: Final = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller=info"
_ACTIVE: Final = "Becoming the active controller"
_REGISTERED: Final = re.compile(r"Replayed [^:]*RegisterBrokerRecord.*\bfenced=(true|false)")
# The record of a change says 1 for fenced, -1 for no longer fenced, 0 for neither.
_CHANGED: Final = re.compile(r"Replayed BrokerRegistrationChangeRecord.*\bfenced=(1|-1)\b")


def needs_fencing(home: Path) -> bool:
    """Tell whether the last broker on this directory ended without writing that it did."""
    return is_formatted(home) and not (home / DATA / _CLEAN).exists()


def fence(lock: IO[bytes], home: Path, java: Sequence[str], controller_port: int, timeout_s: float) -> None:
    """Run the controller alone until no broker is in office; raises EmbeddedServerError."""
    config = home / "controller.properties"
    config.write_text(render(controller_properties(home / DATA, controller_port, _SESSION_MS)))
    output = home / "controller.log"
    command = [*java[:-2], _TOLD, *java[-2:], "kafka.Kafka", str(config)]
    process = launch(lock, NAME, command, home, environment=environment(), output=output, detach=False)
    try:
        _await_fenced(process, output, time.monotonic() + timeout_s)
    finally:
        process.stop(_STOP_GRACE_S)


def _await_fenced(process: ServerProcess, output: Path, deadline: float) -> None:
    while time.monotonic() < deadline:
        if not process.alive():
            raise explain(NAME, output, process.directory)
        if nobody_in_office(output.read_text(errors="replace")):
            return
        time.sleep(_POLL_S)
    raise EmbeddedServerError(f"Kafka's controller did not answer in time; its log is {output}")


def nobody_in_office(log: str) -> bool:
    """Tell from the controller's log whether it rules and the last it knows of its broker is that it is fenced."""
    if _ACTIVE not in log:
        return False
    in_office = False
    for line in log.splitlines():
        if registered := _REGISTERED.search(line):
            in_office = registered[1] == "false"
        elif changed := _CHANGED.search(line):
            in_office = changed[1] == "-1"
    return not in_office
