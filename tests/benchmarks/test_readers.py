"""The readers that are compared: every one of them reads all rows, and differing counts are told."""

from __future__ import annotations

import pytest

from benchmarks import formats, text
from benchmarks.data import lead_file
from benchmarks.readers import lay_out, measure_readers


@pytest.fixture(scope="module")
def leads(tmp_path_factory):
    return lead_file(tmp_path_factory.mktemp("leads"), 300, 1)


@pytest.mark.parametrize("variant", text.VARIANTS)
@pytest.mark.parametrize("reader", text.READERS)
def test_every_reader_of_text_reads_every_row(leads, variant, reader):
    assert text.READERS[reader](str(text.variant_file(leads, variant)), 1)() == 300


@pytest.mark.parametrize("ending", [name for name in formats.FORMATS if name in ("csv", "jsonl", "parquet")])
@pytest.mark.parametrize("reader", formats.READERS)
def test_every_reader_of_a_format_reads_every_row(leads, ending, reader):
    assert formats.READERS[reader](str(formats.format_file(leads, ending)), 1)() == 300


def test_costs_stand_in_a_table(leads):
    costs = list(measure_readers(["polars", "pyarrow"], "benchmarks.text", leads, "plain", threads=1, rounds=1))
    assert [(cost.file, cost.reader) for cost in costs] == [("plain", "polars"), ("plain", "pyarrow")]
    assert costs[0].ratio == 1
    assert len(lay_out(costs).splitlines()) == 3
