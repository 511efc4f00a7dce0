"""What the tests of the sources share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from leadsieve_connectors.sources import ReadOptions, open_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Everything:
    """A whole source, as Python values."""

    name: str
    headers: tuple[str, ...]
    columns: list[str]
    dialect: dict[str, Any]
    rows: dict[int, tuple[Any, ...]]
    lines: list[int | None]
    bad: list[tuple[int, int, str, str]]
    blank: int
    nbytes: int
    size: int | None


def read_source(source: Any) -> Everything:
    """Read a source to its end."""
    read = Everything(
        source.name, source.headers, source.schema.names, dict(source.dialect), {}, [], [], 0, 0, source.size
    )
    for chunk in source.chunks():
        assert chunk.table.schema == source.schema
        cells = zip(*(column.to_pylist() for column in chunk.table.columns), strict=True)
        read.rows.update(zip(chunk.rows.to_pylist(), cells, strict=True))
        read.lines += chunk.lines.to_pylist()
        read.bad += [tuple(record.values()) for record in chunk.bad.to_pylist()]
        read.blank += chunk.blank_records
        read.nbytes += chunk.nbytes
    return read


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Everything]:
    """Give a function that writes bytes to a file and reads it as a source."""

    def write_and_read(data: bytes, name: str = "leads.csv", **options: Any) -> Everything:
        path = tmp_path / name
        path.write_bytes(data)
        with open_sources([str(path)], ReadOptions(**options)) as sources:
            return read_source(sources[0])

    return write_and_read
