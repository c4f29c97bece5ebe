"""`python -m infra.view_types`: write `sinks/view_types.json` anew, from what an embedded server of its own says.

It takes a minute or two of a processor. A view that was changed and is not written anew is only slower to make.
"""

import tempfile
from pathlib import Path

import msgspec
from clickhouse_driver import Client

from infra.embedded import clickhouse
from infra.embedded.clickhouse_users import ADMINISTRATOR
from sinks import dictionary, generations, migrate, sql, view_types
from sinks.connection import connect
from sinks.settings import Warehouse
from sinks.tables import Column
from sinks.views import View


def described(client: Client, warehouse: Warehouse) -> dict[str, list[Column]]:
    """Make tables and views under those settings; return each view's columns by its name."""
    generation = f"{warehouse.database}_g1"
    generations.create_log(client, warehouse)
    generations.migrate(client, warehouse, generation)
    client.execute(f"CREATE DATABASE IF NOT EXISTS {sql.name(warehouse.database)}")
    return {view.name: migrate.apply_asking(client, warehouse, view, generation) for view in dictionary.every()}


def render(client: Client) -> bytes:
    """Render the file as this server's answers have it."""
    asked = (Warehouse(), *view_types.OTHERS)
    named = (msgspec.structs.replace(each, database=f"cx_types_{number}") for number, each in enumerate(asked))
    found = {each: described(client, name) for each, name in zip(asked, named, strict=True)}

    def describe(view: View, warehouse: Warehouse) -> list[Column]:
        return found[warehouse][view.name]

    return view_types.rendered(client.connection.server_info.version_tuple(), describe)


def main() -> None:
    """Write the file into the sources that this is run from."""
    with tempfile.TemporaryDirectory() as folder, clickhouse.start(Path(folder)) as server:
        client = connect(server.host, server.tcp_port, password=server.passwords[ADMINISTRATOR])
        try:
            text = render(client)
        finally:
            client.disconnect()
    (Path(view_types.__file__).parent / view_types.FILE).write_bytes(text)


if __name__ == "__main__":
    main()
