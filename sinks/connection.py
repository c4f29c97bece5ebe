"""Clients of ClickHouse, all made alike."""

from clickhouse_driver import Client

# An insert answers only when its rows are stored; the server's replies must not need another compression library.
# Looking for rows of one key at once, rather than when parts are merged, would cost a quarter of an insert (adr 0032).
_SETTINGS = {"async_insert": 0, "network_compression_method": "LZ4", "optimize_on_insert": 0}


def connect(
    host: str,
    port: int,
    *,
    user: str = "cx_admin",
    password: str = "",
    database: str = "",
    secure: bool = False,
    timeout: float = 60.0,
    typed: bool = False,
) -> Client:
    """Open a client; it connects at its first statement. ``timeout`` (s) bounds each wait for the server.

    ``typed`` makes the server fill in parameters, which queries then name with their types: ``{account:String}``.
    """
    return Client(
        host,
        port=port,
        user=user,
        password=password,
        database=database,
        secure=secure,
        connect_timeout=5,
        send_receive_timeout=timeout,
        settings=_SETTINGS | {"server_side_params": typed},
        settings_is_important=True,
        compression=False,
    )
