"""Tells Hatchling, which builds the wheel, what is in it and what it needs: nothing of that is written down twice."""

import runpy
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Sources(BuildHookInterface[Any]):
    """Lays out the client's modules in a folder of the moment, which Hatchling packs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the modules; raises ValueError for an editable install, which would not follow its sources."""
        if version == "editable":
            raise ValueError("cxledger-emit is made of copies: install it without -e")
        self._folder = tempfile.TemporaryDirectory()
        # By path: the folder `schemas` that is importable here may be anybody's.
        files: dict[str, bytes] = runpy.run_path(str(HERE / "rerooted.py"))["files"](ROOT)
        for name, content in files.items():
            path = Path(self._folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            build_data["force_include"][str(path)] = name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del version, build_data, artifact_path
        self._folder.cleanup()


class Needs(MetadataHookInterface):
    """Takes version and bounds of dependencies over from cxledger's own pyproject.toml."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        product = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        bounds = {each.name: each.specifier for each in map(Requirement, product["dependencies"])}
        extras = self.config["optional-dependencies"]
        metadata["version"] = product["version"]
        metadata["dependencies"] = _bounded(self.config["dependencies"], bounds)
        metadata["optional-dependencies"] = {name: _bounded(needs, bounds) for name, needs in extras.items()}


def _bounded(needs: list[str], bounds: dict[str, Any]) -> list[str]:
    return [f"{need}{bounds[Requirement(need).name]}" for need in needs]
