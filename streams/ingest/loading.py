"""YAML as mappings use it: few guesses, no key twice, and a size that a person can have written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARACTERS = 1 << 20
MOST_DEPTH = 50
MOST_VALUES = 100_000
"""Values after aliases are followed: ten lines of them can stand for billions."""


class LoadError(Exception):
    """The text is no YAML that a mapping may be; the message is a sentence without a full stop."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain scalars: a column called NO, a code that reads 010, 1:30 or "on" and a date stay texts."""


_GUESSED = (":bool", ":timestamp", ":int", ":float")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith(_GUESSED)]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("-?(?:0|[1-9][0-9]{0,18})$"), list("-0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?$"),
    list("-0123456789"),
)


def load_yaml(text: str) -> Any:
    """Return what a mapping file says; raises LoadError."""
    if len(text) > MOST_CHARACTERS:
        raise LoadError(f"more than {MOST_CHARACTERS:,} characters: this is no mapping")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise LoadError("the file is empty")
        if sum(1 for _ in _values(node)) > MOST_VALUES:
            raise LoadError(f"more than {MOST_VALUES:,} values, aliases followed: this is no mapping")
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise LoadError(re.sub(r"\s+", " ", str(error))) from None
    except RecursionError:
        raise LoadError(f"nested deeper than {MOST_DEPTH} levels") from None
    except (ValueError, TypeError) as error:  # a value that its tag cannot stand for, such as !!int of a text
        raise LoadError(f"a value that cannot be read: {error}") from None


def _values(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every value as often as it is used, one more than allowed at most."""
    waiting, found = [(root, 0)], 0
    while waiting and found <= MOST_VALUES:
        node, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise LoadError(f"nested deeper than {MOST_DEPTH} levels")
        found += 1
        yield node
        if isinstance(node, yaml.MappingNode):
            _require_distinct(node)
            waiting += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in node.value]


def _require_distinct(node: yaml.MappingNode) -> None:
    """Raise LoadError for a key that stands twice: which of the two is meant, nobody can know."""
    seen: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        if key.value in seen:
            raise LoadError(f"the key {key.value!r} stands twice, in lines {seen[key.value]} and {line}")
        seen[key.value] = line
