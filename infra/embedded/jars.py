"""The jars a Kafka broker is made of: fetched once from Maven repositories through jgo, checked on every use.

`kafka_jars.json` maps each coordinate to its SHA-256. `python -m infra.embedded.jars` resolves the dependency
tree again and rewrites the file; do that when KAFKA changes.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import jgo
from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from infra.embedded.errors import EmbeddedServerError

KAFKA: Final = "org.apache.kafka:kafka_2.13:4.3.0"
# Kafka logs through slf4j, and its Maven tree names no backend: without one a failure leaves no trace.
LOGGING: Final = "org.slf4j:slf4j-simple:1.7.36"
_LOCK: Final = Path(__file__).with_name("kafka_jars.json")
_PARALLEL: Final = 8


def class_path(log: Callable[[str], None]) -> list[Path]:
    """Return the broker's jars, fetching those that the local Maven repository lacks.

    The repository is where jgo's settings say, ~/.m2/repository unless M2_REPO names another.
    Raises EmbeddedServerError when a jar cannot be fetched or is not the one that was locked.
    """
    locked: dict[str, str] = json.loads(_LOCK.read_text())
    context = _context()
    artifacts = {coordinate: _artifact(context, coordinate) for coordinate in locked}

    def missing() -> list[str]:
        return [coordinate for coordinate in locked if not _intact(artifacts[coordinate], locked[coordinate])]

    if missing():
        with _alone(context.repo_cache):
            # Another may have fetched them while this one waited for its turn.
            if left := missing():
                log(f"fetching {len(left)} of the {len(locked)} jars of Kafka {KAFKA.rpartition(':')[2]}")
            with ThreadPoolExecutor(_PARALLEL) as pool:
                list(pool.map(lambda coordinate: _fetch(artifacts[coordinate], locked[coordinate]), left))
    return [artifact.cached_path for artifact in artifacts.values()]


@contextmanager
def _alone(repository: Path) -> Iterator[None]:
    """Keep other processes from fetching: a jar that is just being written looks damaged to them."""
    try:
        repository.mkdir(parents=True, exist_ok=True)
        file = (repository / ".cxledger.lock").open("ab")
    except OSError as error:
        raise EmbeddedServerError(f"the Maven repository {repository} cannot be written: {error.strerror}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _context() -> Any:
    settings = GlobalSettings.load()
    remotes = {**settings.repositories, "central": jgo.constants.MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=settings.repo_cache, remote_repos=remotes)


def _artifact(context: Any, coordinate: str) -> Any:
    group, name, version = coordinate.split(":")
    return context.project(group, name).at_version(version).artifact()


def _intact(artifact: Any, sha256: str) -> bool:
    """Tell a whole jar from a missing, truncated or foreign one."""
    path: Path = artifact.cached_path
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _fetch(artifact: Any, sha256: str) -> None:
    artifact.cached_path.unlink(missing_ok=True)
    try:
        artifact.resolve()
    except OSError as error:  # every error of requests is one
        raise EmbeddedServerError(
            f"Kafka's jars cannot be fetched ({artifact.filename}: {type(error).__name__}):"
            " the first start needs the network, later ones do not"
        ) from error
    except RuntimeError as error:
        raise EmbeddedServerError(f"no Maven repository has {artifact.filename}, which Kafka needs") from error
    if not _intact(artifact, sha256):
        artifact.cached_path.unlink()
        raise EmbeddedServerError(f"{artifact.filename} arrived damaged or altered and was removed: start again")


def main() -> None:
    """Resolve the tree and write the lock."""
    artifacts = [artifact for root in (KAFKA, LOGGING) for artifact in jgo.resolve(root)]
    locked = {
        f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}": hashlib.sha256(
            artifact.resolve().read_bytes()
        ).hexdigest()
        for artifact in artifacts
    }
    _LOCK.write_text(json.dumps(dict(sorted(locked.items())), indent=2) + "\n")


if __name__ == "__main__":
    main()
