"""Makes the helper module of these tests (`request_plans.py`) importable, and writes requests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from leadsieve.requests.write import write_requests

# At the end of the path: the module shadows nothing.
sys.path.append(str(Path(__file__).parent))


@pytest.fixture
def write(tmp_path):
    """Write requests into a folder of their own."""
    from request_plans import Written

    count = 0

    def write(plan, *batches, answer=lambda number, rows, before: [number, rows, before]):
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        return Written(write_requests(batches, folder, plan, answer=answer), folder)

    return write
