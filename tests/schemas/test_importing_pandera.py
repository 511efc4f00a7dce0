"""pandera is imported without pandas and hypothesis, as where they are not installed; who wants their part, has it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

RULES = """
import pandera.polars as pa
import polars as pl

class Leads(pa.DataFrameModel):
    name: str = pa.Field(str_length={"min_value": 2}, nullable=True)
    score: pl.Int64 = pa.Field(ge=1, isin=[1, 2, 3])
    day: pl.Date

    @pa.check("name")
    def plain(cls, data):
        return data.lazyframe.select(~pl.col(data.key).str.contains("!"))
"""
JUDGE = """
import json, sys
import pyarrow as pa
from leadsieve_rules.schemas import load_schema
schema = load_schema(sys.argv[1])
had = "pandas" in sys.modules
table = pa.table({name: pa.array(cells, pa.string()) for name, cells in {
    "name": ["Ann", "B", None, "Cy!"], "score": ["1", "4", "x", None], "day": ["2024-01-01", "1", None, "2024-02-30"],
}.items()})
found = [(f.code, f.detail, f.column, f.index.tolist()) for f in schema.compiled.findings(table)]
from leadsieve_rules.schemas.fingerprint import schema_digest
print(json.dumps([had, schema.sha256, schema_digest(schema.compiled.schema), found]))
"""


def run(code, *args):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=["rules.py", "rules.yaml"])
def rules(request, tmp_path):
    file = tmp_path / request.param
    if file.suffix == ".py":
        file.write_text(RULES)
    else:
        (tmp_path / "rules.py").write_text(RULES.partition("    @pa.check")[0])
        code = "import sys; sys.path.insert(0, sys.argv[1]); import rules; print(rules.Leads.to_yaml())"
        file.write_text(run(code, str(tmp_path)))
    return str(file)


def test_a_schema_from_a_file_judges_alike_with_and_without_pandas(rules):
    had, *without = json.loads(run(JUDGE, rules))
    have, *beside = json.loads(run(f"import pandas\n{JUDGE}", rules))
    assert (had, have) == (False, True)
    assert without == beside
    assert {code for code, *_ in without[2]} == {"check_failed", "invalid_value", "missing_value"}


WRITTEN = """
schema_type: polars_dataframe
columns:
  when:
    dtype: Datetime(time_unit='us', time_zone=None)
    greater_than: '2024-01-01 00:00:00'
"""


def test_moments_in_yaml_are_read_as_pandera_reads_them(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(WRITTEN)
    code = """
import sys
import pandera.io.polars_io as reader
from leadsieve_rules.schemas import load_schema
own, theirs = load_schema(sys.argv[1]).compiled.schema, reader.from_yaml(sys.argv[1])
(mine,), (other,) = own.columns["when"].checks, theirs.columns["when"].checks
assert mine.statistics == other.statistics
print(type(mine.statistics["min_value"]).__name__)
"""
    assert run(code, str(file)) == run(f"import pandas\n{code}", str(file)) == "Timestamp\n"


ASKED = {
    "the names that pandas brings": """
import pandera
from pandera.typing import Series
assert pandera.Column.__module__ == "pandera.api.pandas.components", pandera.Column
assert pandera.Check is polars.Check
""",
    "the pandas API": """
import pandas as pd
import pandera.pandas as pa
class Model(pa.DataFrameModel):
    a: pa.typing.Series[int] = pa.Field(gt=1)
try:
    Model.validate(pd.DataFrame({"a": [1, 2]}), lazy=True)
except pa.errors.SchemaErrors as errors:
    assert len(errors.failure_cases) == 1
else:
    raise AssertionError("nothing failed")
""",
    "names that nobody has, and frames of pandas": """
import pandera.strategies.base_strategies as strategies
assert strategies.HAS_HYPOTHESIS and not hasattr(strategies, "nothing") and "hypothesis" not in sys.modules
import pandera
assert not hasattr(pandera, "__wrapped__") and "pandas" not in sys.modules
assert not hasattr(pandera, "nothing")
import pyarrow as pa, polars as pl
assert len(pa.table({"a": [1]}).to_pandas()) == len(pl.DataFrame({"a": [1]}).to_pandas()) == 1
""",
    "data of hypothesis": """
from pandera.strategies.base_strategies import HAS_HYPOTHESIS, SearchStrategy, composite
import hypothesis.strategies
assert HAS_HYPOTHESIS and (SearchStrategy, composite) == (
    hypothesis.strategies.SearchStrategy, hypothesis.strategies.composite)
import pandera.pandas as pa
import pandera.strategies.pandas_strategies as strategies
assert isinstance(pa.DataFrameSchema({"a": pa.Column(int, pa.Check.gt(1))}).strategy(size=1), SearchStrategy)
""",
    "the import again": """
import_pandera()
assert "pandas" not in sys.modules
import pandas
import_pandera()
assert pandas.Series([1]).sum() == 1
""",
}
BEFORE = """
import sys
from leadsieve_rules.schemas.importing import import_pandera
import_pandera()
import pandera.polars as polars
assert not {"pandas", "hypothesis"} & set(sys.modules) and not any(type(finder).__name__ == "_Absent" for finder in sys.meta_path)
"""
AFTER = """
import polars as pl
schema = polars.DataFrameSchema({"a": polars.Column(int, polars.Check.gt(1))})
try:
    schema.validate(pl.DataFrame({"a": [1, 2]}), lazy=True)
except polars.errors.SchemaErrors as errors:
    assert len(errors.failure_cases) == 1
else:
    raise AssertionError("nothing failed")
"""


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_what_pandas_brings_is_there_when_it_is_asked_for(asked):
    run(BEFORE + asked + AFTER)


def test_pandas_is_absent_to_the_import_alone():
    run(
        BEFORE.replace("import_pandera()\nimport", "import pandas\nimport_pandera()\nimport").partition("assert")[0]
        + AFTER
    )
    code = """
import sys, threading
from leadsieve_rules.schemas.importing import _Absent
sys.meta_path.insert(0, _Absent(["pandas"]))
try:
    import pandas
    raise AssertionError("it is there")
except ModuleNotFoundError:
    pass
other = threading.Thread(target=lambda: __import__("pandas"))
other.start()
other.join()
assert "pandas" in sys.modules
"""
    run(code)


def test_a_pandera_that_needs_pandas_is_imported_with_it():
    code = """
import sys
from leadsieve_rules.schemas import importing

class Needy:
    def find_spec(self, name, *_):
        if name == "pandera.api.polars.model" and any(isinstance(one, importing._Absent) for one in sys.meta_path):
            raise RuntimeError("pandas is needed here")

sys.meta_path.insert(0, Needy())
importing.import_pandera()
import pandera
assert "pandas" in sys.modules and "__getattr__" not in vars(pandera)
assert pandera.Column.__module__ == "pandera.api.pandas.components"
import pandera.polars as polars
"""
    run(code + AFTER)
