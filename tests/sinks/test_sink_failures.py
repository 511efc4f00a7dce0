"""A file that cannot be finished is not there at all."""

from __future__ import annotations

import gc
import os
import stat
import subprocess
import sys
import textwrap

import pyarrow as pa
import pytest

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import open_sink

TABLE = pa.table({"a": [f"text {i * 7919}" for i in range(5_000)], "row": list(range(5_000))})
KINDS = pytest.mark.parametrize("kind", ["parquet", "csv"])


@KINDS
def test_a_finished_file_has_ordinary_permissions_less_the_umask(tmp_path, kind):
    umask = os.umask(0o027)
    try:
        sink = open_sink(tmp_path / "out", TABLE.schema, format=kind)
    finally:
        os.umask(umask)
    sink.close()
    assert stat.S_IMODE(sink.path.stat().st_mode) == 0o640


@KINDS
def test_an_abandoned_file_is_gone(tmp_path, kind):
    sink = open_sink(tmp_path / "out", TABLE.schema, format=kind, row_group_rows=1_000)
    sink.write(TABLE)
    sink.abandon()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SinkError, match="takes no more rows"):
        sink.write(TABLE)
    with pytest.raises(SinkError, match="takes no more rows"):
        sink.close()


@KINDS
def test_a_forgotten_sink_leaves_no_file(tmp_path, kind):
    sink = open_sink(tmp_path / "out", TABLE.schema, format=kind, row_group_rows=1_000)
    sink.write(TABLE)
    del sink
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@KINDS
def test_abandoning_a_finished_file_keeps_it(tmp_path, kind):
    sink = open_sink(tmp_path / "out", TABLE.schema, format=kind)
    sink.write(TABLE)
    sink.close()
    sink.abandon()
    assert sum(batch.num_rows for batch in sink.read_back(["row"])) == TABLE.num_rows


@KINDS
def test_a_killed_process_never_leaves_a_shorter_parquet_file(tmp_path, kind):
    script = f"""
        import os, signal, sys
        from pathlib import Path
        import pyarrow as pa
        from leadsieve_connectors.sinks import open_sink
        table = pa.table({{"a": [f"text {{i}}" for i in range(5000)]}})
        sink = open_sink(Path(sys.argv[1]), table.schema, format={kind!r}, row_group_rows=1000)
        sink.write(table)
        os.kill(os.getpid(), signal.SIGKILL) if sys.argv[2] == "kill" else sys.exit(0)
    """
    for ending in ("exit", "kill"):
        path = tmp_path / ending
        subprocess.run([sys.executable, "-c", textwrap.dedent(script), path, ending], check=False)
        if ending == "exit":
            assert not path.exists()
        elif kind == "parquet":
            assert path.stat().st_size > 4
            assert path.read_bytes()[-4:] != b"PAR1"


@KINDS
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path, kind):
    sink = open_sink(tmp_path / "out", TABLE.schema, format=kind, row_group_rows=1_000)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, sink._file.stream.fileno())
    os.close(full)
    with pytest.raises(SinkError) as caught:
        sink.write(TABLE)
    assert caught.value.code == "output_failed"
    assert str(sink.path) in caught.value.message
    assert "No space left on device" in caught.value.message
    assert "\n" not in caught.value.message
    assert not sink.path.exists()
    with pytest.raises(SinkError):
        sink.close()


@KINDS
def test_a_limit_on_file_sizes_is_an_error_that_names_the_file(tmp_path, kind):
    script = f"""
        import resource, sys
        from pathlib import Path
        import pyarrow as pa
        from leadsieve_connectors.exceptions import SinkError
        from leadsieve_connectors.sinks import open_sink
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        table = pa.table({{"a": [f"text {{i * 7919}}" for i in range(50_000)]}})
        sink = open_sink(Path(sys.argv[1]), table.schema, format={kind!r}, row_group_rows=1000)
        try:
            sink.write(table)
            sink.close()
        except SinkError as error:
            print(error.code, error.message)
    """
    path = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), path], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith(f"output_failed {path}: cannot be written: File too large.")
    assert not path.exists()


@KINDS
def test_nothing_is_written_over(tmp_path, kind):
    (tmp_path / "out").write_text("precious")
    with pytest.raises(SinkError, match="File exists"):
        open_sink(tmp_path / "out", TABLE.schema, format=kind)
    assert (tmp_path / "out").read_text() == "precious"


@KINDS
def test_a_missing_folder_is_an_error(tmp_path, kind):
    with pytest.raises(SinkError, match="No such file or directory"):
        open_sink(tmp_path / "absent" / "out", TABLE.schema, format=kind)


@KINDS
def test_an_open_file_cannot_be_read_back(tmp_path, kind):
    sink = open_sink(tmp_path / "out", TABLE.schema, format=kind)
    with pytest.raises(SinkError, match="before it is closed"):
        next(sink.read_back(["row"]))
    sink.abandon()


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(["a", None]),
        pa.array(["a", None]).dictionary_encode(),
        pa.DictionaryArray.from_arrays([0, 1], pa.array(["a", None])),
    ],
    ids=["plain", "encoded", "a null in the dictionary"],
)
def test_a_column_that_is_declared_to_have_a_value_in_each_row_takes_no_null(tmp_path, cells):
    schema = pa.schema([pa.field("a", pa.string(), nullable=False)])
    sink = open_sink(tmp_path / "out", schema, format="parquet")
    sink.write(pa.table({"a": cells}))
    with pytest.raises(SinkError, match="column 'a' has no value in some row"):
        sink.close()
    assert list(tmp_path.iterdir()) == []
