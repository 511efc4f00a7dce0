"""Email addresses: what email-validator says, at the cost of a pattern for nearly all of them."""

from __future__ import annotations

import string
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadsieve_rules.fields import emails
from leadsieve_rules.fields.emails import are_emails, is_email


def judged(*values: str | None) -> list[bool | None]:
    return are_emails(pl.Series(values, dtype=pl.String)).to_list()


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'neil@example.ie",
        "user@example.test",
        '"john smith"@example.com',
        '"a@b"@example.com',
        "用户@例子.公司",
        "用户@例子。公司",
        "jürgen@münchen.de",
        "δοκιμή@παράδειγμα.δοκιμή",
        "संपर्क@उदाहरण.भारत",
        "x@xn--p1ai.xn--p1ai",
        "x@a--b.com",
        "a" * 64 + "@example.com",
        "a@" + "b" * 63 + ".com",
    ],
)
def test_addresses(address: str) -> None:
    assert judged(address) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a@b", "@b.co", "a@", "a b@c.de", "a@b..de", ".a@b.de", "a.@b.de", "a..b@c.de", "a@-b.de", "a@b-.de",
        "a@b.d", "a@b.c0m@d.ef", "a@1.2.3.4", "a@[1.2.3.4]", "a@b.co\n", " a@b.co", "N/A", "a" * 250 + "@b.co",
        "a,b@c.de", "<a@b.co>", "A <a@b.co>", "a@b_c.de", "a@" + "b" * 64 + ".com", '"a"b@c.de', '"a@c.de', '""x@c.de',
        "mailto:a@b.co", "a@b.co;c@d.co", "a@xn--zzzzzz--.com", "jürgen@-münchen.de", "a\u200b@b\u200b.de", "a@\u0301b.de",
        "\ud7ff\u0080@b.de", "a@b.\u2024de", "u\u202e@b.de",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert judged(text) == [False]


def test_nulls_stay_and_many_are_judged_together() -> None:
    assert judged(None, "a@b.co", "no", '"a b"@c.de', None) == [None, True, False, True, None]
    assert judged() == []
    assert judged(None) == [None]


_LOCAL = st.text(string.ascii_letters + "0123456789.+-_'\"@ \\äß用", max_size=12) | st.just("a" * 65)
_DOMAIN = st.lists(st.text(string.ascii_lowercase + "09-_äß例.", max_size=8), max_size=4).map(".".join) | st.just(
    "b" * 64 + ".com"
)


@given(st.lists(st.builds("{}@{}".format, _LOCAL, _DOMAIN) | st.emails() | st.text(max_size=20), max_size=30))
@example(["a@b.com", "a@b--c.com", "a@b.c-d", '"@"@b.com'])
@settings(max_examples=300)
def test_never_wider_than_the_validator_and_only_narrower_by_name(values: list[str]) -> None:
    for value, good in zip(values, judged(*values), strict=True):
        if good:
            assert is_email(value)
        elif is_email(value):
            # A domain needs a dot, and its last label two characters.
            label = value.rpartition("@")[2].replace("。", ".").rpartition(".")
            assert not label[1] or len(label[2]) < 2


def test_a_value_is_asked_once_and_garbage_never(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(emails, "is_email", lambda value: asked.append(value) or True)
    judged(*(["jürgen@münchen.de", "no address", "a@b", "plain@example.com", "x" * 5000 + "é@b.de"] * 100))
    assert asked == ["jürgen@münchen.de"]


def test_the_validator_is_imported_for_the_residue_only() -> None:
    code = (
        "import sys, polars as pl; from leadsieve_rules.fields.emails import are_emails\n"
        "are_emails(pl.Series(['a@b.co', 'n/a'])); print('email_validator' in sys.modules)\n"
        "are_emails(pl.Series(['ü@b.co'])); print('email_validator' in sys.modules, 'dns' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert run.stdout.split() == ["False", "True", "False"]
