"""The proof knows which rows of a file stood in a rejected file: these and no others are written, each once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from leadsieve.ledger import FileCount, Ledger
from leadsieve.proof import Unproven, compare

NUMBERS = {0: np.array([5, 9, 1 << 35])}


def _rejected(*rows: int) -> pa.RecordBatch:
    columns = [["a.csv"] * len(rows), list(rows), ["missing_phone"] * len(rows)]
    return pa.record_batch(columns, names=["lead_file", "lead_row", "reject_reason"])


def _compare(rejected: pa.RecordBatch) -> None:
    ledger = Ledger([FileCount("a.csv", rows=3, rejected=3, rejected_file="r.csv")], reasons=Counter(missing_phone=3))
    compare([3], ledger, [], [], [rejected], 0, row_numbers=NUMBERS)


def test_all_rows_of_the_rejected_file() -> None:
    _compare(_rejected(5, 9, 1 << 35))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((5, 7, 9), "a row was written that was not read"),
        ((1, 2, 3), "a row was written that was not read"),
        ((5, 9, (1 << 35) + 1), "a row was written that was not read"),
        ((9, 5, 1 << 35), "out of order"),
        ((5, 5, 9), "out of order"),
        ((5, 9), "the rejected file does not hold what the ledger counts"),
    ],
)
def test_other_rows(rows: tuple[int, ...], message: str) -> None:
    with pytest.raises(Unproven, match=message):
        _compare(_rejected(*rows))
