"""In slices or all at once, loaded or looked up: every way of finding duplicates finds the same."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve import keyset
from leadsieve.duplicates import Contacts, Held, InMemory, Ordinals, Slices, first, slices
from leadsieve.exceptions import OutputError, SourceError
from leadsieve_connectors.campaigns import STATUSES

_DAY = datetime(2026, 3, 1, tzinfo=UTC)
_CONTACT = st.tuples(st.integers(1, 25), st.integers(1, 6), st.integers(0, 7), st.integers(0, 9))
_FILES = st.lists(st.lists(st.lists(st.integers(1, 25), max_size=8), max_size=3), min_size=1, max_size=4)
#: Runs 3 and 6 belong to no campaign that counts; run 4 stands before run 2, being the first campaign's.
_SPRING, _AUTUMN = {4: "run-4", 1: "run-1"}, {2: "run-2", 5: "run-5"}
_HELD = [Held("spring", _SPRING), Held("autumn", _AUTUMN)]


@pytest.fixture(params=[False, True], ids=["plain", "compiled"], scope="module")
def compiled(request):
    with pytest.MonkeyPatch.context() as patch:
        for module in (keyset, first):
            patch.setattr(module, "use_kernel", lambda _: request.param)
        yield


def _batches(contacts: list[tuple[int, int, int, int]]) -> list[pa.RecordBatch]:
    made = []
    for start in range(0, len(contacts), 5):
        keys, seqs, codes, days = zip(*contacts[start : start + 5], strict=True)
        status = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(STATUSES))
        since = pa.array([_DAY + timedelta(days=day) for day in days], pa.timestamp("us", "UTC"))
        columns = [pa.array(keys, pa.uint64()), pa.array(seqs, pa.int32()), status, since]
        made.append(pa.RecordBatch.from_arrays(columns, names=["key", "run_seq", "status", "since"]))
    return made


def _contacts(
    given: list[tuple[int, int, int, int]], statuses: set[str], after: datetime | None, uncounted: tuple[str, ...] = ()
) -> Contacts:
    return Contacts(
        held=[Held("spring", _SPRING), Held("autumn", _AUTUMN, uncounted)],
        total=lambda: len(given),
        read=lambda: _batches(given),
        lookup=lambda keys: _batches([one for one in given if one[0] in set(keys.tolist())]),
        statuses=statuses,
        after=after,
    )


def _ask(finder, files, chunks):
    """Ask for every chunk of every file; row numbers leave gaps, as rejected rows do."""
    ordinals, told = Ordinals([f"{number}.csv" for number in range(len(files))]), []
    for file, row, keys in chunks:
        own = ordinals.of(file, np.arange(row, row + 2 * len(keys), 2))
        found = finder.find(file, np.array(keys, np.uint64), own)
        told.append((own.tolist(), found.owners.tolist(), found.tags.tolist()))
    return told, ordinals


def _chunks(files):
    for file, chunks in enumerate(files):
        row = 1
        for keys in chunks:
            yield file, row, keys
            row += 2 * len(keys)


@given(
    files=_FILES,
    held=st.lists(_CONTACT, max_size=40, unique_by=lambda one: one[:2]),
    statuses=st.sets(st.sampled_from(STATUSES), min_size=1),
    uncounted=st.sets(st.sampled_from(STATUSES), max_size=4).map(tuple),
    age=st.none() | st.integers(-1, 9),
    scope=st.sampled_from(["file", "run", "campaign"]),
    memory=st.sampled_from([0, 40, 1 << 20]),
)
def test_every_way_finds_the_same(
    compiled, tmp_path_factory, files, held, statuses, uncounted, age, scope, memory
) -> None:
    after = None if age is None else _DAY + timedelta(days=age)
    contacts = _contacts(held, statuses, after, uncounted) if scope == "campaign" else None
    held = [one for one in held if one[1] not in _AUTUMN or STATUSES[one[2]] not in uncounted]
    chunks = list(_chunks(files))
    expected = _plainly(chunks, scope, [] if contacts is None else held, statuses, after)
    keys = np.array([key for _, _, keys in chunks for key in keys], np.uint64)
    ways = [InMemory(scope, None if contacts is None else how(contacts, keys), 1 << 20, 0) for how in (_load, _only)]
    with Slices(scope, contacts, tmp_path_factory.getbasetemp(), memory) as sliced:
        ordinals = Ordinals([""] * len(files))
        for file, row, given_keys in chunks:
            sliced.add(np.array(given_keys, np.uint64), ordinals.of(file, np.arange(row, row + 2 * len(given_keys), 2)))
        sliced.settle(ordinals)
        for way in (*ways, sliced):
            told, _ = _ask(way, files, chunks)
            assert told == expected
        sliced.finish()


def _load(contacts, _):
    return contacts.load()


def _only(contacts, keys):
    return contacts.only(keys)


def _plainly(chunks, scope, held, statuses, after):
    """Say it row by row, in plain Python."""
    order = [seq for one in _HELD for seq in sorted(one.runs)]
    tags: dict[int, int] = {}
    for key, seq, code, day in held:
        if seq in order and STATUSES[code] in statuses and (after is None or _DAY + timedelta(days=day) > after):
            tag = order.index(seq) * len(STATUSES) + code
            tags[key] = min(tag, tags.get(key, tag))
    ordinals, seen, told = Ordinals([""] * 9), {}, []
    for file, row, keys in chunks:
        own = ordinals.of(file, np.arange(row, row + 2 * len(keys), 2)).tolist()
        owners = [seen.setdefault((file if scope == "file" else 0, key), n) for key, n in zip(keys, own, strict=True)]
        hits = [tags.get(k, -1) if o == n else -1 for k, o, n in zip(keys, owners, own, strict=True)]
        told.append((own, owners, hits))
    return told


def test_contacts_are_named_by_campaign_run_and_status() -> None:
    contacts = _contacts([(7, 4, 2, 0), (8, 2, 0, 0), (9, 3, 0, 0)], set(STATUSES), None)
    tags = contacts.load().find_tags(np.array([8, 7, 9, 8], np.uint64))
    assert contacts.describe(tags[[0, 1, 3]]).to_pylist() == [
        "campaign autumn, run run-2, pending",
        "campaign spring, run run-4, completed",
        "campaign autumn, run run-2, pending",
    ]
    assert tags[2] == -1
    assert contacts.count(tags[[0, 1, 3]]) == {2: 2, 4: 1}


def test_rows_are_named_by_file_and_row() -> None:
    ordinals = Ordinals(["a.csv", "empty.csv", "c.csv"])
    own = [ordinals.of(file, np.array(rows, np.int64)) for file, rows in ((0, [2, 9]), (1, []), (2, [1, 4]), (2, [5]))]
    assert ordinals.describe(np.concatenate(own)).to_pylist() == [
        "a.csv, row 2",
        "a.csv, row 9",
        "c.csv, row 1",
        "c.csv, row 4",
        "c.csv, row 5",
    ]


@pytest.mark.parametrize(("second", "rows"), [([1, 1], [1, 2]), ([1, 2, 1], [1, 2, 4]), ([1, 2, 1, 3], [1, 2, 3, 4])])
def test_sources_that_change_between_the_two_readings_are_told(tmp_path, second, rows) -> None:
    with Slices("run", None, tmp_path, 1 << 20) as sliced:
        ordinals = Ordinals(["a.csv"])
        sliced.add(np.array([1, 2, 1], np.uint64), ordinals.of(0, np.array([1, 2, 3])))
        sliced.settle(ordinals)
        sliced.find(0, np.array(second, np.uint64), Ordinals(["a.csv"]).of(0, np.array(rows)))
        with pytest.raises(SourceError) as told:
            sliced.finish()
        assert told.value.code == "source_changed"


def test_nothing_stands_in_the_folder_and_what_is_written_comes_back(tmp_path) -> None:
    dice = np.random.default_rng(1)
    pairs = dice.integers(0, 2**63, (5_000, 2)).astype(np.uint64)
    parts = dice.integers(0, 256, 5_000).astype(np.uint8)
    with slices.Spill(tmp_path, 0) as spill:
        for start in range(0, 5_000, 70):
            spill.add(parts[start : start + 70], pairs[start : start + 70, 0], pairs[start : start + 70, 1])
        assert list(tmp_path.iterdir()) == []
        for part in (0, 17, 255):
            one, two = spill.read(part)
            assert np.stack([one, two], axis=1).tolist() == pairs[parts == part].tolist()


def test_a_disk_that_refuses_is_an_error_of_the_outputs(tmp_path) -> None:
    with pytest.raises(OutputError) as told:
        Slices("run", None, tmp_path / "missing", 1)
    assert told.value.code == "output_failed"
