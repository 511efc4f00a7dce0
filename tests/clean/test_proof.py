"""The proof: whatever is wrong in the written files ends the run."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from leadsieve.exceptions import InternalError
from leadsieve.ledger import FileCount, Ledger
from leadsieve.proof import prove

E164 = ["+12025550123", "+12025550124", "+12025550125"]


def _ledger() -> Ledger:
    files = [FileCount("a", rows=3, accepted=2, rejected=1), FileCount("b", rows=2, accepted=1, rejected=1)]
    return Ledger(files, reasons=Counter(invalid_phone=1, missing_phone=1), listed=3)


def _batches(files: list[str], rows: list[int], name: str, values: list[str], cut: int) -> list[pa.RecordBatch]:
    table = pa.table({"lead_file": files, "lead_row": pa.array(rows, pa.int64()), name: pa.array(values, pa.string())})
    return table.to_batches(max_chunksize=cut)


def _prove(
    *,
    read=(3, 2),
    a_files=("a", "a", "b"),
    a_rows=(1, 3, 2),
    numbers=tuple(E164),
    r_files=("a", "b"),
    r_rows=(2, 1),
    reasons=("invalid_phone", "missing_phone"),
    keys=(12025550123, 12025550124, 12025550125),
    errors=3,
    cut=10,
) -> None:
    accepted = _batches(list(a_files), list(a_rows), "phone_number", list(numbers), cut)
    rejected = _batches(list(r_files), list(r_rows), "reject_reason", list(reasons), cut)
    prove(read, _ledger(), [np.array(keys, np.uint64)], accepted, rejected, errors)


@pytest.mark.parametrize("cut", [1, 2, 10])
def test_a_whole_run_passes(cut: int) -> None:
    _prove(cut=cut)


@pytest.mark.parametrize("cut", [1, 10])
@pytest.mark.parametrize(
    "wrong",
    [
        {"a_rows": (1, 2, 2)},  # a row in both outputs
        {"a_rows": (1, 1, 2)},  # a row twice
        {"a_rows": (3, 1, 2)},  # out of order
        {"a_files": ("b", "a", "a"), "a_rows": (2, 1, 3)},  # files out of order
        {"a_rows": (1, 4, 2)},  # a row that is not there
        {"a_rows": (0, 3, 2)},
        {"a_files": ("a", "a", "c")},  # a file that is not there
        {"a_files": ("a", "a"), "a_rows": (1, 3), "numbers": E164[:2]},  # a row is missing
        {"numbers": (E164[1], E164[0], E164[2])},  # numbers exchanged between rows
        {"keys": (12025550123, 12025550124)},  # the campaign would gain less
        {"keys": (12025550123, 12025550124, 12025550125, 12025550126)},
        {"reasons": ("missing_phone", "missing_phone")},
        {"r_files": ("a",), "r_rows": (2,), "reasons": ("invalid_phone",)},
        {"errors": 2},
        {"read": (4, 2)},  # a row was read that nobody judged
        {"a_rows": (2, 3, 2), "r_rows": (1, 2)},
    ],
    ids=str,
)
def test_anything_that_is_wrong_fails(wrong: dict[str, object], cut: int) -> None:
    with pytest.raises(InternalError, match="nothing was published"):
        _prove(cut=cut, **wrong)
