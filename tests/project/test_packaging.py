"""The wheel holds the three packages whole and nothing else; every dependency is pinned."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"leadsieve": "engine", "leadsieve_rules": "rules", "leadsieve_connectors": "connectors"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = (ROOT / "constraints.txt").read_text()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = [line for line in CONSTRAINTS.splitlines() if line and not line.startswith("#")]
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    from hatchling.builders.wheel import WheelBuilder

    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel):
    expected = {
        file.relative_to(ROOT / root).as_posix()
        for package, root in PACKAGES.items()
        for file in (ROOT / root / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {name for name in wheel if ".dist-info/" not in name} == expected


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_says_that_the_packages_are_typed(wheel, package):
    assert f"{package}/py.typed" in wheel


def test_the_wheel_carries_the_licence_and_the_command(wheel):
    assert {name.partition(".dist-info/")[2] for name in wheel if ".dist-info/" in name} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_every_dependency_is_pinned():
    project = PROJECT["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]
    names = {normal(re.match(r"[\w.-]+", requirement).group()) for requirement in wanted}
    assert names - set(pins()) == set()


def test_constraints_are_plain_pins_in_order():
    assert re.search(r"://|^-", CONSTRAINTS, re.MULTILINE) is None
    assert all(re.fullmatch(r"\d[\w.!+]*", version) for version in pins().values())
    assert list(pins()) == sorted(pins())


def test_what_is_installed_fits_the_constraints():
    from importlib.metadata import distributions

    installed = {normal(found.metadata["Name"]): found.version for found in distributions()}
    assert {name: version for name, version in pins().items() if installed.get(name, version) != version} == {}


def test_imports_point_one_way():
    # The console script's own entry point, so that the check runs in the interpreter under test.
    script = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    path = os.pathsep.join(str(ROOT / root) for root in PACKAGES.values())
    done = subprocess.run(
        [sys.executable, "-c", script, "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
