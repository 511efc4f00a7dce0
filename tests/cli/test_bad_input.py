"""Bad input: one line on stderr with what to do next, the documented code and exit code, nothing published."""

import json
import os
from pathlib import Path

import pytest

_GOOD = "phone_number,name\n+12025550123,Ann\n"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the machine count."""
    for name in [name for name in os.environ if name.startswith("LEADSIEVE_")]:
        monkeypatch.delenv(name)


_CASES = [
    # name, files, arguments of clean, exit code, code, what the line must say
    ("no such file", {}, ["leeds.csv"], 3, "unreadable", ["leeds.csv"]),
    ("close name", {"leads.csv": _GOOD}, ["leeds.csv"], 3, "unreadable", ["leeds.csv", "leads.csv"]),
    ("sheet in the name", {"a.xlsx": _GOOD}, ["a.xlsx#May"], 3, "unreadable", ["a.xlsx --sheet 'May'"]),
    ("empty file", {"a.csv": ""}, ["a.csv"], 3, "empty_file", ["a.csv"]),
    ("blank lines only", {"a.csv": "\n\n \n"}, ["a.csv"], 3, "empty_file", ["a.csv"]),
    ("header only", {"a.csv": "phone,name\n"}, ["a.csv"], 3, "empty_file", ["a.csv"]),
    ("no phone column", {"a.csv": "city,name\nX,Y\n"}, ["a.csv"], 3, "missing_phone_column", ["city", "--map"]),
    ("two phone columns", {"a.csv": "Mobile,Telephone\n1,2\n"}, ["a.csv"], 3, "ambiguous_phone_column", ["--map 'Mobile=phone_number'"]),
    ("repeated phone column", {"a.csv": "phone,phone\n1,2\n"}, ["a.csv"], 3, "duplicate_header", ["phone"]),
    ("mapped column is missing", {"a.csv": _GOOD}, ["a.csv", "--map", "Mobil=phone_number"], 3, "missing_phone_column", ["Mobil"]),
    ("mapped field is unknown", {"a.csv": _GOOD}, ["a.csv", "--map", "name=nmae"], 2, "invalid_option", ["nmae"]),
    ("no region", {"a.csv": "phone\n2025550123\n"}, ["a.csv"], 3, "missing_region", ["'*******123'", "--region"]),
    ("unknown region", {"a.csv": _GOOD}, ["a.csv", "--region", "UK"], 2, "invalid_option", ["UK", "GB"]),
    ("unknown profile", {"a.csv": _GOOD}, ["a.csv", "--profile", "voicegeni"], 2, "invalid_profile", ["voicegenie"]),
    ("unknown setting", {"a.csv": _GOOD}, ["a.csv", "--profile", "voicegenie", "--set", "scriptid=1"], 2, "invalid_option", ["script_id"]),
    ("a secret", {"a.csv": _GOOD}, ["a.csv", "--profile", "voicegenie", "--set", "api_key=k"], 2, "invalid_option", ["secret"]),
    ("setting without a value", {"a.csv": _GOOD}, ["a.csv", "--set", "x"], 2, "invalid_option", ["KEY=VALUE"]),
    ("unknown option", {"a.csv": _GOOD}, ["a.csv", "--regoin", "US"], 2, "invalid_option", ["--region"]),
    ("unknown format", {"a.csv": _GOOD}, ["a.csv", "--format", "xml"], 2, "invalid_option", ["parquet"]),
    ("no source", {}, [], 2, "invalid_option", ["source"]),
    ("a share that is none", {"a.csv": _GOOD}, ["a.csv", "--fail-over", "much"], 2, "invalid_option", ["5%"]),
    ("two characters of delimiter", {"a.csv": _GOOD}, ["a.csv", "--delimiter", "||"], 2, "invalid_option", ["||"]),
    ("unknown encoding", {"a.csv": _GOOD}, ["a.csv", "--encoding", "utf9"], 2, "invalid_option", ["utf9"]),
    ("campaign with control characters", {"a.csv": _GOOD}, ["a.csv", "--campaign", "a\nb"], 2, "invalid_option", ["campaign"]),
    ("blank campaign", {"a.csv": _GOOD}, ["a.csv", "--campaign", " "], 2, "invalid_option", ["campaign"]),
    ("a campaign that must exist", {"a.csv": _GOOD}, ["a.csv", "--campaign", "x", "--existing-campaign"], 2, "invalid_option", ["x"]),
    ("a broken workbook", {"a.xlsx": "PK\x03\x04 \x00"}, ["a.xlsx"], 3, "malformed_file", ["a.xlsx"]),
    ("a header that is data", {"a.csv": "+12025550123,Ann\n+12025550124,Bob\n"}, ["a.csv"], 3, "missing_phone_column", ["--columns", "--map 'column_1=phone_number'", "--header"]),
    ("lines above the header", {"a.csv": "Export\n\nphone,name,city\n" + "+12025550123,Ann,Rome\n" * 5}, ["a.csv"], 3, "missing_phone_column", ["--skip-rows 2"]),
    ("too few names", {"a.csv": _GOOD}, ["a.csv", "--columns", "phone"], 2, "invalid_option", ["names 1", "2 cells"]),
    ("names that are none", {"a.csv": _GOOD}, ["a.csv", "--columns", "phone,,"], 2, "invalid_option", ["--columns"]),
    ("two lists of records", {"a.json": '{"a": [{"phone": "1"}], "b": [{"phone": "2"}]}'}, ["a.json"], 3, "ambiguous_records", ["--records-path"]),
    ("JSON that is none", {"a.json": "phone\n1\n"}, ["a.json"], 3, "malformed_file", ["a.json"]),
    ("a web page as a workbook", {"a.xls": "<html><table><tr><td>1</td></tr></table></html>"}, ["a.xls"], 3, "unsupported_format", ["HTML"]),
    ("gzip by name only", {"a.csv.gz": _GOOD}, ["a.csv.gz"], 3, "malformed_file", ["a.csv.gz"]),
    ("the same source twice", {"a.csv": _GOOD}, ["a.csv", "a.csv"], 2, "invalid_option", ["a.csv"]),
    ("region column that is missing", {"a.csv": _GOOD}, ["a.csv", "--region-column", "land"], 2, "invalid_option", ["land"]),
    ("broken Parquet", {"a.parquet": "PAR1 and no more PAR1"}, ["a.parquet"], 3, "malformed_file", ["a.parquet"]),
    ("a state that is none", {"a.csv": _GOOD, "s.duckdb": "no database at all, but long enough to be looked at"}, ["a.csv", "--campaign", "x", "--state", "s.duckdb"], 4, "state_corrupt", ["s.duckdb"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "arguments", "exit_code", "code", "says"), [c[1:] for c in _CASES], ids=[c[0] for c in _CASES]
)
def test_one_line_a_code_and_nothing_published(
    leadsieve, tmp_path: Path, files, arguments, exit_code, code, says
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, newline="")
    found = leadsieve("clean", *arguments, "--out", "out", "--json", "--quiet", folder=tmp_path)
    lines = found.err.splitlines()
    assert [found.code, len(lines)] == [exit_code, 1], found.err
    assert lines[0].startswith(f"leadsieve: {code}: ")
    for word in says:
        assert word in lines[0]
    told = json.loads(found.out)
    assert (told["code"], told["message"]) == (code, lines[0].removeprefix(f"leadsieve: {code}: "))
    assert not (tmp_path / "out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".out")]


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda out: (out.mkdir(), (out / "mine.txt").write_text("precious")), "output_exists"),
        (lambda out: out.write_text("precious"), "output_exists"),
        (lambda out: out.symlink_to(out.parent), "output_exists"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_what_leadsieve_did_not_publish_is_never_replaced(leadsieve, tmp_path: Path, prepare, code, more) -> None:
    (tmp_path / "a.csv").write_text(_GOOD)
    out = tmp_path / "out"
    prepare(out)
    found = leadsieve("clean", "a.csv", "--out", "out", "--quiet", *more, folder=tmp_path)
    assert found.code == 5
    assert found.err.startswith(f"leadsieve: {code}: ")
    assert len(found.err.splitlines()) == 1
    if out.is_file():
        assert out.read_text() == "precious"
    elif not out.is_symlink():
        assert (out / "mine.txt").read_text() == "precious"


def test_an_unwritable_place(leadsieve, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(_GOOD)
    (tmp_path / "file").write_text("")
    found = leadsieve("clean", "a.csv", "--out", "file/out", "--quiet", folder=tmp_path)
    assert (found.code, found.err.split(": ")[1]) == (5, "output_failed")


def test_odd_campaign_names_are_data(leadsieve, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(_GOOD)
    for number, name in enumerate(["../../x", "'; DROP TABLE runs; --", "Zoë 🚀 100%", "a/b*c?"]):
        found = leadsieve("clean", "a.csv", "--campaign", name, "--out", f"out{number}", folder=tmp_path)
        assert found.code == 0, found.err
        assert "1 accepted" in found.out
        again = leadsieve(
            "clean", "a.csv", "--campaign", name, "--out", f"again{number}", "--again", "--json", folder=tmp_path
        )
        assert json.loads(again.out)["reasons"] == {"duplicate_in_campaign": 1}
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("lead")) == [
        "leadsieve.duckdb",
        "leadsieve.duckdb.lock",
    ]
