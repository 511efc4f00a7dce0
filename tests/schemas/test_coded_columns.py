"""Columns that say one of a few things go to the outputs as codes, which a schema may have found."""

from __future__ import annotations

import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import leadsieve as ls
from leadsieve.config import Options
from leadsieve.kernel import judge
from leadsieve.prepare import prepare, read_options
from leadsieve.target import aim
from leadsieve_connectors.sources import open_sources
from leadsieve_rules.schemas import load_schema

ROWS = 25_000
#: Cells of a column in turn: with and without blanks, with cells longer than a word or two, and none but one.
CELLS = {
    "Full Name": ["Ann", " Bo ", "Zoë Çelik-Østergård", "", "a name of more than sixteen bytes"],
    "city": ["Pune", "Zürich", "El Paso", ""],
    "tag": ["cold", "   ", "", "hot "],
    "same": ["x"],
    "each": [f"cell {n}" for n in range(2_000)],
}


class Leads(pandera.DataFrameModel):
    """A check of the user's own for each column, so that each has its distinct cells found."""

    name: str = pandera.Field(nullable=True)
    city: str = pandera.Field(nullable=True)
    tag: str = pandera.Field(nullable=True)
    same: str = pandera.Field(nullable=True)
    each: str = pandera.Field(nullable=True)

    @pandera.check("^(name|city|tag|same|each)$", regex=True)
    def not_seven(cls, data):  # noqa: N805 - pandera gives the class
        """Refuse one cell."""
        return data.lazyframe.select(pl.col(data.key) != "cell 7")


@pytest.fixture(scope="module")
def leads(tmp_path_factory):
    table = pa.table(
        {
            "Mobile": [str(2_122_000_000 + row if row % 7 else 1) for row in range(ROWS)],
            **{name: [cells[row % len(cells)] for row in range(ROWS)] for name, cells in CELLS.items()},
        }
    )
    path = tmp_path_factory.mktemp("coded") / "leads.csv"
    pacsv.write_csv(table, path)
    return path


@pytest.mark.parametrize("schema", [None, Leads], ids=["no schema", "a schema"])
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_accepted_cells_are_those_of_the_source(leads, schema, kind):
    with ls.clean(leads, region="US", schema=schema, format=kind) as run:
        rows = run.accepted.to_arrow()
    places = [row - 1 for row in rows["lead_row"].to_pylist()]
    assert 20_000 < len(places) < ROWS
    for name, cells in CELLS.items():
        came = [cells[place % len(cells)] for place in places]
        column = "name" if name == "Full Name" else name
        want = [cell.strip() for cell in came] if column == "name" else came
        assert rows[column].to_pylist() == [cell or None for cell in want], name
        assert schema is None or "cell 7" not in came


@pytest.mark.parametrize(("schema", "coded"), [(None, set()), (Leads, {"name", "city", "same"})])
def test_a_schema_hands_on_distinct_cells_where_they_are_the_ones_that_came(leads, schema, coded):
    """A blank cell of `tag` is null in what the schema sees, and `each` has more cells than are told apart."""
    options = Options(sources=(str(leads),), region="US", schema=None if schema is None else load_schema(schema))
    with open_sources(options.sources, read_options(options)) as sources:
        plan, _ = prepare(sources, options, aim(options))
        (chunk,) = sources[0].chunks()
    assert set(judge(chunk, plan).coded) == coded
