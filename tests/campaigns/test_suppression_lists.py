"""Suppression lists: files of numbers that hold for all campaigns or for one, under any name."""

from __future__ import annotations

import pytest

from leadsieve_connectors.campaigns import SUPPRESSED, SuppressionFile
from leadsieve_connectors.exceptions import SinkError, StateError


def test_a_file_is_read_back(book):
    added = book.suppress(5, 2**64 - 1, 5, unreadable=3, sha256="ab", source="a.csv")
    assert (added.id, added.list_name, added.campaign, added.entries, added.unreadable) == (1, "dnc", None, 2, 3)
    assert isinstance(added, SuppressionFile)
    assert (added.source, added.sha256, added.dated.day, added.added_at.day) == ("a.csv", "ab", 30, 1)
    assert book.state.suppressions() == [added]
    batches = list(book.state.suppressed([1]))
    assert all(batch.schema == SUPPRESSED for batch in batches)
    assert [row for batch in batches for row in batch.to_pylist()] in (
        [{"file_id": 1, "key": 5}, {"file_id": 1, "key": 2**64 - 1}],
        [{"file_id": 1, "key": 2**64 - 1}, {"file_id": 1, "key": 5}],
    )


def test_lists_hold_for_all_or_for_one_campaign(book):
    book.suppress(1)
    book.suppress(2, campaign="summer")
    book.suppress(3, campaign="winter", name="other")
    assert (book.suppressed(), book.suppressed("summer"), book.suppressed("winter")) == ([1], [1, 2], [1, 3])
    assert book.suppressed("spring") == [1]
    assert [file.campaign for file in book.state.suppressions()] == [None, "summer", "winter"]
    assert [file.campaign for file in book.state.suppressions("summer")] == ["summer"]
    assert list(book.state.suppressed([])) == []


def test_files_are_added_replaced_and_not_doubled(book):
    book.suppress(1, 2, sha256="a")
    book.suppress(2, 3, sha256="b")
    book.suppress(9, sha256="a", name="other")
    book.suppress(9, sha256="a", campaign="summer")
    assert book.suppressed() == [1, 2, 2, 3, 9]
    book.suppress(1, 2, sha256="a")
    assert [(file.sha256, file.list_name) for file in book.state.suppressions_for(None)] == [
        ("b", "dnc"), ("a", "other"), ("a", "dnc"),
    ]  # fmt: skip
    book.suppress(7, sha256="c", replace=True)
    assert (book.suppressed(), book.suppressed("summer")) == ([7, 9], [7, 9, 9])
    assert book.state.check() == []


def test_a_list_is_removed_with_all_its_files(book):
    first, second = book.suppress(1), book.suppress(2)
    own = book.suppress(3, campaign="summer")
    assert book.state.unsuppress("dnc") == [first, second]
    assert book.state.suppressions() == [own]
    with pytest.raises(
        StateError,
        match=r"no suppression list 'dnc' for all campaigns; name one of these: 'dnc' for campaign 'summer'$",
    ) as caught:
        book.state.unsuppress("dnc")
    assert caught.value.code == "invalid_option"
    assert book.state.unsuppress("dnc", "summer") == [own]
    with pytest.raises(StateError, match=r"name one of these: none$"):
        book.state.unsuppress("dnc", "summer")
    assert book.suppressed("summer") == []


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE suppressed; --",
        '"',
        "../../x",
        "*?[a]",
        "% _",
        "$list ? {0}",
        "सूची 😀",
        "",
        "nul\0l",
        "x" * 10_000,
    ],
)
def test_names_are_only_names(book, text):
    book.suppress(1, name="other", campaign="other")
    added = book.suppress(2, name=text, campaign=text, source=text, sha256=text)
    assert book.state.suppressions(text) == [added]
    assert (added.list_name, added.campaign, added.source, added.sha256) == (text,) * 4
    assert book.suppressed(text) == [2]
    assert book.state.unsuppress(text, text) == [added]
    assert book.suppressed("other") == [1]


@pytest.mark.parametrize("where", ["name", "campaign", "source"])
def test_text_that_is_not_unicode_is_refused(book, where):
    with pytest.raises(StateError, match="not valid Unicode") as caught:
        book.suppress(1, **{where: "a\udc80"})
    assert caught.value.code == "invalid_option"
    assert book.state.suppressions() == []


@pytest.mark.parametrize("failure", [SinkError("unreadable"), KeyboardInterrupt()])
def test_numbers_that_cannot_be_read_change_nothing(book, failure):
    def broken():
        raise failure
        yield

    first = book.suppress(1, sha256="a")
    with pytest.raises(type(failure)):
        book.state.suppress(
            "dnc", broken(), campaign=None, source="", sha256="a", dated=first.dated, added_at=first.dated,
            unreadable=0, replace=True,
        )  # fmt: skip
    assert book.state.suppressions() == [first]
    assert book.suppressed() == [1]
