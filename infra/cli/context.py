"""Begin every command: the settings, the servers they mean, and errors that end in one sentence."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from infra.cli import output
from infra.deployment import locate
from infra.lazy_errors import loaded
from infra.settings import Settings, from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SENTENCES = (
    "infra.settings:SettingsError",
    "infra.sources:SourcesError",
    "infra.embedded.errors:EmbeddedServerError",
    "infra.deployment:NotRunning",
    "infra.wiring:Unreachable",
    "infra.topics:TopicDriftError",
    "schemas.codec:InvalidEventError",
    "schemas.errors:RegistryUnavailableError",
    "streams.ingest.mapping:MappingError",
    "streams.ingest.reader:FileError",
    "infra.sending:ContractError",
    "infra.workers:WorkerDiedError",
    "infra.standing:TooSlowError",
    "sinks.generations:GenerationError",
    "infra.letters.choosing:LetterError",
    "streams.replay.log:LogError",
    "streams.replay.errors:PlanError",
    "streams.replay.errors:ReplayStoppedError",
    "sinks.locks:LockedError",
    "infra.judging:PromotionError",
    "infra.wiring:OtherReleaseError",
    "streams.live.errors:EngineStopped",
    "sinks.explain:ExplainError",
    "sinks.period:PeriodError",
)
SILENT = ("clickhouse_driver.errors:NetworkError", "clickhouse_driver.errors:SocketTimeoutError")
_EXCERPT = 300


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Turn what can be expected to go wrong into a sentence and exit status 1; the rest is a defect and shows."""
    try:
        yield
    except loaded(*SENTENCES) as error:
        output.fail(str(error))
    except loaded("clickhouse_driver.errors:ServerException") as error:
        message = str(error.message).split("Stack trace", maxsplit=1)[0].strip()
        output.fail(f"ClickHouse refuses (code {error.code}): {message[:_EXCERPT]}")
    except (EOFError, TimeoutError, *loaded(*SILENT)) as error:
        output.fail(f"ClickHouse does not answer: {error}")
    except OSError as error:
        output.fail(f"{error.filename or 'the operating system'}: {error.strerror or error}")
    except loaded("kafka.errors:KafkaError") as error:
        output.fail(f"Kafka does not do as asked: {error}")


def settings() -> Settings:
    """Read the settings from the environment; raises SettingsError."""
    return from_environment(os.environ)


def located() -> Settings:
    """Read the settings and name running servers; raises SettingsError or NotRunning."""
    return locate(settings())
