"""Makes the helper module of these tests (`explain_runs.py`) importable, and gives a run with every reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import leadsieve as ls

sys.path.append(str(Path(__file__).parent))

from explain_runs import messy_run


@pytest.fixture(scope="session")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[ls.Run, Path]:
    """Return a run in which every reason occurs, and its folder."""
    folder = tmp_path_factory.mktemp("messy")
    return messy_run(folder), folder
