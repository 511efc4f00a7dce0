"""Users' schemas from files and objects: what is found, what is run, and how a wrong file is told."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys

import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pytest

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas import load_schema

HEAD = "from __future__ import annotations\nimport pandera.polars as pa\nimport polars as pl\n"
MODEL = "class Leads(pa.DataFrameModel):\n    tier: str = pa.Field(isin=['gold'], nullable=True)\n"
SCHEMA = "other = pa.DataFrameSchema({'x': pa.Column(int)})\n"
YAML = """
schema_type: polars_dataframe
version: 0.35.0
columns:
  tier:
    dtype: String
    nullable: true
    isin: [gold, silver]
    str_length: {min_value: 2, max_value: 6}
  score:
    dtype: Int64
    checks:
    - value: 9
      options: {check_name: less_than, raise_warning: true}
    - min_value: 1
      max_value: 5
      options: {check_name: in_range, ignore_na: false}
strict: false
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="rules.py"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return written


def rows(schema, **columns):
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    return [(f.code, f.detail, f.column, f.index.tolist(), f.severity) for f in schema.compiled.findings(table)]


def test_a_file_with_one_schema_needs_no_name(write):
    schema = load_schema(write(HEAD + MODEL))
    assert (schema.name, schema.file) == ("rules.py:Leads", "rules.py")
    assert schema.sha256 == hashlib.sha256(f"\n{HEAD}{MODEL}".encode()).hexdigest()
    assert rows(schema, tier=["gold", "tin", None]) == [("check_failed", "isin", "tier", [1], None)]


@pytest.mark.parametrize(("name", "column"), [("Leads", "tier"), ("other", "x")])
def test_of_several_schemas_one_is_named(write, name, column):
    path = write(HEAD + MODEL + SCHEMA)
    schema = load_schema(f"{path}:{name}")
    assert list(schema.compiled.schema.columns) == [column]
    assert schema.given == f"{path}:{name}"
    assert schema.sha256 != load_schema(f"{path}:{'other' if name == 'Leads' else 'Leads'}").sha256
    again = pickle.loads(pickle.dumps(schema.compiled))
    assert list(again.schema.columns) == [column]


def test_a_file_whose_name_holds_a_colon_is_itself(tmp_path, write):
    assert load_schema(write(HEAD + MODEL, "a:b.py")).given == str(tmp_path / "a:b.py")


WRONG = [
    ("x = (\n", "rules.py: SyntaxError: '(' was never closed (rules.py, line 1); correct the file"),
    ("\nimport no_such_package\n", "No module named 'no_such_package' (rules.py, line 2); install it"),
    ("\n\nraise RuntimeError('first\\nsecond')\n", "rules.py: RuntimeError: first (rules.py, line 3)"),
    ("import sys\nsys.exit(3)\n", "rules.py: SystemExit: 3 (rules.py, line 2)"),
    ("def f():\n    return 1 / 0\nf()\n", "ZeroDivisionError: division by zero (rules.py, line 2)"),
    ("x = 1\n", "there is no schema in it; write a DataFrameModel or a DataFrameSchema of pandera.polars"),
    (HEAD + MODEL + SCHEMA, "holds several schemas, 'Leads', 'other'; say which, as rules.py:NAME"),
    ("import pandera.pandas as pa\n" + SCHEMA, "DataFrameSchema is no schema of the polars API"),
    (HEAD + "class A(pa.DataFrameModel):\n    x: 'nothing'\n", "rules.py:A:"),
    (HEAD + MODEL + "    @classmethod\n    def validate(cls, *a, **k): ...\n", "it has a validate of its own"),
]


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[told[:30] for _, told in WRONG])
def test_a_wrong_file_is_one_line(write, text, told):
    with pytest.raises(InvalidSchema) as caught:
        load_schema(write(text))
    assert told in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.code == "invalid_schema"


def test_names_and_files_that_are_not_there(write, tmp_path):
    path = write(HEAD + MODEL)
    for given, told in [
        (f"{path}:Laeds", r"there is no 'Laeds' in it \(did you mean 'Leads'\?\); it has 'Leads'"),
        (str(tmp_path / "none.py"), "cannot be read as a schema: No such file"),
        (str(tmp_path), "a schema is a Python file"),
        (write("x: 1", "rules.toml"), "a schema is a Python file"),
        (f"{write(YAML, 'a.yaml')}:Leads", "leave :Leads away"),
        (b"rules.py", "bytes is no schema of the polars API"),
        (pl.DataFrame, "DataFrame is no schema of the polars API"),
    ]:
        with pytest.raises(InvalidSchema, match=told):
            load_schema(given)
    (tmp_path / "latin.py").write_bytes(b"# \xe9\n")
    with pytest.raises(InvalidSchema, match="give a file of UTF-8 text"):
        load_schema(tmp_path / "latin.py")


def test_what_a_file_prints_is_no_output(write, capsys):
    load_schema(write(HEAD + "print('hello')\n" + MODEL))
    assert capsys.readouterr().out == ""


