"""What the environment may say of options, what of it is refused, and what is warned of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from leadsieve import UsageError

Parse = Callable[..., tuple[click.Context, Any]]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("ROWS", "many", "='many' is not a whole number; write it like 100"),
        ("DRY_RUN", "maybe", "='maybe' is neither yes nor no; give 1 or 0"),
        ("DUPLICATES", "fil", "='fil' is unknown (did you mean 'file'?); there are none, file, run, campaign, all"),
        ("SUPPRESS", "a.csv,,b.csv", " 'a.csv,,b.csv' is not a list of names"),
        ("SET", "a=1\nb=2", " 'a=1\\nb=2' is not a list of names"),
        ("SCHEMA", "rules.py", ": 'rules.py' is not YAML; a schema in Python is a program"),
        ("THREADS", "0", ": tuning threads=0 is not a whole number of 1 or more"),
        ("OVERWRITE", "1", ": --overwrite is taken from the command line only, since it replaces"),
        ("AGAIN", "1", ": --again is taken from the command line only"),
        ("SOURCE", "a.csv", ": SOURCE is taken from the command line only"),
        ("JSON", "1", ": --json is taken from the command line only"),
    ],
)
def test_what_is_wrong_names_the_variable(
    name: str, text: str, says: str, parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"LEADSIEVE_{name}", text)
    with pytest.raises(UsageError) as failed:
        parse("clean", "a.csv")
    assert failed.value.message.startswith(f"environment LEADSIEVE_{name}{says}")


@pytest.mark.parametrize(
    ("name", "warned"),
    [
        ("LEADSIEVE_REGOIN", "LEADSIEVE_REGOIN is no setting (did you mean 'LEADSIEVE_REGION'?), and was passed over"),
        ("LEADSIEVE_DEBUG", None),
        ("LEADSIEVE_CACHE_DIR", None),
        ("LEADSIEVE_TEST_SLOW", None),
        ("LEADSIEVE_CHUNK_BYTES", None),
        ("LEADSIEVE", None),
    ],
)
def test_a_variable_that_is_none_of_ours_is_warned_of(
    name: str, warned: str | None, parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "64")
    unknown = [line for line in parse("clean", "a.csv")[1].unknown if name in line]
    assert unknown == ([f"environment {warned}"] if warned else [])


def test_what_a_later_check_refuses_says_where_it_was_said(
    leadsieve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, folder: Any
) -> None:
    (folder / "a.csv").write_text("phone\n1\n")
    (folder / "leadsieve.toml").write_text('profile = "voicegeni"\n')
    shown = leadsieve("clean", "a.csv")
    assert shown.err.endswith(f"ending in .toml (profile: from {folder}/leadsieve.toml)\n")
    monkeypatch.setenv("LEADSIEVE_REGION", "XX")
    shown = leadsieve("clean", "a.csv", "--profile", "plain", "--json")
    assert shown.err.endswith("(region: from environment LEADSIEVE_REGION)\n")
    assert '"code": "invalid_option"' in shown.out
    assert "leadsieve.toml" not in leadsieve("clean", "a.csv", "--region", "YY", "--profile", "plain").err
    (folder / "leadsieve.toml").write_text('format = "csv"\n')
    shown = leadsieve("clean", "a.csv", "--region", "IN", "--map", "tel=phone_number")
    assert shown.err.splitlines()[-1].startswith("leadsieve: missing_phone_column: a.csv: ")
    assert "(format: from" not in shown.err
