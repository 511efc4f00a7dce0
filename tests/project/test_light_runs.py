"""What a whole run of the command imports: neither the compiler nor what merely happens to be installed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from leadsieve.cli.pandas import forgo_pandas

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: What `import leadsieve` may load: of its own, and of the standard library (which loads more of it in newer versions).
OWN = """
leadsieve leadsieve._version leadsieve.exceptions leadsieve_connectors leadsieve_connectors.exceptions leadsieve_rules
leadsieve_rules.exceptions
"""
STANDARD = """
__future__ collections contextlib copyreg enum errno fnmatch functools glob grp ipaddress itertools keyword math ntpath
operator pathlib pwd re reprlib types typing urllib warnings
"""
#: So many rows that the compiled loops are worth their loading.
ROWS = 30_000
PROGRAM = """
import sys
from leadsieve.cli import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""


def run(*arguments: str, cwd: Path, program: str = PROGRAM) -> set[str]:
    """Run a program and return the lines that it prints."""
    command = [sys.executable, "-c", program, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("campaign", [(), ("--campaign", "summer", "--state", "state.duckdb")], ids=["", "campaign"])
def test_a_warm_run_imports_no_compiler_and_no_pandas(
    campaign: tuple[str, ...], tmp_path: Path, leadsieve: Callable[..., Any]
) -> None:
    rows = (f"(202) 55{i % 10}-{i % 10_000:04d},  Name {i},n{i}@example.com" for i in range(ROWS))
    (tmp_path / "leads.csv").write_text("\n".join(["phone_number,name,email", *rows, ""]))
    given = ["clean", "leads.csv", "--profile", "voicegenie", "--region", "US", "--set", "campaign_name=x", *campaign]
    # It compiles the loops if nobody did, and fills the campaign; the second one compiles those that look into it.
    assert leadsieve(*given, "--again", "--out", "first", folder=tmp_path).code == 0
    loaded = run(*given, "--again", "--out", "second", cwd=tmp_path)
    if "numba" in loaded:
        loaded = run(*given, "--again", "--out", "third", cwd=tmp_path)
    assert {"leadsieve", "pyarrow", "llvmlite"} <= loaded
    assert loaded.isdisjoint({"numba", "pandas", "pandera", "openpyxl", "xlrd", "rich"})
    assert (tmp_path / "second" / "accepted.parquet").exists()


def test_a_run_of_few_rows_loads_no_compiled_loop(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("phone_number\n" + "(202) 555-0123\n" * 1_000)
    loaded = run("clean", "leads.csv", "--region", "US", "--out", "out", cwd=tmp_path)
    assert loaded.isdisjoint({"llvmlite", "numba", "pandas", "pandera", "polars", "duckdb"})


def test_importing_leadsieve_loads_what_is_listed_here(tmp_path: Path) -> None:
    program = "import sys; before = set(sys.modules)\nimport leadsieve\nprint(*(set(sys.modules) - before), sep='\\n')"
    loaded = run(cwd=tmp_path, program=program)
    own = {name for name in loaded if name.startswith("leadsieve")}
    others = {name.partition(".")[0] for name in loaded - own}
    assert own == set(OWN.split())
    assert {name for name in others if not name.startswith("_")} <= set(STANDARD.split())
    assert others <= sys.stdlib_module_names


@pytest.mark.parametrize("first", ["import pandas as pd", "frame = pa.table({'a': pa.array([1])}).to_pandas()"])
def test_pyarrow_knows_pandas_as_soon_as_somebody_wants_it(first: str, tmp_path: Path) -> None:
    program = f"""
import sys
from importlib.util import find_spec
from leadsieve.cli.pandas import forgo_pandas
forgo_pandas()
import pyarrow as pa
assert pa.array([1, None]).to_pylist() == [1, None]
assert find_spec("pandas") is not None
assert find_spec("no_such_module") is None
print("pandas" in sys.modules)
{first}
import pandas as pd
print(pa.array(pd.Series([1.0, float("nan")])).null_count)
"""
    pytest.importorskip("pandas")
    assert run(cwd=tmp_path, program=program) == {"False", "1"}


def test_pandas_that_is_imported_is_left_alone() -> None:
    pandas = pytest.importorskip("pandas")
    finders = list(sys.meta_path)
    forgo_pandas()
    assert sys.meta_path == finders
    assert pa.array(pandas.Series([1.0, float("nan")])).null_count == 1
