"""Same input, options and state give the same bytes, whatever the locale, hash seed, time zone, threads and chunks."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

_LEADS = Path(__file__).parents[1] / "data" / "leads.csv"


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_the_environment_changes_no_byte(tmp_path: Path, format_: str) -> None:
    environments = [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC", "LEADSIEVE_THREADS": "1"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kolkata", "LEADSIEVE_THREADS": "4"},
        {"PYTHONHASHSEED": "3", "LC_ALL": "POSIX", "TZ": "Asia/Tokyo", "LEADSIEVE_CHUNK_BYTES": "512"},
    ]
    found = []
    (tmp_path / "leads.csv").write_bytes(_LEADS.read_bytes())
    for number, environment in enumerate(environments):
        command = [sys.executable, "-m", "leadsieve", "clean", "leads.csv", "--profile", "voicegenie", "--region", "IN"]
        command += ["--campaign", "c", "--state", f"{number}.duckdb", "--out", f"out{number}", "--format", format_]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, check=True, capture_output=True)
        out = tmp_path / f"out{number}"
        found.append(
            {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in out.iterdir() if p.name != "run.json"}
        )
    assert found[0] == found[1] == found[2]
