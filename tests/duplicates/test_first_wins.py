"""First-wins: the vectorised set against a plain dictionary, however the rows are cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leadsieve.duplicates import FirstRows

_PIECES = st.lists(st.lists(st.integers(1, 30), max_size=40), max_size=12)


@given(_PIECES)
def test_the_first_row_of_a_number_is_found_again(pieces: list[list[int]]) -> None:
    first, expected, row = FirstRows(), {}, 0
    for piece in pieces:
        refs = np.arange(row + 1, row + 1 + len(piece), dtype=np.uint64)
        row += len(piece)
        got = first.claim(np.array(piece, np.uint64), refs)
        want = [expected.setdefault(key, ref) for key, ref in zip(piece, refs.tolist(), strict=True)]
        assert got.tolist() == want


@given(_PIECES, st.randoms(use_true_random=False))
def test_cutting_the_rows_differently_changes_nothing(pieces: list[list[int]], random) -> None:
    keys = np.array([key for piece in pieces for key in piece], np.uint64)
    refs = np.arange(1, len(keys) + 1, dtype=np.uint64)
    whole = FirstRows().claim(keys, refs)
    first, got, at = FirstRows(), [], 0
    while at < len(keys):
        end = at + random.randint(1, 9)
        got += first.claim(keys[at:end], refs[at:end]).tolist()
        at = end
    assert got == whole.tolist()


def test_keys_of_the_full_width_are_told_apart() -> None:
    # Valid numbers that agree in their low 50 bits.
    keys = np.array([4935171049746507, 431571422376011, 2**64 - 1, 2**63], np.uint64)
    refs = np.arange(1, 5, dtype=np.uint64)
    assert FirstRows().claim(keys, refs).tolist() == [1, 2, 3, 4]
