"""The static set of keys against plain dictionaries: sorted or compiled, whole or in parts, the very same positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve import keyset
from leadsieve.exceptions import InternalError
from leadsieve.keyset import KeySet, Part, mix

_KEYS = st.lists(st.one_of(st.integers(0, 40), st.integers(0, 2**64 - 1)), max_size=60)


@pytest.fixture(params=[False, True], ids=["sorted", "compiled"], scope="module")
def compiled(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyset, "use_kernel", lambda _: request.param)
        yield request.param


@given(keys=_KEYS, sought=_KEYS)
def test_a_set_finds_its_keys_and_no_other(compiled: bool, keys: list[int], sought: list[int]) -> None:
    made = KeySet.of(np.array(keys, np.uint64))
    inside = sorted(set(keys), key=lambda key: int(mix(np.array([key], np.uint64))[0]))
    places = {key: place for place, key in enumerate(inside)}
    found = made.find(np.array(sought + keys, np.uint64))
    assert found.dtype == np.int64
    assert found.tolist() == [places.get(key, -1) for key in sought + keys]
    assert len(made) == len(places)


@given(pairs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 90_000)), max_size=60), cut=st.integers(1, 9))
def test_of_one_key_the_least_tag_is_kept(compiled: bool, pairs: list[tuple[int, int]], cut: int) -> None:
    keys, tags = (np.array(column, np.uint64) for column in (list(zip(*pairs, strict=True)) or [(), ()]))
    made = KeySet.read(
        lambda: ((keys[at : at + cut], tags[at : at + cut]) for at in range(0, len(keys), cut)),
        most=len(keys),
        tags=90_001,
    )
    expected = {key: min(tag for other, tag in pairs if other == key) for key, _ in pairs}
    assert made.find_tags(np.arange(31, dtype=np.uint64)).tolist() == [expected.get(key, -1) for key in range(31)]


@given(keys=_KEYS, bits=st.integers(0, 3))
def test_the_parts_of_the_key_space_hold_each_key_once(compiled: bool, keys: list[int], bits: int) -> None:
    array = np.array(keys, np.uint64)
    tags = np.zeros(len(array), np.uint64)
    parts = [KeySet.read(lambda: [(array, tags)], most=len(keys), part=Part(bits, v)) for v in range(1 << bits)]
    held = np.array([part.find(array) >= 0 for part in parts])
    assert (held.sum(axis=0) == 1).all()
    assert sum(len(part) for part in parts) == len(set(keys))


def test_many_keys_are_found_where_a_sorted_array_has_them(monkeypatch) -> None:
    dice = np.random.default_rng(5)
    keys = dice.integers(0, 10**17, 50_000).astype(np.uint64)
    sought = np.concatenate([keys[::7], dice.integers(0, 10**17, 5_000).astype(np.uint64)])
    compiled = KeySet.of(keys)
    monkeypatch.setattr(keyset, "use_kernel", lambda _: False)
    loose = KeySet.of(keys)
    expected = loose.find(sought)
    assert (expected >= 0).sum() >= len(keys[::7])
    assert compiled.find(sought).tolist() == expected.tolist()
    monkeypatch.setattr(keyset, "use_kernel", lambda _: True)
    assert loose.find(sought).tolist() == expected.tolist()  # brought into buckets at the first great look-up
    assert loose.nbytes == compiled.nbytes <= 19 * len(keys)


@pytest.mark.parametrize("tags", [2, 5_000, 100_000])
@pytest.mark.parametrize("copies", [1, 40])
def test_many_keys_in_many_copies_keep_their_least_tag(monkeypatch, tags: int, copies: int) -> None:
    """One scan will do, or one that finds a group full and then two, or two from the start for want of room for tags."""
    dice = np.random.default_rng(8)
    keys = np.repeat(dice.integers(0, 10**17, 60_000 // copies).astype(np.uint64), copies)
    given = dice.integers(0, tags, len(keys)).astype(np.uint64)
    scans = []

    def scan():
        scans.append(1)
        return ((keys[at : at + 7_000], given[at : at + 7_000]) for at in range(0, len(keys), 7_000))

    monkeypatch.setattr(keyset, "use_kernel", lambda _: True)
    made = KeySet.read(scan, most=len(keys), tags=tags, part=Part(1, 1))
    assert len(scans) == (2 if tags > 1 << 14 else 1 if copies == 1 else 3)
    monkeypatch.setattr(keyset, "use_kernel", lambda _: False)
    plain = KeySet.read(scan, most=len(keys), tags=tags, part=Part(1, 1))
    distinct = np.unique(keys)
    assert plain.find(distinct).tolist() == made.find(distinct).tolist()
    assert plain.find_tags(distinct).tolist() == made.find_tags(distinct).tolist()


def test_scans_that_differ_are_told() -> None:
    scans = iter([[1, 2, 3], [1, 2, 4]])
    many = np.arange(30_000, dtype=np.uint64) + np.uint64(1000)

    def scan():
        keys = np.concatenate([np.array(next(scans), np.uint64), many])
        return [(keys, np.zeros(len(keys), np.uint64))]

    with pytest.raises(InternalError, match="changed"):
        KeySet.read(scan, most=len(many) + 3, tags=1 << 15)  # more than one scan has room for
