"""House rules that a machine can check: first lines, paths, and the README's commands."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {".git", ".venv", "__pycache__", "work", "out", "build", "dist", "site"}
FILES = sorted(
    file
    for file in ROOT.rglob("*")
    if file.is_file()
    and not SKIPPED.intersection(file.relative_to(ROOT).parts)
    and not any(part.endswith((".egg-info", "_cache")) or part == ".hypothesis" for part in file.parts)
)
MODULES = [file for file in FILES if file.suffix == ".py"]
#: Folders that exist only on somebody's machine.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work|opt|mnt|srv)/[\w.]")


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_module_begins_by_saying_what_it_is_for(module):
    text = module.read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    assert text.lstrip("r").startswith('"""'), "the first line is not a docstring"
    assert said.splitlines()[0].rstrip("`").endswith((".", "?", "!", ":")), "the first line is not a sentence"


def test_no_file_names_a_path_of_a_machine():
    named = {}
    for file in FILES:
        text = file.read_bytes().decode("utf-8", "replace")
        if file != Path(__file__) and (found := MACHINE_PATH.search(text)):
            named[file.relative_to(ROOT).as_posix()] = found.group()
    assert named == {}


def test_ci_runs_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = dict(re.findall(r"^<!-- command:(\w+) -->\n+```\w*\n(.+?)\n```$", readme, re.MULTILINE | re.DOTALL))
    assert commands == {
        "clean": "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[dev]' "
        "&& .venv/bin/leadsieve clean tests/data/leads.csv --profile voicegenie --region IN --out out",
        "test": ".venv/bin/python -m pytest",
    }
    assert all("\n" not in command for command in commands.values())


def test_ci_is_a_script_that_bash_can_read():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)
    assert "://" not in script.read_text()
