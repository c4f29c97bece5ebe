"""The ClickHouse server process: `python -m infra.embedded.clickhouse_process DIR`.

chdb-core carries the whole engine. Asked through its module-level `query`, it runs clickhouse-local, which can open
the real TCP and HTTP listeners; a query that never ends holds them open. DIR holds config.xml and users.xml; the
ports that were opened are written to DIR/ports. SIGTERM and SIGINT stop it; exit status 1 means it ended by itself.
"""

import ctypes
import importlib.machinery
import importlib.util
import os
import signal
import sys
import threading
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Final

from infra.embedded import passwords
from infra.embedded.checks import LOOPBACK
from infra.embedded.clickhouse_users import ADMINISTRATOR

PORTS: Final = "ports"
HOLD: Final = "cx-embedded-hold"
_STATEMENTS: Final = """
SYSTEM START LISTEN TCP;
SYSTEM START LISTEN HTTP;
SELECT getServerPort('tcp_port'), getServerPort('http_port') INTO OUTFILE '{ports}' TRUNCATE FORMAT TSV;
SELECT sleepEachRow(0.2) FROM system.numbers
SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0, log_queries = 0,
    max_execution_time = 0, max_rows_to_read = 0, max_bytes_to_read = 0
FORMAT Null
"""
_ASKED: Final = {signal.SIGTERM, signal.SIGINT}
_ENDED: Final = signal.SIGUSR1
_STOP_TIMEOUT_S: Final = 10.0


def main(arguments: list[str]) -> int:
    """Serve until asked to stop: 0 when asked, 1 when the engine ended by itself."""
    home = Path(arguments[0]).resolve()
    _keep_system_tables(home / "data")
    _shadow_file_function(home / "data")
    (home / PORTS).unlink(missing_ok=True)
    os.chdir(home)  # clickhouse-local reads ./config.xml
    # Blocked before the engine starts its threads, so that they inherit it and the wait below gets every signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*_ASKED, _ENDED})
    worker = threading.Thread(target=_serve, args=(_load_engine(), home))
    worker.start()
    asked = signal.sigwait({*_ASKED, _ENDED}) in _ASKED
    if asked:
        _release(home)
    worker.join()
    return 0 if asked else 1


def _serve(engine: Any, home: Path) -> None:
    try:
        # The format is the server's default for every client that names none.
        engine.query(_STATEMENTS.format(ports=home / PORTS), "TabSeparated", path=str(home / "data"))
    finally:
        os.kill(os.getpid(), _ENDED)


def _release(home: Path) -> None:
    """Write out the buffered system logs, then end the holding query, which ends the server."""
    http_port = int((home / PORTS).read_text().split()[1])
    for statement in ("SYSTEM FLUSH LOGS", f"KILL QUERY WHERE query_id = '{HOLD}' ASYNC"):
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{http_port}/",
            data=statement.encode(),
            headers={"X-ClickHouse-User": ADMINISTRATOR, "X-ClickHouse-Key": passwords.read(home, ADMINISTRATOR)},
        )
        with urllib.request.urlopen(request, timeout=_STOP_TIMEOUT_S) as answer:  # noqa: S310
            answer.read()


def _keep_system_tables(data: Path) -> None:
    """Give the system database a place on disk before the first start: added later, it stops the server."""
    metadata = data / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    declaration = metadata / "system.sql"
    if not declaration.exists():
        declaration.write_text(f"ATTACH DATABASE _ UUID '{uuid.uuid4()}'\nENGINE = Atomic\n")


def _shadow_file_function(data: Path) -> None:
    """Shadow the scalar function `file`, which under clickhouse-local reads any file for any user.

    No grant covers it and `CREATE FUNCTION` refuses the name, but a definition found on disk wins.
    """
    definitions = data / "user_defined"
    definitions.mkdir(exist_ok=True)
    refusal = "throwIf(1, 'the function file is not available')"
    (definitions / "function_file.sql").write_text(f"CREATE FUNCTION file AS (path) -> {refusal}\n")


def _load_engine() -> Any:
    """Load the extension module alone: its package's __init__ imports pandas and starts a second engine."""
    package = importlib.util.find_spec("chdb")
    if package is None or package.origin is None:
        raise ImportError("chdb-core is not installed")
    library = str(Path(package.origin).with_name("_chdb.abi3.so"))
    # Its symbols must win over those of libraries that Python has loaded already.
    ctypes.CDLL(library, mode=sys.getdlopenflags() | os.RTLD_DEEPBIND)
    loader = importlib.machinery.ExtensionFileLoader("chdb._chdb", library)
    spec = importlib.util.spec_from_file_location("chdb._chdb", library, loader=loader)
    if spec is None:
        raise ImportError(library)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
