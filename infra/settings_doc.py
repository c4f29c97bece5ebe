"""Render docs/settings.md from the settings : ``python -m infra.settings_doc > docs/settings.md``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from infra.secret import Secret
from infra.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """# Settings

Rendered from `infra/settings.py` with `python -m infra.settings_doc`; a test keeps the two in step. All are
read from the environment once, at start; everything that is wrong is reported together. A secret may also be
given as the name of a file that holds it, with `_FILE` behind its name.

| Variable | Values | Default | What it sets |
|---|---|---|---|
"""


def _values(hint: Any) -> str:
    kind, *metas = get_args(hint)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    bounds = {name: getattr(meta, name) for meta in metas for name in ("gt", "ge", "le")}
    for meta in metas:
        bounds.update({name: value for name in bounds if (value := getattr(meta, name)) is not None})
    low = f"over {bounds['gt']}" if bounds["gt"] is not None else bounds["ge"]
    if kind in (int, float) and (low is not None or bounds["le"] is not None):
        return f"{low} to {bounds['le']}" if bounds["le"] is not None else f"from {low}"
    return {int: "number", str: "text", bool: "`true`, `false`", Path: "path", Secret: "secret"}[kind]


def describe() -> Iterator[tuple[str, str, str, str]]:
    """Yield (variable, values, default, sentence) of every setting, in the order of the file."""
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        hint = hints[field.name]
        sentence = next((meta.description for meta in get_args(hint)[1:] if meta.description), "")
        default = "" if isinstance(field.default, Secret) else str(field.default)
        yield f"{PREFIX}{field.name.upper()}", _values(hint), default, sentence


def render() -> str:
    """Return the whole text of docs/settings.md."""
    rows = (
        f"| `{name}` | {values} | {f'`{default}`' if default else ''} | {sentence} |\n"
        for name, values, default, sentence in describe()
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(render())
