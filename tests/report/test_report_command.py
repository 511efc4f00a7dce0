"""`leadsieve report`: where the page goes, and what is never written over."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from report_pages import Page

import leadsieve as ls

#: The command, and whether it has loaded pandas, which a report does without.
COMMAND = """
import sys
from leadsieve.cli import main
main()
sys.exit("pandas" in sys.modules)
"""


def leadsieve(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_the_command_writes_beside_the_caller(messy: Path, masked: Path, tmp_path: Path) -> None:
    done = leadsieve("report", messy / "out", cwd=tmp_path)
    page = (tmp_path / "out-report.html").read_bytes()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"out-report.html: {len(page):,} bytes; open it in a browser\n"
    assert page == masked.read_bytes()


def test_the_command_takes_the_options_of_the_function(messy: Path, full: Path, tmp_path: Path) -> None:
    done = leadsieve("report", messy / "out", "--to", "b.html", "--show-values", "--json", cwd=tmp_path)
    page = (tmp_path / "b.html").read_bytes()
    assert json.loads(done.stdout) == {"report": "b.html", "bytes": len(page)}
    assert page == full.read_bytes()


def test_a_report_is_replaced_and_nothing_else(messy: Path, masked: Path, tmp_path: Path) -> None:
    to = tmp_path / "page.html"
    to.write_bytes(b"<html>somebody's own page</html>")
    with pytest.raises(ls.OutputError, match="is no report of leadsieve") as caught:
        ls.report(messy / "out", to)
    assert caught.value.code == "output_exists"
    assert to.read_bytes() == b"<html>somebody's own page</html>"
    assert ls.report(messy / "out", to, overwrite=True).read_bytes() == masked.read_bytes()
    # And again, as a string: the function is still there after its first call, and a report may be replaced.
    assert ls.report(str(messy / "out"), str(to), show_values=True) == to
    assert to.read_bytes() != masked.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_nothing_is_written_into_a_publication(messy: Path) -> None:
    with pytest.raises(ls.UsageError, match="sealed by its run"):
        ls.report(messy / "out", messy / "out" / "page.html")
    assert ls.verify(messy / "out", state=messy / "s.duckdb").num_rows == 0


@pytest.mark.parametrize(
    ("to", "said"), [("nowhere/page.html", "there is no folder"), (".", "is there and is no file")]
)
def test_a_place_that_cannot_be(messy: Path, tmp_path: Path, to: str, said: str) -> None:
    with pytest.raises(ls.OutputError, match=said):
        ls.report(messy / "out", tmp_path / to)


def test_a_publication_at_a_url(messy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"memory://{tmp_path.name}/summer"
    run = ls.clean(messy / "second.csv", region="IN", header=True, map={"phone": "phone_number"}, out=url)
    monkeypatch.chdir(tmp_path)
    assert ls.report(url) == Path("summer-report.html")
    page = Page((tmp_path / "summer-report.html").read_text())
    assert page.column("Rows from read to accepted", "Rows")["Accepted"] == run.ledger["accepted"] == 3
    assert "leadsieve verify summer" in page.text


def test_there_must_be_a_run(tmp_path: Path) -> None:
    with pytest.raises(ls.UsageError, match="holds no run that leadsieve published"):
        ls.report(tmp_path, tmp_path / "page.html")


@pytest.mark.parametrize("missing", ["altair", "jinja2", "vl_convert"])
def test_without_the_extra_one_line_says_what_to_install(
    messy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ls.UsageError) as caught:
        ls.report(messy / "out", tmp_path / "page.html")
    name = missing.replace("_", "-")
    assert caught.value.message == f"a report needs {name}, which is not installed: pip install 'leadsieve[report]'"
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []
