"""Ask ClickHouse over HTTP, with nothing between the test and the server's own words."""

import urllib.error
import urllib.request

from infra.stack import Stack


class RefusedError(Exception):
    """The server's error message, its code first."""


def ask(
    http_port: int,
    statement: str,
    user: str = "default",
    password: str = "",
    *,
    quota_key: str = "",
    host: str = "127.0.0.1",
) -> str:
    """Run one statement and return the body; raises RefusedError."""
    request = urllib.request.Request(
        f"http://{host}:{http_port}/?quota_key={quota_key}",
        data=statement.encode(),
        headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": password},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            body: str = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            raise RefusedError(error.read().decode()) from None
    return body


def query(stack: Stack, statement: str, user: str = "default") -> str:
    """Run one statement on the shared stack as one of its users."""
    return ask(stack.clickhouse_http_port, statement, user, stack.passwords[user], host=stack.clickhouse_host)
