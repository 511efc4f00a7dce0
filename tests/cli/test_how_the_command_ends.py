"""The command ends without taking the interpreter down, and still nothing that was to be done by then is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadsieve.cli import main

LEADS = "phone,name\n+14155550100,Ann\n12,Cy\n"

SCHEMA = """
import atexit, pathlib, threading, time
import pandera.polars as pa

def late():
    time.sleep(0.3)
    pathlib.Path("thread.txt").write_text("ended")

WAY = {way!r}
if WAY == "atexit":
    atexit.register(lambda: pathlib.Path("atexit.txt").write_text("ended"))
if WAY == "thread":
    threading.Thread(target=late).start()

class Leads(pa.DataFrameModel):
    name: str
"""


def leadsieve(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "leads.csv").write_text(LEADS)
    env = {**os.environ, "TMPDIR": str(folder / "tmp"), **environment}
    (folder / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "leadsieve", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("debug", [{}, {"LEADSIEVE_DEBUG": "1"}])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("clean", "leads.csv", "--out", "out", "--quiet"), 0),
        (("clean", "leads.csv", "--out", "out", "--quiet", "--fail-over", "0.1"), 1),
        (("clean", "leads.csv", "--out", "out", "--nonsense"), 2),
        (("clean", "none.csv", "--out", "out"), 3),
        (("--help",), 0),
    ],
)
def test_its_exit_code_is_told(tmp_path, words, status, debug):
    assert leadsieve(tmp_path, *words, **debug).returncode == status


def test_all_of_its_output_reaches_a_pipe(tmp_path):
    ended = leadsieve(tmp_path, "profiles", "voicegenie", "--answers")
    assert ended.returncode == 0
    assert ended.stdout.rstrip().endswith("}")


@pytest.mark.parametrize("way", ["atexit", "thread"])
def test_what_a_schema_began_is_ended(tmp_path, way):
    (tmp_path / "schema.py").write_text(SCHEMA.replace("{way!r}", repr(way)))
    ended = leadsieve(tmp_path, "clean", "leads.csv", "--out", "out", "--schema", "schema.py")
    assert (ended.returncode, (tmp_path / f"{way}.txt").read_text()) == (0, "ended"), ended.stderr


def test_a_rehearsal_leaves_no_folder_behind(tmp_path):
    assert leadsieve(tmp_path, "clean", "leads.csv", "--out", "out", "--dry-run").returncode == 0
    assert list((tmp_path / "tmp").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leads.csv", "tmp"]


def test_a_full_disk_behind_the_output_is_told(tmp_path):
    (tmp_path / "leads.csv").write_text(LEADS)
    command = [sys.executable, "-m", "leadsieve", "clean", "leads.csv", "--out", "out", "--json"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 5
    assert "cannot print the result: No space left on device; what was published stands" in ended.stderr
    assert (tmp_path / "out" / "run.json").exists()


def test_another_failure_of_a_file_is_not_taken_for_one_of_the_output(monkeypatch, capsys, tmp_path):
    def fail(*_: object, **__: object) -> None:
        (tmp_path / "none").read_text()

    monkeypatch.delenv("LEADSIEVE_DEBUG", raising=False)
    monkeypatch.setattr("leadsieve.clean", fail)
    monkeypatch.setattr(sys, "argv", ["leadsieve", "clean", "leads.csv", "--out", "out"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 70
    assert "FileNotFoundError in pathlib.py" in capsys.readouterr().err
