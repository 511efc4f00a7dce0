"""A finding: what one rule says about the rows of a chunk. Columnar, never one Python object a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Finding:
    """The rows of a chunk that one rule speaks of, all for the same reason.

    Attributes:
        code: A reason code of the reasons table.
        detail: The reason's detail (the kind of invalid number, the name of the failed check); None where it
            has none.
        column: The source column (or, where no single column is to blame, the field) that the rule looked at.
        index: int64 positions of the rows in the chunk's table, strictly increasing.
        values: string array as long as `index`: the cells as they came; None stands for nulls throughout.
        collides: string array as long as `index`: what each row collided with; None stands for nulls
            throughout.
        severity: "reject" or "warn" where the rule's own severity differs from the one of the reasons table;
            None takes the table's.
        note: What to add to the reason's message; None adds nothing.
        after: string array as long as `index`: what was read in place of each cell; None where nothing was repaired.
        perhaps: string array as long as `index`: what each cell was perhaps meant to be; nothing was changed.
    """

    code: str
    detail: str | None
    column: str
    index: npt.NDArray[np.int64]
    values: pa.Array | None = None
    collides: pa.Array | None = None
    severity: str | None = None
    note: str | None = None
    after: pa.Array | None = None
    perhaps: pa.Array | None = None
