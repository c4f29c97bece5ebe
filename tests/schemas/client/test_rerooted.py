"""The client's modules are the product's own, under other names: what is copied, refused, and left as it is."""

import ast
import re
from pathlib import Path

import pytest

from schemas.client import rerooted
from schemas.client.rerooted import CannotReroot

ROOT = Path(__file__).parents[3]
MODULES = rerooted.modules(ROOT)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_changed_in_the_names_that_it_imports_alone(name: str) -> None:
    """One source of truth: taken back to our names, a copy is the module that it was made of, line by line."""
    text = MODULES[name].read_text(encoding="utf-8")
    copy = rerooted.rerooted(text)
    imported = re.compile(r"^(\s*(?:from|import) )cxledger_emit(\.schemas|\.core|)(?=[.\s])", re.MULTILINE)
    ours = {".schemas": "schemas", ".core": "streams.core", "": "streams.emit"}
    assert imported.sub(lambda found: found[1] + ours[found[2]], copy) == text
    assert not {each.partition(".")[0] for each in rerooted.imports(copy)} & {"schemas", "streams", "sinks", "infra"}


def test_every_import_of_the_client_is_of_a_module_that_it_has() -> None:
    """A module that is forgotten would only be missed where it is used."""
    files = rerooted.files(ROOT)
    for path, content in files.items():
        nodes = ast.walk(ast.parse(content)) if path.endswith(".py") else ()
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cxledger_emit"):
                place = str(node.module).replace(".", "/")
                assert {f"{place}.py", f"{place}/__init__.py"} & files.keys(), (path, node.module)


def test_the_client_has_nothing_that_stores_folds_or_serves() -> None:
    """Eighty packages came with the emitters because they stood beside what runs on servers."""
    assert not [name for name in MODULES if re.match(r"streams\.(live|replay|ingest|receive)|sinks|infra", name)]
    assert "streams.core.machine" not in MODULES
    assert rerooted.foreign(ROOT) == {"avro", "confluent_kafka", "fastavro", "kafka", "msgspec"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import schemas.codec\n", "binds the first part"),
        ("def f():\n    import streams.core\n", "binds the first part"),
        ("from streams import emit\n", "from one of"),
        ("from sinks.port import Sink\n", "from one of"),
        ("from infra import settings\n", "from one of"),
        ("from . import codec\n", "relative import"),
        ("from .codec import Codec\n", "relative import"),
        ("if True: from streams.core import events\n", "from one of"),
    ],
)
def test_an_import_that_cannot_have_another_name_stops_the_build(text: str, said: str) -> None:
    """Nothing is guessed: a wheel that looks for `schemas` would find the application's."""
    with pytest.raises(CannotReroot, match=said):
        rerooted.rerooted(text)


def test_a_module_of_another_layer_stops_the_build(tmp_path: Path) -> None:
    """An emitter that came to need the sink would silently bring it along."""
    for name, text in {
        "streams/emit/__init__.py": "from sinks.port import Sink\n",
        "sinks/port.py": "Sink = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotReroot, match=r"sinks\.port belongs to none of"):
        rerooted.modules(tmp_path)


def test_examples_in_docstrings_name_the_client_too() -> None:
    """Whoever reads the help of the client is to be able to copy from it."""
    text = rerooted.files(ROOT)["cxledger_emit/__init__.py"].decode()
    assert "    from cxledger_emit import Emitter" in text
    assert "streams.emit" not in text
