"""What a person sees: progress on a terminal only, then the result below it; silence where it is asked for."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest


def _write_source(folder: Path) -> Path:
    (folder / "a.csv").write_text("phone\n" + "".join(f"+1201{2000000 + i}\n" for i in range(300)))
    return folder / "a.csv"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return _write_source(tmp_path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a first run shows on a terminal."""
    folder = tmp_path_factory.mktemp("shown")
    _write_source(folder)
    return _on_a_terminal(folder)


def _on_a_terminal(folder: Path, *arguments: str, **said: str) -> str:
    return _shown(folder, "clean", "a.csv", "--out", "out", *arguments, **said)


def _shown(folder: Path, *command: str, **said: str) -> str:
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "leadsieve", *command],
        cwd=folder,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LEADSIEVE_CHUNK_BYTES": "500", **said},
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


def test_progress_on_a_terminal_ends_before_the_result(shown: str) -> None:
    bar, result = shown.rindex(" a second, 0 rejected"), shown.index("300 rows: 300 accepted, 0 rejected")
    assert bar < result
    assert "100%" in shown


def test_a_decision_has_a_line_to_itself_beside_the_bar(shown: str) -> None:
    assert re.search(r"[\r\n]a\.csv: csv, utf-8", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown))


def test_quiet_shows_nothing(tmp_path: Path, source: Path) -> None:
    assert _on_a_terminal(tmp_path, "--quiet") == ""


def test_no_progress_where_there_is_no_terminal(tmp_path: Path, source: Path) -> None:
    command = [sys.executable, "-m", "leadsieve", "clean", "a.csv", "--out", "out"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert " a second" not in found.stderr
    assert found.stdout.startswith("300 rows: 300 accepted")


def test_no_colour_where_it_is_not_wanted(tmp_path: Path, source: Path, shown: str) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*m")
    assert any(set(found[2:-1].split(";")) - {"", "0", "1", "2"} for found in colour.findall(shown))
    plain = _on_a_terminal(tmp_path, NO_COLOR="1")
    assert all(set(found[2:-1].split(";")) <= {"", "0", "1", "2"} for found in colour.findall(plain))
    assert " a second, 0 rejected" in plain


def test_a_terminal_that_can_do_nothing_is_sent_no_commands(tmp_path: Path, source: Path) -> None:
    shown = _on_a_terminal(tmp_path, TERM="dumb")
    assert "\x1b" not in shown
    assert "300 rows: 300 accepted, 0 rejected" in shown


def test_a_reader_that_goes_ends_the_command_as_the_shell_expects(tmp_path: Path) -> None:
    """And not with 1, which says that too many rows were rejected."""
    (tmp_path / "a.csv").write_text("phone\n+12025550123\n")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "leadsieve", "clean", "a.csv", "--out", "out"]
    for streams in (
        {"stderr": writing, "stdout": subprocess.DEVNULL},
        {"stdout": writing, "stderr": subprocess.DEVNULL},
    ):
        assert subprocess.run(command, cwd=tmp_path, check=False, **streams).returncode == 141
        command += ["--overwrite"]
    os.close(writing)


def test_a_table_that_a_terminal_is_too_narrow_for_is_told_row_by_row(tmp_path: Path, source: Path) -> None:
    _on_a_terminal(tmp_path, "--campaign", "summer")
    wide = _shown(tmp_path, "campaign", "history", "summer", COLUMNS="200").splitlines()
    narrow = _shown(tmp_path, "campaign", "history", "summer", COLUMNS="60").splitlines()
    assert wide[0].split()[:3] == ["at", "kind", "id"]
    assert len(wide) == 2
    assert narrow[1:2] == ["kind: import"]
    assert "contacts: 300" in narrow
    assert max(map(len, narrow)) <= 60
