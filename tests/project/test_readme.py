"""The README is true: its commands and its Python run, and its tables say what the code says."""

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadsieve.exceptions import _BY_CODE, InternalError, Interrupted, TooManyRejected

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
_BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what the README's examples name."""
    (tmp_path / "tests" / "data").mkdir(parents=True)
    for name in ("leads.csv", "results.csv"):
        shutil.copy(ROOT / "tests" / "data" / name, tmp_path / "tests" / "data")
    return tmp_path


def test_the_commands_run(clone: Path, leadsieve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [
        line for kind, text in _BLOCKS if kind == "sh" for line in text.splitlines() if line.startswith("leads")
    ]
    # The first command's own last part, which .ci/run runs whole.
    commands += [
        part.removeprefix(".venv/bin/")
        for _, text in _BLOCKS
        for part in text.strip().split(" && ")
        if part.startswith(".venv/bin/leadsieve")
    ]
    assert len(commands) >= 6
    for name in [name for name in os.environ if name.startswith("LEADSIEVE_")]:
        monkeypatch.delenv(name)
    for command in commands:
        program, *words = shlex.split(command, comments=True)
        assert program == "leadsieve"
        found = leadsieve(*words, folder=clone)
        assert found.code == 0, (command, found.err)
        assert found.out


def test_the_python_runs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    programs = [text for kind, text in _BLOCKS if kind == "python"]
    assert programs
    for program in programs:
        exec(compile(program, "README.md", "exec"), {})


def test_every_exit_code_is_told() -> None:
    told = {
        int(number)
        for number in re.findall(r"\d+", re.search(r"^Exit codes: (.+?)\. An", README, re.MULTILINE | re.DOTALL)[1])
    }
    kinds = {*_BY_CODE.values(), TooManyRejected, InternalError, Interrupted}
    assert told == {0, 143, *(kind.exit_code for kind in kinds)}


def test_what_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", README) if "/" in link or "." in link]
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
