"""CONTRIBUTING is true: its files, names and commands are there, and what its recipes say twice agrees."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import get_args

import click
import pytest

import leadsieve
from benchmarks.__main__ import main as benchmarks
from leadsieve.explanation.fields import _asked
from leadsieve_connectors.sources import _FORMATS
from leadsieve_connectors.sources.formats import Format
from leadsieve_rules.profiles.model import RULES, SOURCE_FORMATS, Rule

ROOT = Path(__file__).parents[2]
PACKAGES = {"leadsieve": "engine", "leadsieve_rules": "rules", "leadsieve_connectors": "connectors"}
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PICTURE = TEXT.split("```")[1]
#: Names in backticks, the lines of a paragraph joined.
SPANS = re.findall(r"`([^`]+)`", re.sub(r"\n +", " ", TEXT.replace(f"```{PICTURE}```", "")))
_PATH = re.compile(r"(?:\w[\w.-]*/)+[\w.-]*|[\w.-]+\.(?:md|toml|txt|py)")
#: What a release or a reader makes, and places that stand for any.
_OTHERS = {
    *("mine.toml", "benchmarks/results", "rules/leadsieve_rules/profiles/NAME.toml", "tests/CONCEPT/test_BEHAVIOUR.py"),
}
#: `name` in `path`, or `name` (`path`), with words between them that are no code.
_NAMED = re.compile(r"`(_?[A-Za-z]\w+)`[^`.;]*?(?: in | of |\()`((?:[\w-]+/)+[\w.-]+\.py)`")


def _paths() -> list[str]:
    found = {span for span in SPANS if _PATH.fullmatch(span)}
    return sorted(found - _OTHERS)


@pytest.mark.parametrize("path", _paths())
def test_every_path_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("name", "path"), sorted(set(_NAMED.findall(re.sub(r"\n +", " ", TEXT)))))
def test_every_name_is_in_its_file(name: str, path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    defined: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    assert name in defined


def test_the_picture_names_modules_that_are_there() -> None:
    modules = set(re.findall(r"\b(\w+)\.py\b", PICTURE))
    folders = set(re.findall(r"(?<![\w./])(\w+)/(?=[\s:,])", PICTURE)) - set(PACKAGES.values())
    assert len(modules) > 8
    assert {name for name in modules if not (ROOT / "engine" / "leadsieve" / f"{name}.py").is_file()} == set()
    assert {name for name in folders if not (ROOT / "engine" / "leadsieve" / name).is_dir()} == set()
    beside = set(re.findall(r"connectors/\.\./(\w+)", PICTURE))
    assert beside == {"sources", "sinks", "campaigns"}
    assert all((ROOT / "connectors" / "leadsieve_connectors" / name).is_dir() for name in beside)


def _imported(module: str) -> set[str]:
    """Return the engine's modules that one imports as the picture has them."""
    tree = ast.parse((ROOT / "engine" / "leadsieve" / f"{module}.py").read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("leadsieve"):
            found.add(".".join(node.module.split(".")[1:2]))
            found |= {alias.name for alias in node.names if node.module == "leadsieve"}
    return found


@pytest.mark.parametrize("module", ["flow", "process"])
def test_the_picture_is_true_of_who_imports_whom(module: str) -> None:
    (said,) = re.findall(rf"{module}\.py -> (.*)", PICTURE)
    assert set(re.findall(r"\w+", said.replace(".py", ""))) <= _imported(module)


def test_every_test_command_names_tests_that_are_there() -> None:
    commands = [span for span in SPANS if span.startswith("python -m pytest")]
    assert len(commands) > 12
    for command in commands:
        words = shlex.split(command)[3:]
        for path in (word for word in words if word.startswith("tests")):
            assert (ROOT / path).exists(), command


def test_every_measurement_is_a_command() -> None:
    commands = [shlex.split(span)[3:] for span in SPANS if span.startswith("python -m benchmarks")]
    assert len(commands) > 4
    for name, *_ in commands:
        assert benchmarks.get_command(click.Context(benchmarks), name) is not None  # type: ignore[attr-defined]


def test_a_format_is_known_wherever_formats_are_listed() -> None:
    assert set(get_args(Format)) == set(_FORMATS)
    assert set(SOURCE_FORMATS) == {*_FORMATS, "frame"}


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_of_a_field_can_be_explained(kind: str) -> None:
    assert _asked(Rule(kind, low=1, values=("hot",))).startswith("it must be")


def _kernels() -> list[ModuleType]:
    """Return the modules that hold compiled loops, which importing them does not compile."""
    found = []
    for package, root in PACKAGES.items():
        for file in sorted((ROOT / root / package).rglob("*.py")):
            if re.search(r"^_code = MachineCode\(", file.read_text(encoding="utf-8"), re.MULTILINE):
                parts = file.relative_to(ROOT / root).with_suffix("").parts
                found.append(importlib.import_module(".".join(parts)))
    return found


def _needed(file: Path) -> Iterator[Path]:
    """Give the files that a module of a kernel takes something from as it is imported, and theirs."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.split(".")[0] in PACKAGES:
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                path = ROOT / PACKAGES[name.split(".")[0]] / Path(*name.split(".")).with_suffix(".py")
                # `fingerprint` of the phones' cache is itself a part of the key.
                if path.is_file() and path.name not in ("jit.py", "cache.py"):
                    yield path
                    yield from _needed(path)


@pytest.mark.parametrize("kernel", _kernels(), ids=lambda module: module.__name__)
def test_machine_code_is_kept_by_every_file_that_decides_it(kernel: ModuleType) -> None:
    file = Path(str(kernel.__file__))
    sources = {source.resolve() for source in kernel._code._sources}
    assert {file, *_needed(file)} - sources == set()


def test_the_version_is_said_alike_where_it_is_said_twice() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == leadsieve.__version__


def _instructions() -> list[list[str]]:
    """Return the Dockerfile's instructions as words, continued lines joined and comments left out."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_the_container_is_built_from_what_is_there() -> None:
    copied = [
        word
        for name, *words in _instructions()
        if name == "COPY" and not words[0].startswith("--from")
        for word in words[:-1]
    ]
    assert {"engine", "rules", "connectors", "constraints.txt", "pyproject.toml"} <= set(copied)
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    assert "*" in takewhile(lambda rule: not rule.startswith("!"), rules)
    for path in copied:
        assert (ROOT / path).exists()
        assert path in kept, f"{path} never reaches the build: .dockerignore leaves it out"
    assert kept == set(copied)


def test_the_container_runs_as_a_user_of_its_own() -> None:
    last = len(_instructions()) - [words[0] for words in _instructions()][::-1].index("FROM")
    stage = {name: words for name, *words in _instructions()[last:]}
    assert stage["USER"][0].split(":")[0] not in ("root", "0", "")
    assert stage["ENTRYPOINT"] == ['["leadsieve"]']
    assert stage["WORKDIR"] == ["/data"]


def test_the_container_has_pinned_versions_of_what_it_installs() -> None:
    runs = [" ".join(words) for name, *words in _instructions() if name == "RUN"]
    installs = [part for run in runs for part in run.split("&&") if "pip install" in part]
    assert installs
    assert all("-c constraints.txt" in part for part in installs)
    (extras,) = [words[0].removeprefix("EXTRAS=") for name, *words in _instructions() if name == "ARG"]
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    for extra in extras.split(","):
        assert {re.match(r"[\w-]+", one).group() for one in known[extra]} <= pinned  # type: ignore[union-attr]
