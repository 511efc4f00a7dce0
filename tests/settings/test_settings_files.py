"""Which settings file is taken, what its paths mean, and what is refused in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from leadsieve import UsageError
from leadsieve.settings_file import find_settings_file

Parse = Callable[..., tuple[click.Context, Any]]


def _found(folder: Path) -> tuple[str | None, dict[str, Any]]:
    file = find_settings_file()
    return (None, {}) if file is None else (file.path.relative_to(folder).as_posix(), dict(file.values))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"leadsieve.toml": "rows = 1"}, "leadsieve.toml"),
        ({"a/leadsieve.toml": "rows = 1", "leadsieve.toml": ""}, "a/leadsieve.toml"),
        ({"leadsieve.toml": "rows = 1", "a/b/pyproject.toml": '[project]\nname = "leadsieve"'}, "leadsieve.toml"),
        ({"leadsieve.toml": "", "a/pyproject.toml": "[tool.leadsieve]\nrows = 1"}, "a/pyproject.toml"),
        ({"a/leadsieve.toml": "rows = 1", "a/pyproject.toml": "[tool.leadsieve]\nrows = 2"}, "a/leadsieve.toml"),
        # What is broken and none of our business is passed over.
        ({"a/pyproject.toml": "[tool", "leadsieve.toml": "rows = 1"}, "leadsieve.toml"),
        ({"leadsieve.toml": "\ufeffrows = 1"}, "leadsieve.toml"),
    ],
    ids=["none", "own", "nearest", "project without", "project", "both", "broken project", "byte order mark"],
)
def test_the_nearest_file_is_taken(
    files: dict[str, str], expected: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder / "a" / "b")
    assert _found(folder) == (expected, {"rows": 1} if expected else {})


def test_a_project_file_that_is_passed_over_is_named(folder: Path, leadsieve: Callable[..., Any]) -> None:
    (folder / "leadsieve.toml").write_text("")
    (folder / "pyproject.toml").write_text('[tool.leadsieve]\nregion = "IN"\n')
    shown = leadsieve("clean", "--print-config")
    assert f"settings from {folder}/leadsieve.toml (not from {folder}/pyproject.toml beside it): none" in shown.err


def test_a_file_of_somebody_else_above_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "inner").mkdir()
    (folder / "leadsieve.toml").write_text("rows = 1")
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    monkeypatch.chdir(folder / "inner")
    assert _found(folder)[0] == "leadsieve.toml"  # of the owner of the working folder
    seen, stat = [], Path.stat

    def as_if(path: Path, **options: Any) -> os.stat_result:
        found = stat(path, **options)
        if path == folder / "leadsieve.toml":
            seen.append(path)
            return os.stat_result((*found[:4], 77, *found[5:10]))
        return found

    monkeypatch.setattr(Path, "stat", as_if)
    assert find_settings_file() is None
    assert seen
    assert "belongs to another user" in caplog.text
    monkeypatch.chdir(folder)
    assert _found(folder)[0] == "leadsieve.toml"  # the working folder itself is the user's choice


def test_no_file_where_the_working_folder_is_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    assert find_settings_file() is None


def test_paths_are_of_the_file(folder: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "leadsieve.toml").write_text(
        'state = "s.duckdb"\nout = "o/"\nprompt = "/p.txt"\nschema = "rules.yaml:Leads"\nprofile = "mine.toml"\n'
        'suppress = ["~/dnc.csv", "@kept", "s3://bucket/x.csv", "lists/*.csv"]\n'
    )
    (folder / "a" / "b").mkdir(parents=True)
    monkeypatch.setenv("HOME", "/somewhere")
    names = ("state", "out", "prompt", "schema", "profile", "suppress")
    expected = {
        ".": ("s.duckdb", "o/", "/p.txt", "rules.yaml:Leads", "mine.toml", "lists/*.csv"),
        "a/b": (
            "../../s.duckdb",
            "../../o/",
            "/p.txt",
            "../../rules.yaml:Leads",
            "../../mine.toml",
            "../../lists/*.csv",
        ),
    }
    for inner, (*paths, glob) in expected.items():
        monkeypatch.chdir(folder / inner)
        context, _ = parse("clean")
        suppress = ("/somewhere/dnc.csv", "@kept", "s3://bucket/x.csv", glob)
        assert [context.params[name] for name in names] == [*paths, suppress]
    (folder / "leadsieve.toml").write_text('profile = "voicegenie"\n')
    assert parse("clean")[0].params["profile"] == "voicegenie"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("regoin = 'IN'", "regoin is no setting (did you mean 'region'?); there are batches, "),
        ("region = 5", 'region = 5 is not text; write it like region = "..."'),
        ("rows = 'many'", "rows = 'many' is not a whole number; write it like rows = 100"),
        ("rows = true", "rows = true is not a whole number"),
        ("dry_run = 1", "dry_run = 1 is neither true nor false; write it like dry_run = true"),
        ("format = 'xsl'", "format = 'xsl' is unknown"),
        ("duplicates = 'fil'", "duplicates = 'fil' is unknown (did you mean 'file'?); there are none, file, run, "),
        ("columns = 3", "columns = 3 is no list; write it like columns = ["),
        ("columns = ['a', 3]", "columns, one of it = 3 is not text"),
        ("suppress = {a = 1}", "suppress = {'a': 1} is no list"),
        ("map = 'A=name'", "map = 'A=name' is no table; write [map], and a line KEY = VALUE for each"),
        ("[map]\nA = 3", 'map: \'A\' = 3 is not the name of a field; write it like "Mobile No" = "phone_number"'),
        ("[set]\na = [1.5]", "set: a is no text, number, true, false, or list of texts or whole numbers"),
        ("[fail_over]\nx = []\ny = [{}]", "fail_over: y is no text"),
        ("overwrite = true", "overwrite: --overwrite is taken from the command line only, since it replaces what"),
        ("sources = 'a.csv'", "sources: SOURCE is taken from the command line only"),
        ("show_values = true", "show_values: --show-values is taken from the command line only"),
        ("schema = 'rules.py'", "schema: 'rules.py' is not YAML; a schema in Python is a program"),
        ("schema = 'rules.py:x.yaml.py'", "is not YAML"),
        ("tuning = 3", "tuning=3 is no table; write [tuning], and the values below it"),
        ("[tuning]\nthread = 3", "tuning 'thread' is unknown (did you mean 'threads'?); there are chunk_bytes, "),
        ("[tuning]\nthreads = 'no'", "tuning threads='no' is not a whole number of 1 or more"),
        ("rows = ", "is not TOML: "),
    ],
)
def test_what_is_wrong_names_file_key_value_and_what_is_allowed(
    text: str, says: str, folder: Path, parse: Parse, leadsieve: Callable[..., Any]
) -> None:
    (folder / "leadsieve.toml").write_text(text)
    with pytest.raises(UsageError) as failed:
        parse("clean", "a.csv")
    assert failed.value.message.startswith(f"{folder}/leadsieve.toml: ")
    assert says in failed.value.message
    for command in (("clean", "a.csv"), ("verify", "out")):
        shown = leadsieve(*command)
        assert shown.code == 2
        assert shown.err == f"leadsieve: invalid_option: {failed.value.message}\n"


def test_tool_leadsieve_must_be_a_table(folder: Path, parse: Parse) -> None:
    (folder / "pyproject.toml").write_text("tool.leadsieve = 3")
    with pytest.raises(UsageError, match=r"pyproject\.toml: tool\.leadsieve=3 is no table"):
        parse("clean")


def test_a_file_that_cannot_be_read_is_an_error(folder: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "leadsieve.toml").write_text("")

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UsageError, match=r"leadsieve\.toml: cannot be read: Permission denied"):
        parse("clean")


def test_help_is_given_whatever_the_file_says(folder: Path, leadsieve: Callable[..., Any]) -> None:
    (folder / "leadsieve.toml").write_text("nonsense")
    shown = leadsieve("clean", "--help")
    assert (shown.code, shown.err) == (0, "")
    assert "--print-config" in shown.out


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("kind", ["folder", "link", "loop", "pipe"])
def test_what_has_the_name_and_is_no_file_is_refused(
    kind: str, below: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "leadsieve.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(folder / "nowhere" if kind == "link" else path)
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner" if below else folder)
    with pytest.raises(UsageError) as failed:
        find_settings_file()
    what = "a link to no file" if kind in ("link", "loop") else "no file"
    assert failed.value.message == (
        f"{path}: is {what}, so no settings can be read from it; mend that, or move it away"
    )


def test_values_too_deep_to_be_read_are_refused(folder: Path) -> None:
    (folder / "leadsieve.toml").write_text(f"x = {'[' * 100_000}")
    with pytest.raises(UsageError, match="its values stand too deep in one another; mend it, or move it away"):
        find_settings_file()
