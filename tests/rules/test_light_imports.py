"""What importing the rules costs: the heavy libraries stay out until a schema is judged."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = ["reasons", "columns", "findings", "schemas", "phone", "phone.acceptance", "profiles"]


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        ([f"leadsieve_rules.{name}" for name in MODULES], "pandera polars pandas numba"),
        (["leadsieve_rules.phone"], "pandera polars pandas numba duckdb leadsieve leadsieve_connectors"),
    ],
)
def test_heavy_libraries_are_not_imported(modules: list[str], heavy: str) -> None:
    code = f"import sys, {', '.join(modules)}\nprint(sorted(set({heavy.split()!r}) & set(sys.modules)))"
    path = [p for p in sys.path if p]
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
