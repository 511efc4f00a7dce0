"""The chunk: a piece of one source as Arrow, with its provenance and the records that could not be parsed beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Fault(StrEnum):
    """Why a record could not be parsed. The engine translates each into a reason code."""

    TOO_FEW_FIELDS = "too_few_fields"
    TOO_MANY_FIELDS = "too_many_fields"
    UNCLOSED_QUOTE = "unclosed_quote"
    STRAY_QUOTE = "stray_quote"
    UNDECODABLE_BYTES = "undecodable_bytes"
    RECORD_TOO_LARGE = "record_too_large"
    REPEATED_HEADER = "repeated_header"
    INVALID_JSON = "invalid_json"
    NOT_A_RECORD = "not_a_record"
    NOT_CORRECTED = "not_corrected"


#: The records of a chunk that could not be parsed: 1-based row number, 1-based physical line (null where the format
#: has none), the record's text as far as it can be shown, and the `Fault`.
BAD_RECORDS = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("line", pa.int64()),
        pa.field("raw", pa.string()),
        pa.field("fault", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records of one source, consecutive but for a source that is restored from a rejected file.

    Attributes:
        file: Ordinal of the source in the run, from 0.
        name: The source's name as outputs show it (`lead_file`).
        table: The records that parsed, under the source's own headers made unique. Text sources give `string`
            columns in which an empty cell is null; typed sources keep their types.
        rows: int64, as long as `table`: the 1-based row number of each record in its source, strictly increasing.
            Blank records are not rows.
        lines: int64, as long as `table`: the 1-based physical line on which each record starts; null where the
            format has no lines.
        bad: The records that could not be parsed, in the schema `BAD_RECORDS`, by row number. `rows` and
            `bad["row"]` together are consecutive within a source: no number is missing and none stands twice. In a
            `RestoredSource` they only increase: the rows of its file that were accepted before are not there.
        blank_records: How many records of the chunk had only empty or white-space cells, and so are not rows.
        nbytes: Bytes of the source that this chunk took, for progress.
    """

    file: int
    name: str
    table: pa.Table
    rows: pa.Array
    lines: pa.Array
    bad: pa.Table
    blank_records: int
    nbytes: int

    @property
    def num_rows(self) -> int:
        """Rows of the source in this chunk, parsed or not."""
        return int(self.table.num_rows) + int(self.bad.num_rows)
