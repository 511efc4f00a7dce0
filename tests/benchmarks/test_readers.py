"""The readers that are compared: every one of them reads all rows, and differing counts are told."""

from __future__ import annotations

import pytest

from benchmarks import formats, text
from benchmarks.data import lead_file
from benchmarks.readers import lines_of, measure_readers


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


def test_costs_are_the_medians_of_the_rounds(leads):
    taken = measure_readers(["polars", "pyarrow"], "benchmarks.text", leads, threads=1, rounds=2)
    lines = lines_of(taken, {"file": "plain"}, "reader", 300)
    assert [line.labels for line in lines] == [{"file": "plain", "reader": name} for name in ("polars", "pyarrow")]
    assert lines[0].figures["cpu_ratio"] == 1
    for line in lines:
        assert len(line.rounds) == 2
        assert sum(one["cpu"] for one in line.rounds) / 2 == pytest.approx(line.figures["cpu"])
        assert line.figures["row"] == line.figures["cpu"] / 300


def test_readers_that_do_not_agree_are_told(leads, monkeypatch):
    import json

    from benchmarks import readers

    def disagree(command, **_):
        name, result = command[3], command[6]
        result.write_text(json.dumps({"rows": 300 if name == "polars" else 299, "start": 0, "cpu": 1, "wall": 1}))
        return type("Taken", (), {"peak_bytes": 1})

    monkeypatch.setattr(readers, "measure", disagree)
    with pytest.raises(RuntimeError, match=r"different numbers of rows: \[299, 300\]"):
        measure_readers(["polars", "pyarrow"], "benchmarks.text", leads, threads=1, rounds=1)
