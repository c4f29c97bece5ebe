"""Judge a record that was refused by the present code: the codec, the types and admission, without a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from schemas.errors import Undecodable, UndecodableReason
from streams.core.admission import refusal_of
from streams.core.events import parse
from streams.live.fold.partitioner import REASON as WRONG_PARTITION
from streams.live.fold.quarantine import REASON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.codec import Codec

Answer = Literal["accepted", "refused", "undecided", "there already", "erased", "gone"]

OF_STATE = {
    "score_out_of_scale": "it passes all that can be checked here; the survey's definition decides when it arrives",
    "conflicting_duplicate": "it passes all that can be checked here; the events of its account decide when it arrives",
    REASON: "it passes all that can be checked here; whether our code folds it now shows when it arrives",
}
"""Reasons that depend on other events, so that only a worker can tell whether they still hold."""

REASONS = frozenset(get_args(UndecodableReason)) | {
    "wrong_topic",
    "key_missing",
    "key_mismatch",
    "invalid_event_id",
    "occurred_in_future",
    "occurred_too_early",
    "invalid_field",
    "score_out_of_scale",
    "repeated_item",
    "too_many_items",
    "conflicting_duplicate",
    WRONG_PARTITION,
    REASON,
}
"""Every reason that this version refuses a record for."""


class Verdict(msgspec.Struct, frozen=True):
    """`answer`, with reason and detail unless it is accepted; `event` is account, source and event id, if readable."""

    answer: Answer
    reason: str = ""
    detail: str = ""
    event: tuple[str, str, str] | None = None


class Judge:
    """`types` maps a topic under its full name to the event types that belong on it."""

    def __init__(self, codec: Codec, types: Mapping[str, frozenset[str]]) -> None:
        self._codec, self._types = codec, types

    def judge(self, topic: str, key: bytes | None, value: bytes | None, was: str, now: int) -> Verdict:
        """Say how a record would fare that is stored `now` (microseconds); `was` is what it was refused for.

        It is taken to stand on its key's partition: that is where it is sent again.

        Raises RegistryUnavailableError where a registry is configured and does not answer.
        """
        event: Any = None
        try:
            event_type, values = self._codec.decode_array(value)
            if event_type not in self._types.get(topic, frozenset()):
                return Verdict("refused", "wrong_topic", f"{event_type} does not belong on {topic}")
            event = parse(event_type, values)
        except Undecodable as fault:
            return Verdict("refused", fault.reason, fault.detail)
        except msgspec.ValidationError as fault:
            return Verdict("refused", "invalid_field", str(fault))
        name = (event.account_id, event.source, event.event_id)
        refusal = refusal_of(event, key, now, len(value or b""))
        if refusal is not None:
            return Verdict("refused", *refusal, event=name)
        if was in OF_STATE:
            return Verdict("undecided", was, OF_STATE[was], event=name)
        return Verdict("accepted", event=name)
