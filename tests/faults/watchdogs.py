"""G12, the watchdog's part: a step that never ends is ended, an insert that hangs is said and waited for."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from infra.embedded.checks import pick_free_ports
from tests.faults.scenario import Scenario, Volume
from tests.faults.servers import database, frozen
from tests.faults.stalls import in_turn
from tests.faults.trial import Deployed

STATUS = 4
ALARM = 30.0
_START = 60.0
_HANGS = {"after_insert": 3, "mid_transaction": 3, "before_commit": 3, "after_commit": 3}
"""Steps that may hang, and how often each is passed at most before it does."""


def hung_step(under: Deployed) -> None:
    """The engine's thread never comes back from a step: the watchdog has to end the worker."""
    point = under.trial.chance.choice(sorted(_HANGS))
    passes = under.trial.chance.randint(1, _HANGS[point])
    told = {"CX_CRASH_AT": f"{point}:{passes}:hang", "CX_STALL_SECONDS": "8"}
    under.product.workers[1].clear()
    worker = under.product.start(1, environment=told)
    worker.works(_START)
    status = worker.wait(ALARM + _START)
    under.note(f"hung {point}")
    assert status == STATUS, f"{point}:{passes} ended with status {status}\n{under.product.logs()}"
    assert worker.said("the engine has stopped: watchdog: the engine has not turned"), under.product.logs()
    under.product.restart(1)


def stalled_insert(under: Deployed) -> None:
    """ClickHouse stops answering: the worker says so, stays, and goes on where it was."""
    (port,) = pick_free_ports(1)
    told = {"CX_WEB_PORT": str(port), "CX_INSERT_SECONDS": "2", "CX_STALL_SECONDS": "4"}
    under.product.workers[1].clear()
    worker = under.product.start(1, environment=told)
    worker.works(_START)
    with frozen(database(under.product.where)):
        under.note("stalled insert")
        said = _answers(port, "insert stalled", ALARM)
        time.sleep(6.0)  # longer than a stall may last
    assert said, f"health never said so\n{under.product.logs()}"
    assert _answers(port, "running", ALARM), under.product.logs()
    assert worker.process.alive(), under.product.logs()
    assert worker.said("an insert has not been acknowledged"), under.product.logs()


def _answers(port: int, state: str, seconds: float) -> bool:
    """Wait until the worker calls itself healthy and names a state."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                if json.load(answer)["state"] == state:
                    return True
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.1)
    return False


KINDS: tuple[Callable[[Deployed], None], ...] = (hung_step, stalled_insert)


SCENARIOS = (
    Scenario(
        name="G12W",
        promise="a worker that does nothing ends; a stalled insert is said and waited for",
        fault="hung step, stalled insert",
        volumes={
            "short": Volume(1, 2, 2_400, 100),
            "medium": Volume(1, 4, 12_000, 100),
            "release": Volume(5, 4, 20_000, 200),
        },
        act=lambda trial: in_turn(trial, 1, KINDS),
    ),
)
