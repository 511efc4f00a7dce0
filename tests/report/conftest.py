"""Makes the helper module of these tests (`report_pages.py`) importable, and gives a run to report on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import leadsieve as ls

sys.path.append(str(Path(__file__).parent))

from report_pages import messy_run


@pytest.fixture(scope="session")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of three files whose names, columns and cells hold markup; it is published in `out`."""
    return messy_run(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def masked(messy: Path) -> Path:
    """Return the report on that run."""
    return ls.report(messy / "out", messy / "masked.html")


@pytest.fixture(scope="session")
def full(messy: Path) -> Path:
    """Return the report on that run that shows its cells."""
    return ls.report(messy / "out", messy / "full.html", show_values=True)
