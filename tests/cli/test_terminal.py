"""What a person sees: progress on a terminal only, then the result below it; silence where it is asked for."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("phone\n" + "".join(f"+1201{2000000 + i}\n" for i in range(300)))
    return tmp_path / "a.csv"


def _on_a_terminal(folder: Path, *arguments: str) -> str:
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "leadsieve", "clean", "a.csv", "--out", "out", *arguments],
        cwd=folder,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LEADSIEVE_CHUNK_BYTES": "500"},
    ) as child:
        os.close(terminal)
        shown = b""
        try:
            while piece := os.read(reader, 4096):
                shown += piece
        except OSError:  # Linux says so when the other end is closed
            pass
        os.close(reader)
    assert child.returncode == 0
    return shown.decode()


def test_progress_on_a_terminal_ends_before_the_result(tmp_path: Path, source: Path) -> None:
    shown = _on_a_terminal(tmp_path)
    bar, result = shown.rindex(" a second, 0 rejected"), shown.index("300 rows: 300 accepted, 0 rejected")
    assert bar < result
    assert "100%" in shown


def test_quiet_shows_nothing(tmp_path: Path, source: Path) -> None:
    assert _on_a_terminal(tmp_path, "--quiet") == ""


def test_no_progress_where_there_is_no_terminal(tmp_path: Path, source: Path) -> None:
    command = [sys.executable, "-m", "leadsieve", "clean", "a.csv", "--out", "out"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert " a second" not in found.stderr
    assert found.stdout.startswith("300 rows: 300 accepted")
