"""What is installed from a wheel can do what a checkout can: every file that code reads comes with it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from infra import handbook
from infra.cli import app

ROOT = Path(__file__).parents[2]
TOLD = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = ("schemas", "streams", "sinks", "infra")


def _files() -> set[str]:
    """Return the files of the packages that are no modules, as they are committed, links into docs resolved."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    named = {ROOT / name for name in listed.stdout.splitlines()}
    found = {each for path in named for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file()}
    return {str(path.relative_to(ROOT)) for path in found if path.suffix != ".py"}


def _covered(path: str) -> bool:
    """Whether the package data of pyproject.toml names a file, in its package or in a folder below it."""
    data = TOLD["tool"]["setuptools"]["package-data"]
    package = next(parent for parent in Path(path).parents if (ROOT / parent / "__init__.py").is_file())
    patterns = [*data["*"], *data.get(str(package).replace("/", "."), ())]
    inside = Path(path).relative_to(package)
    return any(len(inside.parts) == p.count("/") + 1 and fnmatch(str(inside), p) for p in patterns) or (
        # A folder without __init__.py is a package of its own to setuptools' finder, and `*` is meant for it as well.
        any(fnmatch(inside.name, p) for p in data["*"])
    )


def test_every_file_of_a_package_is_package_data() -> None:
    """Alerts, boards and runbooks were missing from the wheel, and nothing said so before somebody needed one."""
    files = _files()
    assert {"infra/compose/prometheus/alerts.yml", "infra/handbook/runbooks/lag-grows.md"} <= files
    assert [path for path in sorted(files) if not _covered(path)] == []


def test_no_dependency_stands_twice() -> None:
    """Of two lines for one package only one is changed later, and the other one binds."""
    extras = TOLD["project"]["optional-dependencies"].values()
    for group in (TOLD["project"]["dependencies"], *extras):
        assert max(Counter(Requirement(line).name.lower() for line in group).values()) == 1


def test_a_runbook_is_a_command_away() -> None:
    """`cx status` names them, also where there is no checkout."""
    for name, text in handbook.runbooks().items():
        assert CliRunner().invoke(app, ["runbook", name]).stdout == text
    refused = CliRunner().invoke(app, ["runbook", "lag"])
    assert refused.exit_code == 1
    assert "lag-grows" in refused.stderr


def test_compose_is_written_as_the_checkout_has_it(tmp_path: Path) -> None:
    """With everything that it mounts, at the paths that it names; what stands there already stays as it is."""
    assert CliRunner().invoke(app, ["compose", str(tmp_path)]).exit_code == 0
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (ROOT / path.relative_to(tmp_path)).read_bytes()
    mounts = [line.strip(" -").split(":")[0] for line in (tmp_path / "compose.yaml").read_text().splitlines()]
    assert all((tmp_path / mount).exists() for mount in mounts if mount.startswith("./"))
    again = CliRunner().invoke(app, ["compose", str(tmp_path)])
    assert again.exit_code == 1
    assert "is there already" in again.stderr


def test_the_version_is_that_of_the_package() -> None:
    """The first question of whoever is asked for help."""
    assert CliRunner().invoke(app, ["--version"]).stdout == f"cxledger {TOLD['project']['version']}\n"


@pytest.mark.long
def test_a_wheel_works_away_from_the_checkout(tmp_path: Path) -> None:
    """Built and unpacked as pip does it, with this environment's packages beside it; needs the package index."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    source = tmp_path / "source"
    left = shutil.ignore_patterns(".*", "build", "*.egg-info", "tests")
    shutil.copytree(ROOT, source, symlinks=True, ignore=left)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(wheel).namelist()) >= _files()
    installed = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(installed), str(wheel)], check=True)
    path = os.pathsep.join([str(installed), sysconfig.get_path("purelib")])
    for arguments in (["--version"], ["runbook", "lag-grows"], ["compose", "stack"], ["replay", "--help"]):
        ran = subprocess.run(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "stack" / "infra" / "compose" / "prometheus" / "alerts.yml").is_file()
