"""Ask ClickHouse over HTTP, with nothing between the test and the server's own words."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final

from infra.embedded.clickhouse_users import ADMINISTRATOR, USERS
from infra.stack import Stack

PASSWORDS: Final[Mapping[str, str]] = {user: f"{user} of a test" for user in USERS}
"""What a test gives to a server of its own, which it then may ask without naming a password."""


class RefusedError(Exception):
    """The server's error message, its code first."""


def ask(
    http_port: int,
    statement: str,
    user: str = ADMINISTRATOR,
    password: str | None = None,
    *,
    quota_key: str = "",
    parameters: str = "",
    host: str = "127.0.0.1",
) -> str:
    """Run one statement and return the body; raises RefusedError. Without a password it is that of `PASSWORDS`."""
    key = PASSWORDS.get(user, "") if password is None else password
    request = urllib.request.Request(
        f"http://{host}:{http_port}/?quota_key={quota_key}&{parameters}",
        data=statement.encode(),
        headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": key},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            body: str = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            raise RefusedError(error.read().decode()) from None
    return body


def query(stack: Stack, statement: str, user: str = ADMINISTRATOR) -> str:
    """Run one statement on the shared stack as one of its users."""
    return ask(stack.clickhouse_http_port, statement, user, stack.passwords[user], host=stack.clickhouse_host)
