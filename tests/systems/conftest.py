"""Makes the helper module of these tests (`system_runs.py`) importable, and gives the end-to-end cases as they ran."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# At the end of the path: the module shadows nothing.
sys.path.append(str(Path(__file__).parent))

from system_runs import CASES, Case, Done, run_case


@pytest.fixture(scope="module", params=[pytest.param(case, id=case.name) for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    """One system's messy file, and how it is run."""
    found: Case = request.param
    return found


@pytest.fixture(scope="module")
def done(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Run the case end to end, requests and all, against a campaign with contacts in every status."""
    return run_case(case, tmp_path_factory.mktemp(case.name))
