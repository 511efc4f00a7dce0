"""The numbers of several lists together: exact look-ups, every list named, and lists that are too old refused."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve.exceptions import UsageError
from leadsieve.suppression import ListFile, Suppression, SuppressionList, require_fresh

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _file(name="dnc.csv", *, days=0.0, dated=True, entries=1, unreadable=0):
    date = NOW - timedelta(days=days) if dated else None
    return ListFile(name=name, sha256="0" * 64, date=date, entries=entries, unreadable=unreadable)


def _list(name, *files, kept=True, campaign=None):
    return SuppressionList(name=name, kept=kept, campaign=campaign, files=files or (_file(),))


def _keys(*values):
    return np.array(values, np.uint64)


@given(
    st.lists(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=8), min_size=1, max_size=3), max_size=4), st.data()
)
def test_exactly_the_numbers_of_the_lists_are_found(lists, data):
    parts = [
        (_list(f"l{at}", *(_file(days=day) for day in range(len(files)))), [_keys(*keys) for keys in files])
        for at, files in enumerate(lists)
    ]
    suppression = pickle.loads(pickle.dumps(Suppression(parts)))
    held = {key for files in lists for keys in files for key in keys} - {0}
    others = data.draw(st.lists(st.integers(0, 2**64 - 1), max_size=8))
    asked = [*held, *others, 0]
    found = suppression.find(_keys(*asked))
    assert [position >= 0 for position in found.tolist()] == [key in held for key in asked]
    assert len(suppression) == len(held)
    told = suppression.describe(found[found >= 0]).to_pylist()
    for key, said in zip((key for key in asked if key in held), told, strict=True):
        labels = [
            f"list l{at} ({NOW - timedelta(days=day):%Y-%m-%d})"
            for at, files in enumerate(lists)
            for day, keys in enumerate(files)
            if key in keys
        ]
        assert said == "; ".join(labels)


def test_of_many_lists_every_one_is_named():
    parts = [(_list(str(at), kept=False), [np.arange(1, at + 2, dtype=np.uint64)]) for at in range(260)]
    suppression = Suppression(parts)
    (first,), (last,) = (suppression.describe(suppression.find(_keys(key))).to_pylist() for key in (1, 260))
    assert first == "; ".join(f"list {at}" for at in range(260))
    assert last == "list 259"


def test_a_list_that_holds_a_number_twice_is_named_once():
    one = _list("dnc", _file("a.csv"), _file("b.csv"))
    suppression = Suppression([(one, [_keys(5, 5), _keys(5)])])
    assert suppression.describe(suppression.find(_keys(5))).to_pylist() == ["list dnc (2026-11-22)"]


def test_without_a_number_nothing_is_found():
    for parts in ([], [(_list("x"), [_keys(0)])]):
        suppression = Suppression(parts)
        assert suppression.find(_keys(0, 1)).tolist() == [-1, -1]
        assert suppression.describe(np.zeros(0, np.int64)).to_pylist() == []


@pytest.mark.parametrize(
    ("files", "age"),
    [
        ((_file(days=3),), 3),
        ((_file(days=30), _file(days=2.9), _file(dated=False)), 2),
        ((_file(dated=False),), None),
        ((_file(days=-1),), 0),
    ],
)
def test_a_list_is_as_old_as_its_latest_file(files, age):
    assert _list("x", *files).age_days(NOW) == age


@pytest.mark.parametrize(
    ("file", "limit", "told"),
    [
        (_file(days=31), 30, "suppression list 'x' is 31 days old, more than the 30 that --suppress-max-age allows"),
        (_file(days=1), 0, "is 1 days old"),
        (_file(dated=False), 365, "suppression list 'x' has no date, and --suppress-max-age 365 asks for one"),
    ],
)
def test_stale_lists_are_refused(file, limit, told):
    with pytest.raises(UsageError, match=told) as caught:
        require_fresh([_list("fresh"), _list("x", file)], limit, NOW)
    assert caught.value.code == "invalid_option"


@pytest.mark.parametrize(("file", "limit"), [(_file(days=30.9), 30), (_file(days=0.5), 0), (_file(dated=False), None)])
def test_fresh_enough(file, limit):
    require_fresh([_list("x", file)], limit, NOW)


def test_what_run_json_says():
    one = _list("dnc", _file(days=2, entries=7, unreadable=1), _file("b", dated=False), campaign="summer")
    assert one.told(NOW) == {
        "list": "dnc",
        "campaign": "summer",
        "files": [
            {
                "name": "dnc.csv",
                "sha256": "0" * 64,
                "date": "2026-11-20T12:00:00+00:00",
                "age_days": 2,
                "entries": 7,
                "unreadable": 1,
            },
            {"name": "b", "sha256": "0" * 64, "date": None, "age_days": None, "entries": 1, "unreadable": 0},
        ],
    }
