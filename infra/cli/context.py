"""What every command begins with: the settings, the servers they mean, and errors that end in one sentence."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from clickhouse_driver import errors as clickhouse
from kafka.errors import KafkaError

from infra.cli import output
from infra.deployment import NotRunning, locate
from infra.embedded.errors import EmbeddedServerError
from infra.judging import PromotionError
from infra.letters.choosing import LetterError
from infra.sending import ContractError
from infra.settings import Settings, SettingsError, from_environment
from infra.standing import TooSlowError
from infra.topics import TopicDriftError
from infra.wiring import Unreachable
from infra.workers import WorkerDiedError
from schemas.codec import InvalidEventError
from schemas.errors import RegistryUnavailableError
from sinks.explain import ExplainError
from sinks.generations import GenerationError
from sinks.locks import LockedError
from sinks.period import PeriodError
from streams.ingest.mapping import MappingError
from streams.ingest.reader import FileError
from streams.live.errors import EngineStopped
from streams.replay.errors import PlanError, ReplayStoppedError
from streams.replay.log import LogError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SENTENCES = (
    SettingsError,
    EmbeddedServerError,
    NotRunning,
    Unreachable,
    TopicDriftError,
    InvalidEventError,
    RegistryUnavailableError,
    MappingError,
    FileError,
    ContractError,
    WorkerDiedError,
    TooSlowError,
    GenerationError,
    LetterError,
    LogError,
    PlanError,
    ReplayStoppedError,
    LockedError,
    PromotionError,
    EngineStopped,
    ExplainError,
    PeriodError,
)
_EXCERPT = 300


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Turn what can be expected to go wrong into a sentence and exit status 1; the rest is a defect and shows."""
    try:
        yield
    except _SENTENCES as error:
        output.fail(str(error))
    except clickhouse.ServerException as error:
        message = str(error.message).split("Stack trace", maxsplit=1)[0].strip()
        output.fail(f"ClickHouse refuses (code {error.code}): {message[:_EXCERPT]}")
    except (clickhouse.NetworkError, clickhouse.SocketTimeoutError, EOFError) as error:
        output.fail(f"ClickHouse does not answer: {error}")
    except OSError as error:
        output.fail(f"{error.filename or 'the operating system'}: {error.strerror or error}")
    except KafkaError as error:
        output.fail(f"Kafka does not do as asked: {error}")


def settings() -> Settings:
    """Read the settings from the environment; raises SettingsError."""
    return from_environment(os.environ)


def located() -> Settings:
    """Read the settings and name running servers; raises SettingsError or NotRunning."""
    return locate(settings())
