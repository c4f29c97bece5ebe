"""G13: the dates of workers are wrong, and jump, while events come late, out of order and twice.

Beside the recount, deadlines are held against the broker's time: none early, none missing, none twice.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from tests.faults import dates
from tests.faults.avro import HEADER, Contract
from tests.faults.dates import Date
from tests.faults.expected import expect
from tests.faults.mix import SECOND, Mix, Piece
from tests.faults.outages import WORKERS, busy, watch
from tests.faults.recount import Where, counts, query, read, records
from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Deployed, Trial
from tests.faults.verdict import Verdict

JUMPS = ("+3m", "-3m", "+2h", "-2h", "+1d", "-1d")
_WINDOW = 300
_DOUBLED, _LATE = 0.1, 0.05
_HOUR = 3_600
_PER_SECOND = 2_000
"""Events per second that a feeder reaches at the least, so that no deadline comes before its events do."""
_SOON = 30.0
_FIRED_WITHIN = 60.0
_POLICY = "followup_target_seconds"
_WORST_DETRACTOR = 6


def disordered(pieces: Iterable[Piece], chance: random.Random) -> Iterator[Piece]:
    """Yield every piece, some twice, most at another place within a window, a few only at the very end."""
    window: list[Piece] = []
    late: list[Piece] = []
    for piece in pieces:
        for _ in range(1 + (chance.random() < _DOUBLED)):
            (late if chance.random() < _LATE else window).append(piece)
        while len(window) > _WINDOW:
            yield window.pop(chance.randrange(len(window)))
    chance.shuffle(window)
    yield from window
    chance.shuffle(late)
    yield from late


class Deadlines:
    """Follow-up targets of the trial: seconds for detractors of its first `events`, an hour for all others.

    So a first group falls due while dates jump, and a second one must not, whatever hour a worker believes it is.
    """

    def __init__(self, chance: random.Random, begin: int, events: int) -> None:
        self.turn = begin + events * 1_000 + 1
        """Business time (microseconds) from which on the hour holds; a mix has an event per millisecond."""
        self.soon = round(_SOON + events / _PER_SECOND)
        self.passed_at = self.turn + self.soon * SECOND
        self._chance = chance

    def policies(self) -> Iterator[Piece]:
        contract = Contract()
        for valid_from, seconds in ((0, self.soon), (self.turn, _HOUR)):
            key = f"policy:{_POLICY}"
            fields = {
                "event_id": str(uuid.UUID(int=self._chance.getrandbits(128), version=4)),
                "account_id": key,
                "occurred_at": self.turn,
                "source": "faults:1",
                "policy": _POLICY,
                "value": str(seconds),
                "policy_version": str(seconds),
                "valid_from": valid_from,
            }
            yield Piece(contract.topic_of["policy_set"], key.encode(), contract.encode("policy_set", fields), "policy")

    def expected(self, where: Where) -> dict[str, tuple[int, int]]:
        """Return (due, missed) in microseconds of every detractor who waits, 0 for not missed."""
        contract, submitted = Contract(), {}
        found = records(where)
        sound = expect(found, counts(where))
        for record in found:
            if record.place in sound.accepted:
                event_type, fields = contract.decode(record.value)
                if event_type == "response_submitted":
                    submitted[fields["response_id"]] = round(fields["submitted_at"].timestamp() * SECOND)
        waiting = {
            name: submitted[name]
            for name, response in sound.responses.items()
            if response.nps is not None and response.nps <= _WORST_DETRACTOR
        }
        soon = {name: at + self.soon * SECOND for name, at in waiting.items() if at < self.turn}
        later = {name: (at + _HOUR * SECOND, 0) for name, at in waiting.items() if at >= self.turn}
        return {name: (due, due) for name, due in soon.items()} | later


def _cases(where: Where) -> list[tuple[str, tuple[int, int]]]:
    told = (
        "SELECT response_id, toUnixTimestamp64Micro(due_at), ifNull(toUnixTimestamp64Micro(missed_at), 0)"
        f" FROM {where.database}.followup_case WHERE state = 'waiting'"
    )
    return [(name, (due, missed)) for name, due, missed in query(where, told)]


def _overdue(where: Where) -> list[tuple[str, int]]:
    """Return every signal of a missed deadline: its response, and when the broker stored it (microseconds)."""
    contract, found = Contract(), []
    for message in read(where, "signals"):
        if len(message.value() or b"") > HEADER:
            _, fields = contract.decode(message.value())
            if fields["kind"] == "detractor_overdue":
                found.append((fields["subject_id"], message.timestamp()[1] * 1_000))
    return found


def _judge(under: Deployed, deadlines: Deadlines) -> None:
    """Wait until the near deadlines have passed, and for as long as it may take to fire them; then compare."""
    where, outcome = under.product.where, under.trial.outcome
    watch(under, max(0.0, deadlines.passed_at / SECOND - time.time()))
    expected, until = deadlines.expected(where), time.monotonic() + _FIRED_WITHIN
    while dict(_cases(where)) != expected and time.monotonic() < until:
        watch(under, 1.0)
    verdict, overdue = Verdict(), _overdue(where)
    verdict.table("follow-up case", expected, _cases(where))
    due = {name: moment for name, (moment, missed) in expected.items() if missed}
    assert due, "no deadline fell due: the trial proves nothing"
    assert len(due) < len(expected), "every deadline fell due: the trial proves nothing"
    verdict.table("missed deadline", dict.fromkeys(due), ((name, None) for name, _ in overdue))
    early = [(name, due[name] - at) for name, at in overdue if name in due and at // 1_000 < due[name] // 1_000]
    verdict.wrong += verdict.say("deadline fired too early, by microseconds", early)
    outcome.take(verdict)
    _note(outcome.figures, [at - due[name] for name, at in overdue if name in due])


def _note(figures: dict[str, Any], delays: list[int]) -> None:
    figures["deadlines that fell due"] = len(delays)
    figures["longest delay of one, s"] = round(max(delays, default=0) / SECOND, 1)


def clocks(trial: Trial) -> None:
    """Each pass moves dates by every distance once; `scale` is how long one stays wrong, in seconds.

    A worker sees its date jump while it runs; every other time one is killed, and its successor starts with it.
    """
    begin, first = time.time_ns() // 1_000, trial.volume.events // 2
    jumps = list(JUMPS) * trial.volume.faults
    trial.chance.shuffle(jumps)
    with trial.deploy() as under:
        workers = {number: Date(trial.directory / f"date-{number}") for number in range(1, WORKERS + 1)}
        under.product.differing = {number: date.environment for number, date in workers.items()}
        deadlines = Deadlines(trial.chance, begin, first)
        under.feeder.feed(deadlines.policies())
        under.feeder.feed(disordered(Mix(trial.seed, begin).pieces(first), trial.chance))
        under.mix = Mix(-1 - trial.seed, deadlines.turn)
        workers[1].move("+1d")
        workers[2].move("-1d")
        with busy(under, len(jumps) * 2 * trial.volume.scale, lambda pieces: disordered(pieces, trial.chance)):
            for count, jump in enumerate(jumps):
                number = trial.chance.randint(1, WORKERS)
                under.product.revive()
                if count % 2:
                    under.product.workers[number].kill()
                workers[number].move(jump)
                if count % 2:
                    under.product.restart(number)
                under.note(
                    f"date {jump} {'from the start' if count % 2 else 'while it runs'}", measured=bool(count % 2)
                )
                watch(under, trial.volume.scale)
            workers[1].move("-1d")
            workers[2].move("+1d")
        _judge(under, deadlines)


SCENARIOS = (
    Scenario(
        name="G13",
        promise="dates that jump, and events late, shuffled and doubled, leave the same tables; no deadline is early",
        fault="the date of a worker goes minutes, hours, a day ahead or back, while it runs or before it starts",
        volumes={
            "short": Volume(1, 1, 6_000, 3.0),
            "medium": Volume(1, 3, 40_000, 8.0),
            "release": Volume(5, 5, 200_000, 15.0),
        },
        act=clocks,
        missing=dates.missing,
    ),
)
