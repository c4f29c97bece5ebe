"""One raw record: opened, translated, held against the contract. No reason holds anything of a body."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, NamedTuple, Protocol

from schemas.errors import InvalidEventError
from streams.emit.admission import RefusedEventError, admitted, topic_of
from streams.ingest.raw import BodyKeys, SealedError, instance_of
from streams.ingest.vendors.model import Instance, NotUnderstoodError, Translation
from streams.live.fold.redacted_reasons import unquoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.codec import Codec
    from streams.ingest.raw import KafkaHeaders, Raw
    from streams.ingest.translate import Event
    from streams.ingest.vendors.model import Translator

NOT_FROM_HERE = "unknown_instance"
CLOSED = "sealed"
OUR_FAULT = "translator_failed"
_LONGEST = 300
log = logging.getLogger(__name__)


class Record(Protocol):
    """A record of confluent-kafka; `timestamp` is (kind, milliseconds since 1970)."""

    def topic(self) -> str: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def headers(self) -> KafkaHeaders | None: ...
    def timestamp(self) -> tuple[int, int]: ...


class Source(NamedTuple):
    """What translates one instance's deliveries."""

    instance: Instance
    keys: BodyKeys
    translate: Translator


class Made(NamedTuple):
    """A record of an event: the short name of its topic, its account as key, its frame."""

    event_type: str
    topic: str
    key: bytes
    value: bytes


class Outcome(NamedTuple):
    """What became of a record: events, names that nobody maps, or a reason and a detail why it waits.

    A delivery gives all of its events or none: half of what happened would be another story.
    """

    vendor: str
    instance: str
    events: Sequence[Made] = ()
    unmapped: Sequence[str] = ()
    refused: tuple[str, str] | None = None


class Judging:
    """`sources` are by raw topic (its full name) and name of the instance."""

    def __init__(self, sources: Mapping[tuple[str, str], Source], codec: Codec, raw: str) -> None:
        """Take the sources; `raw` is what raw topics' names begin with, before the vendor."""
        self._sources, self._codec, self._raw = sources, codec, raw

    def judge(self, record: Record, now: int) -> Outcome:
        """Say what becomes of a record that is translated `now` (microseconds).

        Raises RegistryUnavailableError where a configured registry does not answer, and nothing else.
        """
        vendor = record.topic().removeprefix(self._raw)
        name = ""
        try:
            headers = record.headers() or ()
            name = instance_of(headers)
            source = self._sources.get((record.topic(), name))
            if source is None:
                return Outcome(vendor, "", refused=(NOT_FROM_HERE, "the sources file has no instance of its name"))
            raw = source.keys.open(record.topic(), record.value() or b"", headers)
            found = _translated(source, raw)
            return Outcome(vendor, name, [self._made(each, now) for each in found.events], found.unmapped)
        except SealedError as error:
            refused = CLOSED, str(error)
        except NotUnderstoodError as error:
            refused = error.reason, error.detail
        except RefusedEventError as error:
            refused = error.reason, f"{_event_type(error)}: {unquoted(error.detail)}"
        except InvalidEventError as error:
            refused = "invalid_field", unquoted(str(error))
        return Outcome(vendor, name, refused=(refused[0], refused[1][:_LONGEST]))

    def _made(self, event: Event, now: int) -> Made:
        value = admitted(self._codec, event.type, event.fields, now)
        return Made(event.type, topic_of(event.type), str(event.fields["account_id"]).encode(), value)


def _translated(source: Source, raw: Raw) -> Translation:
    """Return what the translator makes of a delivery. Its own mistakes put that one aside and stop nobody else.

    Their text may hold what the delivery holds, so only kind and place are told.
    """
    try:
        return source.translate(raw, source.instance)
    except NotUnderstoodError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {'/'.join(last.filename.split('/')[-2:])}, line {last.lineno}"
        log.error("%s: our own translator fails: %s", source.instance.source, where)  # noqa: TRY400 - see above
        raise NotUnderstoodError(OUR_FAULT, where) from None


def _event_type(error: RefusedEventError) -> str:
    return str(error).partition(":")[0]
