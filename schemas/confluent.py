"""Schema ids from a Schema Registry, for records in the Confluent frame.

The registry's client is imported where one is made: it takes longer to import than everything else in this package.
"""

import time
from collections.abc import Callable
from typing import Any

from schemas import frames
from schemas.catalogue import SchemaVersion, latest_schemas
from schemas.errors import RegistryUnavailableError, Undecodable
from schemas.reader import Node, Reader

NOT_FOUND = 404
REFUSED_SECONDS = 30.0
"""For so long an id that nothing could be read by is not asked for again: a sender may put it on every record."""
MAX_REFUSED = 10_000
MAX_SCHEMA_CHARACTERS = 256 * 1024
_NO_SCHEMA = (RecursionError, TypeError, KeyError, AttributeError)
"""Catch what the client raises where the registry answers with something else than a schema."""
Compile = Callable[[Node, SchemaVersion], Reader]
"""Makes the reader of a writer's schema and the newest version that we know of it; raises TypeError if it cannot."""


class Confluent:
    """A registry behind its HTTP interface; subjects are record names (RecordNameStrategy).

    Calls block on the network the first time a schema or an id is met and are answered from memory afterwards, of an
    id that names nothing for REFUSED_SECONDS. Whoever may write to the registry is not trusted: every way to fail on
    a schema is Undecodable.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic, **options: Any) -> None:
        """`options` go to confluent_kafka's SchemaRegistryClient: authentication, TLS, time limits."""
        from confluent_kafka.schema_registry import SchemaRegistryClient

        self._client = SchemaRegistryClient({"url": url, **options})
        self._headers: dict[tuple[str, int], bytes] = {}
        self._clock = clock
        self._refused: dict[int, tuple[float, str]] = {}

    def header(self, schema: SchemaVersion) -> bytes:
        """Return the frame's header for a schema, which is registered if it is not yet.

        Raises RegistryUnavailableError where the registry does not answer or refuses the schema.
        """
        from confluent_kafka.schema_registry import Schema

        key = schema.event_type, schema.version
        if key not in self._headers:
            try:
                number = self._client.register_schema(schema.full_name, Schema(schema.text, "AVRO"))
            except Exception as error:
                raise RegistryUnavailableError(f"{schema.full_name} could not be registered: {error}") from error
            self._headers[key] = frames.confluent(number)
        return self._headers[key]

    def reader(self, schema_id: int, compile_: Compile) -> tuple[str, Reader]:
        """Return event type and reader for a registered writer's schema, which may be newer than ours.

        Raises Undecodable("unknown_schema") where the id does not exist or names nothing that we can read, and
        RegistryUnavailableError where the registry does not answer.
        """
        until, said = self._refused.get(schema_id, (0.0, ""))
        if self._clock() < until:
            raise Undecodable("unknown_schema", said)
        try:
            return _resolved(schema_id, self._text(schema_id), compile_)
        except Undecodable as refusal:
            if len(self._refused) >= MAX_REFUSED:
                self._refused.clear()
            self._refused[schema_id] = self._clock() + REFUSED_SECONDS, refusal.detail
            raise

    def _text(self, schema_id: int) -> Any:
        """Return what the registry has as the text of a schema."""
        from confluent_kafka.schema_registry.error import SchemaRegistryError

        try:
            return self._client.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            if error.http_status_code == NOT_FOUND:
                raise Undecodable("unknown_schema", f"the registry has no schema {schema_id}") from error
            raise RegistryUnavailableError(f"schema {schema_id} could not be read: {error}") from error
        except _NO_SCHEMA as error:
            raise Undecodable("unknown_schema", f"schema {schema_id} is none: {type(error).__name__}") from error
        except Exception as error:
            raise RegistryUnavailableError(f"schema {schema_id} could not be read: {error}") from error


def _resolved(schema_id: int, text: Any, compile_: Compile) -> tuple[str, Reader]:
    if not isinstance(text, str) or len(text) > MAX_SCHEMA_CHARACTERS:
        said = f"schema {schema_id} is no text of at most {MAX_SCHEMA_CHARACTERS} characters"
        raise Undecodable("unknown_schema", said)
    try:
        return _compiled(schema_id, text, compile_)
    except Undecodable:
        raise
    except Exception as error:  # parsers and compilers fail on what they were not made for in ways of their own
        raise Undecodable("unknown_schema", f"schema {schema_id}: {type(error).__name__}") from error


def _compiled(schema_id: int, text: str, compile_: Compile) -> tuple[str, Reader]:
    from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
    from avro.errors import AvroException
    from avro.schema import parse

    try:
        writer = parse(text)
    except AvroException as error:
        raise Undecodable("unknown_schema", f"schema {schema_id} is no Avro schema: {type(error).__name__}") from error
    ours = {schema.full_name: schema for schema in latest_schemas().values()}.get(getattr(writer, "fullname", ""))
    if ours is None:
        raise Undecodable("unknown_schema", f"schema {schema_id} is of no event type")
    result = ReaderWriterCompatibilityChecker().get_compatibility(parse(ours.text), writer)
    if result.compatibility is not SchemaCompatibilityType.compatible:
        raise Undecodable("unknown_schema", f"schema {schema_id} cannot be read as {ours.event_type}")
    return ours.event_type, compile_(writer.to_json(), ours)
