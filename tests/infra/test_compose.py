"""compose.yaml is run by few and changed by fewer: what it shares with the code is compared here."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from infra import containers
from infra.compose import passwords as compose_passwords
from infra.compose.disks import compose_disks
from infra.compose.http import compose_http
from infra.compose.users import PASSWORDS as PASSWORDS_OF_COMPOSE
from infra.compose.users import compose_users
from infra.embedded import clickhouse
from infra.embedded.clickhouse import ClickHouseServer
from infra.embedded.clickhouse_users import ADMINISTRATOR, USERS
from infra.embedded.kafka_config import broker_properties
from sinks.connection import connect
from sinks.migrate import migrate
from sinks.settings import Warehouse
from tests.support.clickhouse import PASSWORDS, ask

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "infra" / "compose"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
# Inside a container the broker listens on every interface and keeps its data elsewhere.
OF_THE_CONTAINER = {"listeners", "log.dirs"}
PANELS = json.loads((COMPOSE / "grafana" / "boards" / "nps.json").read_text())["panels"]


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_pinned(service: str) -> None:
    """`latest` is another program tomorrow."""
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)*", SERVICES[service]["image"])


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_published_on_loopback_only(service: str) -> None:
    """The passwords are for a demonstration, and Docker's port rules go around the machine's firewall."""
    ports = SERVICES[service]["ports"]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_tests_in_docker_run_the_same_images() -> None:
    """Otherwise the compose stack is one that no test has seen."""
    assert SERVICES["kafka"]["image"] == containers.KAFKA_IMAGE
    assert SERVICES["clickhouse"]["image"] == containers.CLICKHOUSE_IMAGE


def test_the_broker_is_the_embedded_one_in_every_setting() -> None:
    """A retention or a size that differs would be found in production."""
    environment = SERVICES["kafka"]["environment"]
    told = {name.upper().replace(".", "_"): name for name in broker_properties(Path("/"), 9092, 9093, {})}
    given = {name.removeprefix("KAFKA_"): value for name, value in environment.items() if name != "KAFKA_HEAP_OPTS"}
    assert given.keys() == told.keys()
    expected = broker_properties(Path("/"), 9092, 9093, {})
    differing = {name for variable, name in told.items() if given[variable] != expected[name]}
    assert differing == OF_THE_CONTAINER


def test_clickhouse_has_the_embedded_users() -> None:
    """Written by `python -m infra.compose`; forgotten, readers would have other rights than the tested ones."""
    assert (COMPOSE / "clickhouse" / "users.xml").read_text() == compose_users()


@pytest.mark.intrusion("S2")
def test_clickhouse_answers_whom_the_embedded_one_answers() -> None:
    """Written by `python -m infra.compose`; forgotten, web pages would reach the server in its container."""
    assert (COMPOSE / "clickhouse" / "http.xml").read_text() == compose_http()
    mounted = {volume.split(":")[1] for volume in SERVICES["clickhouse"]["volumes"] if ":" in volume}
    assert {"/etc/clickhouse-server/users.xml", "/etc/clickhouse-server/config.d/http.xml"} <= mounted


@pytest.mark.intrusion("S2")
def test_no_password_stands_in_what_compose_mounts() -> None:
    """Each comes from the environment, without which nothing starts; nobody comes in without one."""
    users = ET.parse(COMPOSE / "clickhouse" / "users.xml").getroot()
    found = {user.tag: user for user in users.find("users") or ()}
    assert set(found) == set(USERS)
    for user, name in PASSWORDS_OF_COMPOSE.items():
        password = found[user].find("password")
        assert password is not None
        assert (password.get("from_env"), password.text) == (name, None)
    for service in ("clickhouse", "grafana"):
        told = SERVICES[service]["environment"]
        secret = [value for key, value in told.items() if "PASSWORD" in key]
        assert secret
        assert all(re.fullmatch(r"\$\{CX_\w+:\?.+\}", value) for value in secret)
    assert SERVICES["grafana"]["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"


@pytest.mark.intrusion("S2")
def test_the_passwords_of_compose_are_random_and_the_owner_s(tmp_path: Path) -> None:
    """One that is there is never replaced: the data was made with it."""
    file = tmp_path / ".env"
    assert compose_passwords.write(file)
    written = file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert [line.partition("=")[0] for line in written.splitlines()] == list(compose_passwords.NAMES)
    assert len({line.partition("=")[2] for line in written.splitlines()}) == len(compose_passwords.NAMES)
    assert not compose_passwords.write(file)
    assert file.read_text() == written


def test_clickhouse_leaves_as_much_of_its_disk_free() -> None:
    """Written by `python -m infra.compose`; forgotten, only the embedded server would stop before its disk is full."""
    assert (COMPOSE / "clickhouse" / "disks.xml").read_text() == compose_disks()


def test_the_provisioning_names_what_exists() -> None:
    """Grafana shows an empty board and says nothing when a name is wrong."""
    provisioned = yaml.safe_load((COMPOSE / "grafana/provisioning/datasources/clickhouse.yaml").read_text())
    (source,) = provisioned["datasources"]
    assert source["jsonData"]["host"] in SERVICES
    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    assert {panel["datasource"]["type"] for panel in PANELS} == {source["type"]}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse.start(tmp_path_factory.mktemp("boards"), given=PASSWORDS) as server:
        client = connect(server.host, server.tcp_port, password=PASSWORDS[ADMINISTRATOR])
        migrate(client, Warehouse())
        client.disconnect()
        yield server


@pytest.mark.servers
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_s_query_runs_as_the_reader(migrated: ClickHouseServer, panel: dict[str, Any]) -> None:
    """A renamed column would leave the board empty; a view without an owner would refuse the reader."""
    for target in panel["targets"]:
        ask(migrated.http_port, re.sub(r"\$__dateFilter\(\w+\)", "1", target["rawSql"]), "bi_reader")
