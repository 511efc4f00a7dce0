"""First-wins: the plain and the compiled table against a dictionary, however the rows are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve.duplicates import FirstRows, Outgrown, first

_PIECES = st.lists(st.lists(st.integers(1, 30), max_size=40), max_size=12)


@pytest.fixture(params=[False, True], ids=["plain", "compiled"], scope="module")
def compiled(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first, "use_kernel", lambda _: request.param)
        yield request.param


@given(pieces=_PIECES)
def test_the_first_row_of_a_number_is_found_again(compiled: bool, pieces: list[list[int]]) -> None:
    table, expected, row = FirstRows(1 << 21), {}, 0
    for piece in pieces:
        ordinals = np.arange(row + 1, row + 1 + len(piece), dtype=np.uint64)
        row += len(piece)
        got = table.claim(np.array(piece, np.uint64), ordinals)
        want = [expected.setdefault(key, own) for key, own in zip(piece, ordinals.tolist(), strict=True)]
        assert got.tolist() == want


@pytest.mark.parametrize("expected", [0, 60_000, 1_000_000])
def test_a_table_that_grows_keeps_every_number(monkeypatch, expected: int) -> None:
    dice = np.random.default_rng(3)
    keys = dice.integers(0, 150_000, 200_000).astype(np.uint64) * np.uint64(10**12 + 39)
    ordinals = np.sort(dice.choice(2**42 - 1, len(keys), replace=False).astype(np.uint64)) + np.uint64(1)
    owners = {}
    want = [owners.setdefault(key, own) for key, own in zip(keys.tolist(), ordinals.tolist(), strict=True)]
    table, got = FirstRows(50_000_000, expected), []
    for start in range(0, len(keys), 15_000):  # the first of these are few enough for a plain dictionary
        monkeypatch.setattr(first, "use_kernel", lambda _, start=start: start > 0)
        got += table.claim(keys[start : start + 15_000], ordinals[start : start + 15_000]).tolist()
    assert got == want
    assert table.nbytes < 50_000_000


@pytest.mark.parametrize("memory", [2_900_000, 50_000_000])
@pytest.mark.parametrize("expected", [0, 70_000, 100_000])
def test_numbers_that_were_not_expected_find_room_or_end_it(monkeypatch, memory: int, expected: int) -> None:
    monkeypatch.setattr(first, "use_kernel", lambda _: True)
    own = np.arange(1, 250_001, dtype=np.uint64)
    keys, table = own * np.uint64(10**12 + 39), FirstRows(memory, expected)
    if memory < 12 * len(own):
        with pytest.raises(Outgrown):
            table.claim(keys, own)
        return
    assert np.array_equal(table.claim(keys, own), own)
    assert np.array_equal(table.claim(keys[::-1], own), own[::-1])
    # A line of 64 bytes has five keys; what was left behind is counted too.
    assert 12 * len(own) <= table.nbytes <= memory


def test_keys_of_the_full_width_are_told_apart(compiled: bool) -> None:
    # Valid numbers that agree in their low 50 bits.
    keys = np.array([4935171049746507, 431571422376011, 2**64 - 1, 2**63, 0], np.uint64)
    own, table = np.arange(1, 6, dtype=np.uint64), FirstRows(1 << 21)
    assert table.claim(keys, own).tolist() == [1, 2, 3, 4, 5]
    assert table.claim(keys[::-1], own + np.uint64(5)).tolist() == [5, 4, 3, 2, 1]


def test_the_key_that_looks_like_free_room_is_a_key_wherever_it_comes(compiled: bool) -> None:
    """Of key 0 nothing is stored but its ordinal, and it shares a line with the keys whose mixed form begins alike."""
    own = np.arange(1, 150_001, dtype=np.uint64)
    keys = own * np.uint64(10**12 + 39)
    keys[70_000] = 0
    table = FirstRows(50_000_000)
    assert np.array_equal(table.claim(keys, own), own)
    assert np.array_equal(table.claim(keys[::-1], own), own[::-1])


@pytest.mark.parametrize("memory", [0, 10_000, 1_000_000])
def test_what_does_not_fit_is_told(compiled: bool, memory: int) -> None:
    own = np.arange(1, 100_001, dtype=np.uint64)
    with pytest.raises(Outgrown):
        FirstRows(memory).claim(own, own)
