"""The parts of a run: lazy, typed, taken as they are by what takes Arrow data, and gone when the run is closed."""

import gc

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import leadsieve as ls

ROWS = 40
LEADS = pa.table(
    {
        "phone": [*(f"+1202555{1000 + n}" for n in range(ROWS)), "12", "n/a"],
        "when": pa.array(range(1_770_000_000, 1_770_000_000 + ROWS + 2), pa.timestamp("s")),
        "n": pa.array(range(ROWS + 2), pa.int16()),
        "note": pa.array(["=1+1", "plain"] * (ROWS // 2 + 1)).dictionary_encode(),
    }
)
FORMATS = pytest.mark.parametrize("format_", ["parquet", "csv"])


@pytest.fixture(params=["parquet", "csv"])
def run(request):
    with ls.clean(LEADS, format=request.param) as run:
        yield run


def test_the_dataset_is_the_table_in_its_own_types(run):
    for part in (run.accepted, run.rejected, run.errors):
        table = part.to_arrow()
        assert table.schema == part.schema
        assert part.dataset().to_table() == table
        assert part.dataset().count_rows() == len(part) == table.num_rows
    assert run.accepted.schema.field("n").type == pa.int16()
    assert run.accepted.schema.field("when").type == pa.timestamp("s")
    assert run.accepted.to_arrow(["note"])["note"].to_pylist()[:2] == ["=1+1", "plain"]


def test_columns_and_rows_are_chosen(run):
    few = run.accepted.to_arrow(["n", "lead_row"], filter=(pc.field("n") < 3) & (pc.field("phone_number") != "x"))
    assert few.to_pydict() == {"n": [0, 1, 2], "lead_row": [1, 2, 3]}
    assert run.accepted.to_polars(["n"], pc.field("n") == 7).to_dicts() == [{"n": 7}]
    assert run.accepted.to_pandas(["n"])["n"].tolist() == list(range(ROWS))
    assert [batch.schema.names for batch in run.accepted.batches(["n"])] == [["n"]]
    for wrong in ("n", ["no"]):
        with pytest.raises(ls.UsageError, match=r"accepted\.(csv|parquet): phone_number"):
            run.accepted.to_arrow(wrong)


def test_whatever_takes_arrow_takes_a_part(run):
    part = run.accepted
    assert pl.DataFrame(part)["n"].to_list() == list(range(ROWS))
    assert pd.DataFrame.from_arrow(part)["n"].tolist() == list(range(ROWS))
    assert duckdb.sql("SELECT sum(n) FROM part").fetchall() == [(sum(range(ROWS)),)]
    assert pa.table(part) == pa.table(part)
    with ls.clean(part) as again:
        assert again.ledger["accepted"] == ROWS


def test_a_relation_reads_when_it_is_run(run):
    relation = run.accepted.to_duckdb().filter("n < 3").project("phone_number, note")
    assert relation.order("phone_number").fetchall() == [
        ("+12025551000", "=1+1"),
        ("+12025551001", "plain"),
        ("+12025551002", "=1+1"),
    ]
    with duckdb.connect() as connection:
        connection.sql("CREATE TABLE other AS SELECT 5 AS n")
        joined = run.accepted.to_duckdb(connection).join(connection.table("other"), "n").project("phone_number")
        assert joined.fetchall() == [("+12025551005",)]


def test_first_rows(run):
    assert run.accepted.head(2)["n"].to_pylist() == [0, 1]
    assert run.accepted.head(0).num_rows == run.accepted.head(-1).num_rows == 0
    assert run.rejected.head().num_rows == 2
    assert run.errors.head().schema == run.errors.schema


@FORMATS
def test_the_folder_stays_as_long_as_something_of_it_is_held(format_):
    relation = ls.clean(LEADS, format=format_).accepted.to_duckdb().filter("n = 1")
    dataset = ls.clean(LEADS, format=format_).accepted.dataset()
    gc.collect()
    assert [row[0] for row in relation.fetchall()] == ["+12025551001"]
    assert dataset.count_rows() == ROWS


@FORMATS
def test_the_parts_of_a_closed_run_say_so(format_):
    with ls.clean(LEADS, format=format_) as run:
        part = run.accepted
        part.dataset()
    asks = [
        part.to_arrow,
        part.to_polars,
        part.to_duckdb,
        part.dataset,
        part.head,
        lambda: part.path,
        lambda: pa.table(part),
    ]
    for ask in asks:
        with pytest.raises(ls.UsageError, match="the run is closed"):
            ask()
    assert "removed: the run is closed" in run._repr_html_()


def test_what_was_published_and_went_away_is_named(tmp_path):
    with ls.clean(LEADS, out=tmp_path / "out") as run:
        pass
    assert run.accepted.to_arrow().num_rows == ROWS
    (tmp_path / "out" / "accepted.parquet").unlink()
    for ask in (run.accepted.to_arrow, run.accepted.dataset):
        with pytest.raises(ls.OutputError, match=r"accepted\.parquet"):
            ask()


def test_a_part_at_a_url_is_brought_here():
    run = ls.clean(LEADS, out="memory://lazy-parts/out")
    assert run.accepted.to_duckdb().aggregate("count(*)").fetchall() == [(ROWS,)]
    assert "memory://lazy-parts/out/" in run._repr_html_()


@pytest.mark.parametrize(
    "frame",
    [
        LEADS.to_pandas(),
        pl.from_arrow(LEADS),
        LEADS,
        duckdb.from_arrow(LEADS),
        pl.from_arrow(LEADS).lazy(),
    ],
    ids=["pandas", "polars", "arrow", "duckdb", "lazy"],
)
def test_a_frame_is_cleaned_in_one_call(frame):
    with ls.clean(frame) as run:
        assert run.ledger["accepted"] == ROWS
        assert set(run.accepted.to_arrow()["lead_file"].to_pylist()) == {"frame"}
        assert run.errors.to_arrow(["lead_file", "lead_row"]).to_pylist()[0] == {"lead_file": "frame", "lead_row": 41}
    with pytest.raises(ls.SourceError, match=r"^frame: no phone column"):
        ls.clean(pa.table({"a": ["x"]}))
