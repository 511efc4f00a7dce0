"""The public face: which names there are, what importing them loads, and that errors survive pickling."""

import pickle
import subprocess
import sys

import pyarrow as pa
import pytest

import leadsieve as ls
from leadsieve import exceptions
from leadsieve_connectors import exceptions as connector_exceptions
from leadsieve_rules import exceptions as rules_exceptions


def test_the_names_are_these() -> None:
    assert ls.__all__ == [
        "Campaigns",
        "Explanation",
        "Inspection",
        "InternalError",
        "Interrupted",
        "KeptMapping",
        "LeadsieveError",
        "OutputError",
        "Part",
        "Profile",
        "Progress",
        "Run",
        "SourceError",
        "StateError",
        "TooManyRejected",
        "Tuning",
        "UsageError",
        "answer_schemas",
        "clean",
        "explain",
        "forget_mapping",
        "inspect",
        "mappings",
        "normalize_phones",
        "profile_template",
        "profiles",
        "report",
        "verify",
    ]
    assert all(getattr(ls, name).__doc__ for name in ls.__all__)
    with pytest.raises(AttributeError, match="claen"):
        _ = ls.claen


def test_importing_leadsieve_loads_nothing_heavy() -> None:
    code = "import sys, leadsieve; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"pyarrow", "numpy", "pandas", "polars", "pandera", "duckdb", "phonenumbers", "fsspec", "rich", "click"}
    assert heavy.isdisjoint(loaded)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['leadsieve', 'clean', '--help']\n"
        "from leadsieve.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = found.stdout.splitlines()[-1].split()
    assert {"pyarrow", "numpy", "pandas", "polars", "pandera", "duckdb", "phonenumbers"}.isdisjoint(loaded)


@pytest.mark.parametrize("module", [exceptions, connector_exceptions, rules_exceptions])
def test_every_exception_survives_pickling_and_stands_in_the_tree(module) -> None:
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    assert kinds
    for kind in kinds:
        assert kind.__name__ in module.__doc__
        error = kind("a message", "some_code")
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.message, again.code, str(again)) == (kind, "a message", "some_code", "a message")


def test_errors_of_the_packages_below_are_translated_once() -> None:
    with pytest.raises(ls.UsageError) as caught:
        ls.clean("a.csv", profile="voicegeni")
    assert isinstance(caught.value.__cause__, rules_exceptions.RulesError)
    with pytest.raises(ls.SourceError) as caught:
        ls.clean("no-such-file.csv")
    assert isinstance(caught.value.__cause__, connector_exceptions.ConnectorError)
    assert caught.value.exit_code == 3


def _frames() -> list[object]:
    import pandas as pd
    import polars as pl

    values = ["(202) 555-0123", None, "12"]
    return [
        values,
        pa.array(values),
        pa.chunked_array([values[:1], values[1:]]),
        pa.array(values, pa.large_string()),
        pa.array(values, pa.string_view()),
        pa.array(values).dictionary_encode(),
        pa.array(["x", *values]).slice(1),
        pd.Series(values),
        pd.Series(values, dtype="string"),
        pl.Series(values),
    ]


@pytest.mark.parametrize("number", range(10))
def test_phones_come_in_any_frame(number: int) -> None:
    table = ls.normalize_phones(_frames()[number], "US")
    assert table["e164"].to_pylist() == ["+12025550123", None, "+112"]
    assert table["reason"].to_pylist() == [None, "NOT_A_NUMBER", "TOO_SHORT"]


def test_phones_that_are_no_strings_are_refused() -> None:
    with pytest.raises(ls.UsageError, match="int64"):
        ls.normalize_phones([12025550123])
    with pytest.raises(ls.UsageError, match="GB"):
        ls.normalize_phones(["1"], "UK")