def test_yaml_is_read_by_pandera(write):
    schema = load_schema(write(YAML, "rules.yaml"))
    assert rows(schema, tier=["gold", "x", None], score=["9", None, "x"]) == [
        ("check_failed", "isin", "tier", [1], None),
        ("check_failed", "str_length", "tier", [1], None),
        ("missing_value", None, "score", [1], None),
        ("invalid_value", "Int64", "score", [2], None),
        ("check_failed", "less_than", "score", [0], "warn"),
        ("check_failed", "in_range", "score", [0, 1], None),
    ]
    assert pickle.loads(pickle.dumps(schema)).sha256 == schema.sha256


def test_what_to_yaml_writes_is_read(write):
    schema = pandera.DataFrameSchema(
        {"x": pandera.Column(int, [pandera.Check.gt(1), pandera.Check.isin([2, 3], error="odd one")], required=False)}
    )
    again = load_schema(write(schema.to_yaml(), "x.yml"))
    assert rows(again, x=["1", "2"]) == rows(load_schema(schema), x=["1", "2"])


BAD_YAML = [
    ("a: [", "line 1: this is no YAML that holds only data"),
    ("!!python/object/apply:os.system ['touch {run}']", "could not determine a constructor"),
    ("- 1", "schema_type is None; write schema_type: polars_dataframe"),
    ("schema_type: dataframe", "schema_type is 'dataframe'"),
    ("schema_type: polars_dataframe\ncolums: {}", "'colums' is unknown (did you mean 'columns'?)"),
    ("schema_type: polars_dataframe\ncolumns: {x: {isn: [1]}}", "column 'x': 'isn' is unknown (did you mean 'isin'?)"),
    ("schema_type: polars_dataframe\ncolumns: {x: {__init__: 1}}", "'__init__' is unknown"),
    ("schema_type: polars_dataframe\ncolumns: {x: {register_backend: 1}}", "'register_backend' is unknown"),
    (
        "schema_type: polars_dataframe\ncolumns: {x: {checks: [{value: 1, options: {check_name: mro}}]}}",
        "'mro' is unknown",
    ),
    (
        "schema_type: polars_dataframe\nchecks: [{value: 1, options: {check_name: gt, _check_fn: 1}}]",
        "'_check_fn' is unknown",
    ),
    ("schema_type: polars_dataframe\nchecks: {register_backend: 1}", "'register_backend' is unknown"),
    ("schema_type: polars_dataframe\nchecks: [1]", "a check has no options.check_name"),
    ("schema_type: polars_dataframe\ncolumns: {yes: {}}", "column 'True' must be a name"),
    ("schema_type: polars_dataframe\ncolumns: {x: {dtype: Nonsense}}", "rules.yaml: TypeError"),
    ("schema_type: polars_dataframe\ncolumns: {x: {dtype: '__import__(\"os\")'}}", "rules.yaml: TypeError"),
    ("schema_type: polars_dataframe\ncolumns: {x: {gt: {a: 1}}}", "rules.yaml: TypeError"),
    ("schema_type: polars_dataframe\nindex: [1]", "index is not of the polars API"),
    ("schema_type: polars_dataframe\ncolumns: {x: {unique: true}}", "unique compares rows"),
]


@pytest.mark.parametrize(("text", "told"), BAD_YAML, ids=[told[:40] for _, told in BAD_YAML])
def test_yaml_runs_nothing_and_takes_nothing_unknown(write, tmp_path, text, told):
    run = tmp_path / "was-run"
    with pytest.raises(InvalidSchema) as caught:
        load_schema(write(text.replace("{run}", str(run)), "rules.yaml"))
    assert told in caught.value.message
    assert "\n" not in caught.value.message
    assert not run.exists()


class Importable(pandera.DataFrameModel):
    x: int = pandera.Field(gt=1)


def test_objects_are_told_by_what_they_are_made_of(write):
    limit = 5

    def made(high=5, name="below", **column):
        check = pandera.Check(lambda d: d.lazyframe.select(pl.col(d.key) < high), name=name)
        return pandera.DataFrameSchema({"x": pandera.Column(int, check, **column)})

    def other():
        return pandera.DataFrameSchema(
            {"x": pandera.Column(int, pandera.Check(lambda d: d.lazyframe.select(pl.col(d.key) > limit), name="below"))}
        )

    same = load_schema(made()).sha256
    assert load_schema(made()).sha256 == same
    schemas = [made(6), made(name="b"), made(nullable=True), made(metadata={"severity": "warn"}), other(), Importable]
    assert len({same, *(load_schema(schema).sha256 for schema in schemas)}) == 7
    assert load_schema(Importable).name == "schema 'Importable'"
    assert pickle.loads(pickle.dumps(load_schema(Importable))).sha256 == load_schema(Importable).sha256


def test_the_name_of_an_object_is_the_same_in_every_process():
    code = (
        "import pandera.polars as pa, polars as pl\n"
        "from leadsieve_rules.schemas import load_schema\n"
        "WORDS = {'a', 'b', 'c', 'd'}\n"
        "f = lambda d: d.lazyframe.select(pl.col(d.key).is_in(sorted(WORDS)) | pl.lit('x' in {'p', 'q', 'r'}))\n"
        "print(load_schema(pa.DataFrameSchema({'x': pa.Column(str, [pa.Check(f), pa.Check.isin(['a'])])})).sha256)\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64
