"""Rows that are longer than the target system takes: no request can carry them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.requests.cells import cell_texts
from leadsieve.requests.lengths import row_lengths
from leadsieve.requests.members import contact_members, sent_columns
from leadsieve.requests.plan import RequestPlan


@dataclass(frozen=True, slots=True)
class RowLimit:
    """How many characters a row may have in a request, headers included.

    Attributes:
        most: So many.
        plan: What requests are made of.
        custom: For each source, which of its columns fills which custom column.
    """

    most: int
    plan: RequestPlan
    custom: Sequence[Mapping[str, str]]

    def long_rows(
        self, file: int, table: pa.Table, fields: Mapping[str, pa.Array]
    ) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Find the rows of a chunk that are too long.

        Args:
            file: Ordinal of their source.
            table: Their cells.
            fields: Their fields, numbers in E.164 among them.

        Yields:
            A column of accepted rows, and the positions of the rows that are too long and longest in that column.
        """
        columns = dict(fields) | {
            name: table.column(source).combine_chunks() for name, source in self.custom[file].items()
        }
        absent = pa.nulls(table.num_rows, pa.string())
        wanted = [source for member in contact_members(self.plan) for _, source in member.leaves()]
        sent = sent_columns({name: columns.get(name, absent) for name in wanted}, self.plan)
        index = np.flatnonzero(row_lengths(sent) > self.most)
        if not len(index):
            return
        rows = pa.array(index)
        counts = [pc.fill_null(pc.utf8_length(cell_texts(column.take(rows))), 0) for column in sent.values()]
        longest = np.argmax(np.stack([count.to_numpy(zero_copy_only=False) for count in counts]), axis=0)
        for place in np.unique(longest).tolist():
            yield wanted[place], index[longest == place]
