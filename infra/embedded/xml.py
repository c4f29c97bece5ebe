"""ClickHouse's configuration dialect of XML, from nested values."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr


class FromEnvironment(str):
    """The name of the environment variable that the server takes an element's text from."""

    __slots__ = ()


def render(tree: Mapping[str, Any]) -> str:
    """Return the document: a mapping nests, a list repeats its element, True and False are 1 and 0."""
    return f"<clickhouse>\n{''.join(_element(name, value) for name, value in tree.items())}</clickhouse>\n"


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, Mapping):
        return f"<{name}>\n{''.join(_element(inner, item) for inner, item in value.items())}</{name}>\n"
    if isinstance(value, FromEnvironment):
        return f"<{name} from_env={quoteattr(value)}/>\n"
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>\n"
