"""Find the modules that the slim client is made of, and name them anew in it.

It has every module that `streams.emit` needs and no other, under one name of its own, `cxledger_emit`, which no
application's packages hide: `streams.emit` becomes `cxledger_emit`, `streams.core` `cxledger_emit.core` and `schemas`
`cxledger_emit.schemas`. Only the lines that import are changed. Needs nothing but Python: it runs where wheels are
built.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = {"streams.emit": "cxledger_emit", "streams.core": "cxledger_emit.core", "schemas": "cxledger_emit.schemas"}
ENTRY = "streams.emit"
DATA = ("schemas/avro/*/*.avsc", "schemas/topics/*.yaml")
_OURS = frozenset({"schemas", "streams", "sinks", "infra"})
_IMPORT = re.compile(rf"^(\s*(?:from|import) )({'|'.join(map(re.escape, NAMES))})(?=[.\s])", re.MULTILINE)
"""Lines that import, those of examples in docstrings as well."""


class CannotReroot(Exception):  # noqa: N818 - it says what cannot be done
    """A module of ours is imported in a way, or from a place, that cannot be given another name."""


def modules(root: Path) -> dict[str, Path]:
    """Return the modules that the emitters need, by their name in this repository, packages above them included.

    Raises CannotReroot where one belongs to no package that the client has.
    """
    found: dict[str, Path] = {}
    waiting = [ENTRY]
    while waiting:
        name = waiting.pop()
        path = _file(root, name)
        if path is None or name in found or name == "streams":
            continue
        client_name(name)
        found[name] = path
        waiting += [each for each in imports(path.read_text(encoding="utf-8")) if each.partition(".")[0] in _OURS]
        waiting.append(name.rpartition(".")[0])
    return dict(sorted(found.items()))


def imports(text: str) -> Iterator[str]:
    """Yield what a module's text imports, at its head or within functions: each module, and each name from it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise CannotReroot(f"line {node.lineno}: a relative import")
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(root: Path) -> frozenset[str]:
    """Return the top-level packages, neither ours nor Python's, that the client's modules import."""
    texts = (path.read_text(encoding="utf-8") for path in modules(root).values())
    tops = {name.partition(".")[0] for text in texts for name in imports(text)}
    return frozenset(tops - _OURS - sys.stdlib_module_names)


def client_name(module: str) -> str:
    """Return what the client calls a module: `schemas.codec` is `cxledger_emit.schemas.codec`."""
    for ours, theirs in NAMES.items():
        if module == ours or module.startswith(f"{ours}."):
            return theirs + module.removeprefix(ours)
    raise CannotReroot(f"{module} belongs to none of {', '.join(NAMES)}")


def rerooted(text: str) -> str:
    """Return a module's text with our modules imported by the client's names, every line in its place.

    Raises CannotReroot where one is left: `import schemas.codec` binds `schemas`, and `from streams import emit` names
    a package that the client does not have.
    """
    changed = _IMPORT.sub(lambda found: found[1] + NAMES[found[2]], text)
    for name in imports(changed):
        if name.partition(".")[0] in _OURS:
            raise CannotReroot(f"{name}: write `from {name} import ...`, from one of {', '.join(NAMES)}")
    for node in ast.walk(ast.parse(changed)):
        if isinstance(node, ast.Import) and any(alias.name.startswith("cxledger_emit") for alias in node.names):
            raise CannotReroot(f"line {node.lineno}: `import` binds the first part of a name; write `from ... import`")
    return changed


def files(root: Path) -> dict[str, bytes]:
    """Return every file of the client by its path in the wheel: modules, schemas, topics, licence."""
    found: dict[str, bytes] = {}
    for name, path in modules(root).items():
        place = client_name(name).replace(".", "/")
        place += "/__init__.py" if path.name == "__init__.py" else ".py"
        found[place] = rerooted(path.read_text(encoding="utf-8")).encode()
    for path in (path for pattern in DATA for path in sorted(root.glob(pattern))):
        found[f"cxledger_emit/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return found | {"cxledger_emit/py.typed": b"", "cxledger_emit/LICENSE": (root / "LICENSE").read_bytes()}


def _file(root: Path, name: str) -> Path | None:
    """Return the file of a module or package; None for what is a name within a module."""
    place = root.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None
