"""Write the ClickHouse users of compose.yaml."""

from pathlib import Path

from infra.compose.users import compose_users


def main() -> None:
    target = Path(__file__).with_name("clickhouse") / "users.xml"
    target.parent.mkdir(exist_ok=True)
    target.write_text(compose_users())


if __name__ == "__main__":
    main()
