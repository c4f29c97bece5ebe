"""No login of ClickHouse reaches the server's files, other servers or programs: S1 and S3 of promise G15."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from infra.embedded import clickhouse
from infra.embedded.clickhouse import ClickHouseServer
from infra.embedded.clickhouse_users import USERS
from tests.security.canary import Canary, canary
from tests.support.clickhouse import PASSWORDS, RefusedError, ask

pytestmark = pytest.mark.servers

# Settings of these names reach nothing: they choose how something is treated that needs a grant of its own.
HARMLESS = {
    "column_names_for_schema_inference",
    "distributed_cache_file_cache_name",
    "filesystem_cache_name",
    "format_schema_message_name",
    "format_template_resultset_format",
    "format_template_row_format",
    "format_template_rows_between_delimiter",
    "local_filesystem_read_method",
    "remote_filesystem_read_method",
    "s3queue_default_zookeeper_path",
    "schema_inference_hints",
    "storage_file_read_method",
    "temporary_files_codec",
    "trace_profile_events_list",
}
# Users of one profile have the same settings; what the others are refused, `make faults` tries, too.
ONE_OF_EACH = [
    "cx_writer",
    "bi_reader",
    pytest.param("cx_admin", marks=pytest.mark.long),
    pytest.param("verbatim_reader", marks=pytest.mark.long),
]
Record = Callable[[str, object], None]
NAMING = "file|path|url|uri|schema|folder|director|template"
TEXTS = "('String', 'URI', 'Map', 'LocalFSReadMethod')"
# What a function of a table is called with: a path, a path and a format, an address, a name and a program.
SHAPES = (
    "('{file}')",
    "('{file}', 'LineAsString', 'line String')",
    "('{folder}')",
    "('file://{file}', 'LineAsString', 'line String')",
    "('http://{address}/x')",
    "('http://{address}/x', 'LineAsString', 'line String')",
    "('{address}', 'a', 'b', 'c', 'd')",
    "('default', '{file}', 'LineAsString')",
    "('default', 'http://{address}/x', 'LineAsString', 'line String')",
    "('cat {file}', 'LineAsString', 'line String')",
)
ENGINES = (
    "File(LineAsString, '{file}')",
    "URL('http://{address}/x', LineAsString)",
    "S3('http://{address}/x', LineAsString)",
    "FileLog('{folder}', LineAsString)",
    "Executable('cat {file}', LineAsString)",
    "ExecutablePool('cat {file}', LineAsString)",
    "EmbeddedRocksDB(0, '{folder}/made') PRIMARY KEY line",
    "SQLite('{file}', 't')",
    "MySQL('{address}', 'a', 'b', 'c', 'd')",
    "PostgreSQL('{address}', 'a', 'b', 'c', 'd')",
    "MongoDB('mongodb://{address}/a', 'b')",
    "Redis('{address}') PRIMARY KEY line",
    "IcebergLocal('{folder}')",
    "DeltaLakeLocal('{folder}')",
    "Kafka('{address}', 't', 'g', 'LineAsString')",
    "Distributed('default', 'system', 'one')",
    "Dictionary('d')",
    "MergeTree ORDER BY line SETTINGS disk = disk(type = local, path = '{folder}/')",
    "MergeTree ORDER BY line SETTINGS disk = disk(type = web, endpoint = 'http://{address}/')",
)
DICTIONARY = "CREATE DICTIONARY cx.d (a String, b String) PRIMARY KEY a"
STATEMENTS = (
    "CREATE DATABASE reached ENGINE = Filesystem('{folder}')",
    "CREATE DATABASE reached ENGINE = SQLite('{file}')",
    "CREATE DATABASE reached ENGINE = PostgreSQL('{address}', 'a', 'b', 'c')",
    "CREATE DATABASE reached ENGINE = S3('http://{address}/x')",
    "CREATE DATABASE reached ENGINE = HDFS('hdfs://{address}/x')",
    "CREATE DATABASE reached ENGINE = Backup('cx', File('{file}'))",
    "SELECT * FROM `{file}`",
    "SELECT * FROM default.`{file}`",
    "SELECT * FROM default.`http://{address}/x`",
    "SELECT file('{file}')",
    "SELECT file('{file}', 'x')",
    "INSERT INTO FUNCTION file('{folder}/made', 'LineAsString', 'l String') SELECT 'x'",
    "INSERT INTO FUNCTION url('http://{address}/x', 'LineAsString', 'l String') SELECT 'x'",
    "SELECT 1 INTO OUTFILE '{folder}/made'",
    "SELECT 1 INTO OUTFILE '{folder}/made' TRUNCATE",
    "INSERT INTO cx.t FROM INFILE '{file}' FORMAT LineAsString",
    "BACKUP TABLE system.one TO File('{folder}/made')",
    "BACKUP TABLE cx.t TO File('{folder}/made')",
    "RESTORE TABLE cx.t FROM File('{file}')",
    "RESTORE TABLE cx.t FROM S3('http://{address}/x', 'a', 'b')",
    f"{DICTIONARY} SOURCE(FILE(path '{{file}}' format 'TSV')) LAYOUT(FLAT())",
    f"{DICTIONARY} SOURCE(HTTP(url 'http://{{address}}/x' format 'TSV')) LAYOUT(FLAT())",
    f"{DICTIONARY} SOURCE(EXECUTABLE(command 'cat {{file}}' format 'TSV')) LAYOUT(FLAT())",
    "CREATE FUNCTION reached AS x -> file(x)",
    "SELECT catboostEvaluate('{file}', 1)",
    "SELECT lemmatize('{file}', 'x') SETTINGS allow_experimental_nlp_functions = 1",
    "SELECT aiGenerate('x') SETTINGS allow_experimental_ai_functions = 1",
    "SYSTEM RELOAD CONFIG",
    "SELECT * FROM format(Protobuf, 'x') SETTINGS format_schema = '{file}:M'",
    "SELECT * FROM format(Template, 'x') SETTINGS format_template_row = '{file}'",
    "SELECT * FROM format(CSV, 'x String', 'x') SETTINGS input_format_record_errors_file_path = '{folder}/made'",
    "SELECT * FROM format(DWARF, '{file}')",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse.start(tmp_path_factory.mktemp("reach"), given=PASSWORDS) as running:
        ask(running.http_port, "CREATE DATABASE cx")
        ask(running.http_port, "CREATE TABLE cx.t (line String) ORDER BY line")
        yield running


@pytest.fixture
def out_of_reach(tmp_path: Path) -> Iterator[Canary]:
    with canary(tmp_path / "canary") as made:
        yield made


def attempt(server: ClickHouseServer, user: str, statement: str, parameters: str = "") -> str:
    """Return what the server says, whether it does what is asked or refuses."""
    try:
        return ask(server.http_port, statement, user, parameters=parameters)
    except RefusedError as refusal:
        return str(refusal)


def listed(server: ClickHouseServer, query: str) -> list[str]:
    return ask(server.http_port, query).split()


@pytest.mark.intrusion("S1")
@pytest.mark.parametrize("user", USERS)
def test_a_setting_that_names_a_file_is_fixed_or_known(server: ClickHouseServer, user: str) -> None:
    """A new release of the server brings new settings: one that speaks of files has to be looked at."""
    query = (
        f"SELECT name FROM system.settings WHERE readonly = 0 AND type IN {TEXTS}"
        f" AND (match(name, '{NAMING}') OR type = 'URI')"
    )
    assert set(ask(server.http_port, query, user).split()) - HARMLESS == set()


@pytest.mark.intrusion("S1")
@pytest.mark.parametrize("user", ONE_OF_EACH)
def test_no_text_of_a_setting_brings_a_file(
    server: ClickHouseServer, out_of_reach: Canary, user: str, record_property: Record
) -> None:
    """Whatever its name says: every setting with a text is given a path and an address, in formats that use such."""
    names = listed(server, "SELECT name FROM system.settings WHERE type IN ('String', 'URI')")
    formats = ("Template", "Protobuf")
    values = (str(out_of_reach.file), f"http://{out_of_reach.address}/x")
    tried = list(product(names, formats, values))
    for name, form, value in tried:
        assert out_of_reach.text not in attempt(
            server, user, f"SELECT 1 AS a FORMAT {form} SETTINGS {name} = '{value}'"
        )
    assert out_of_reach.unharmed()
    record_property("attempts", len(tried))


@pytest.mark.intrusion("S1")
@pytest.mark.parametrize("user", ONE_OF_EACH)
def test_no_format_writes_by_a_schema_of_the_server(
    server: ClickHouseServer, out_of_reach: Canary, user: str, record_property: Record
) -> None:
    """In the query, and as parameters of the request: both are ways to set a setting."""
    formats = ("Template", "TemplateIgnoreSpaces", "Protobuf", "ProtobufList", "CapnProto", "AvroConfluent", "CSV")
    fixed = ("format_template_resultset", "format_template_row", "format_schema", "output_format_schema")
    tried = list(product(formats, fixed))
    for form, name in tried:
        in_query = attempt(server, user, f"SELECT 1 AS a FORMAT {form} SETTINGS {name} = '{out_of_reach.file}'")
        as_parameter = attempt(server, user, f"SELECT 1 AS a FORMAT {form}", f"{name}={out_of_reach.file}")
        assert "SETTING_CONSTRAINT_VIOLATION" in in_query
        assert "SETTING_CONSTRAINT_VIOLATION" in as_parameter
    assert out_of_reach.unharmed()
    record_property("attempts", 2 * len(tried))


@pytest.mark.intrusion("S1")
@pytest.mark.parametrize("user", ONE_OF_EACH)
def test_no_function_of_a_table_reaches_out(
    server: ClickHouseServer, out_of_reach: Canary, user: str, record_property: Record
) -> None:
    """Every one that the server knows, called in every way that names a file, an address or a program."""
    functions = listed(server, "SELECT name FROM system.table_functions")
    tried = list(product(functions, SHAPES))
    for name, shape in tried:
        said = attempt(server, user, f"SELECT * FROM {name}{_filled(shape, out_of_reach)} LIMIT 1")
        assert out_of_reach.text not in said, name
    assert out_of_reach.unharmed()
    record_property("attempts", len(tried))


@pytest.mark.intrusion("S1")
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_table_reaches_out(server: ClickHouseServer, out_of_reach: Canary, user: str, engine: str) -> None:
    """The administrator makes tables: none of them may be a door."""
    made = attempt(server, user, f"CREATE TABLE cx.reached (line String) ENGINE = {_filled(engine, out_of_reach)}")
    assert "Exception" in made
    assert out_of_reach.text not in attempt(server, user, "SELECT * FROM cx.reached")
    assert out_of_reach.unharmed()


@pytest.mark.intrusion("S1")
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_reaches_out(server: ClickHouseServer, out_of_reach: Canary, user: str, statement: str) -> None:
    """Everything else in the language that takes a path, an address or a program."""
    assert out_of_reach.text not in attempt(server, user, _filled(statement, out_of_reach))
    assert out_of_reach.unharmed()
    assert "reached" not in listed(server, "SHOW DATABASES")


@pytest.mark.intrusion("S3")
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("parameters", [True, False])
def test_no_registry_is_asked(server: ClickHouseServer, out_of_reach: Canary, user: str, *, parameters: bool) -> None:
    """The server would send requests wherever a reader wants, and return what comes back."""
    told = {
        "format_avro_schema_registry_url": f"http://{out_of_reach.address}/x",
        "output_format_avro_confluent_subject": "x",
    }
    if parameters:
        given = "&".join(f"{name}={value}" for name, value in told.items())
        said = attempt(server, user, "SELECT 1 AS a FORMAT AvroConfluent", given)
    else:
        given = ", ".join(f"{name} = '{value}'" for name, value in told.items())
        said = attempt(server, user, f"SELECT 1 AS a FORMAT AvroConfluent SETTINGS {given}")
    assert "SETTING_CONSTRAINT_VIOLATION" in said
    assert out_of_reach.unharmed()


def _filled(text: str, out_of_reach: Canary) -> str:
    return text.format(file=out_of_reach.file, folder=out_of_reach.folder, address=out_of_reach.address)
