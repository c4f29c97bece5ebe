"""Write the ClickHouse users, disks and HTTP rules of compose.yaml."""

from pathlib import Path

from infra.compose.disks import compose_disks
from infra.compose.http import compose_http
from infra.compose.users import compose_users


def main() -> None:
    folder = Path(__file__).with_name("clickhouse")
    folder.mkdir(exist_ok=True)
    (folder / "users.xml").write_text(compose_users())
    (folder / "http.xml").write_text(compose_http())
    (folder / "disks.xml").write_text(compose_disks())


if __name__ == "__main__":
    main()
